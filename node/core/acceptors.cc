#include "node/core/acceptors.h"

#include <utility>

#include "node/core/register_record.h"
#include "node/ring/lookup.h"

namespace shoal {

Slot Acceptors::slot_of_key(const Key& key) const { return slot_of(services_.topology.document().cluster_key, key); }

Result<KeyAcceptor> Acceptors::read(const Key& key, const Slot& slot) {
  const Result<EntryPtr> held = services_.store.read(Place::acceptor_of(slot));
  if (!held) {
    services_.trace.mark(Mark::acceptor_unreadable);
    return held.error();
  }
  if (*held == nullptr) return KeyAcceptor{};
  if ((*held)->key != key) return fail(Errc::refused, "the key's hash is taken by another key; use another name");
  return *(*held)->acceptor;
}

Result<KeyAcceptor> Acceptors::open(NodeId from, Epoch epoch, const Key& key, const Slot& slot) {
  const Ring& ring = services_.topology.ring();
  if (epoch != ring->document().epoch) {
    services_.trace.mark(Mark::vote_refused_other_epoch);
    services_.topology.show_document(from, epoch);
    return fail(Errc::refused, "another epoch");
  }
  const Bucket* bucket = ring->document().bucket(key.bucket);
  if (bucket == nullptr || bucket->kind != Kind::strong || !ring->owns(services_.self, ring->partition_of(slot)))
    return fail(Errc::refused, "no voter on this key");
  return read(key, slot);
}

CommitId Acceptors::save(const Key& key, const Slot& slot, KeyAcceptor state) {
  auto entry = std::make_shared<Entry>();
  entry->key = key;
  entry->kind = Kind::strong;
  entry->acceptor = std::make_shared<const KeyAcceptor>(std::move(state));
  const CommitId commit = services_.store.write(Place::acceptor_of(slot), std::move(entry));
  services_.store.hurry(commit);
  return unsynced_[slot] = commit;
}

void Acceptors::durable(CommitId commit) {
  std::erase_if(unsynced_, [&](const auto& item) { return item.second <= commit; });
}

void Acceptors::on_prepare(NodeId from, const Prepare& message) {
  const Slot slot = slot_of_key(message.key);
  Result<KeyAcceptor> state = open(from, message.epoch, message.key, slot);
  Promise reply{.call = message.call, .epoch = services_.topology.document().epoch};
  if (const Status room = services_.store.admit_peers(); state && !room) state = room.error();
  if (!state) {
    reply.outcome = state.error().code;
    return services_.outbox.send(from, std::move(reply));
  }
  const bool promises = state->prepare(message.ballot);
  reply.promised = state->promised;
  reply.accepted = state->accepted;
  reply.value = state->value;
  if (!promises) {
    services_.trace.mark(Mark::prepare_outbid);
    reply.value = nullptr;
    reply.accepted = {};
    return services_.outbox.send(from, std::move(reply));
  }
  services_.outbox.send_after(save(message.key, slot, *std::move(state)), from, std::move(reply));
}

void Acceptors::on_accept(NodeId from, const Accept& message) {
  const Slot slot = slot_of_key(message.key);
  Result<KeyAcceptor> state = open(from, message.epoch, message.key, slot);
  Accepted reply{.call = message.call, .epoch = services_.topology.document().epoch};
  if (const Status room = services_.store.admit_peers(); state && !room) state = room.error();
  if (!state) {
    reply.outcome = state.error().code;
    return services_.outbox.send(from, reply);
  }
  const bool accepts = state->accept(message.ballot, message.value);
  if (accepts) state->promise_next();
  reply.promised = state->promised;
  if (!accepts) {
    services_.trace.mark(Mark::accept_outbid);
    return services_.outbox.send(from, reply);
  }
  services_.outbox.send_after(save(message.key, slot, *std::move(state)), from, reply);
}

void Acceptors::on_poll(NodeId from, const Poll& message) {
  const Slot slot = slot_of_key(message.key);
  const Result<KeyAcceptor> state = open(from, message.epoch, message.key, slot);
  Polled reply{.call = message.call, .epoch = services_.topology.document().epoch};
  if (!state) {
    reply.outcome = state.error().code;
    return services_.outbox.send(from, std::move(reply));
  }
  reply.accepted = state->accepted;
  if (!message.ballot_only) reply.value = state->value;
  const auto unsynced = unsynced_.find(slot);
  services_.outbox.send_after(unsynced != unsynced_.end() ? unsynced->second : CommitId{0}, from, std::move(reply));
}

void Acceptors::on_learn(const Learn& message) {
  const Slot slot = slot_of_key(message.key);
  const Result<KeyAcceptor> state = read(message.key, slot);
  // Who has missed it, or has accepted something newer since, learns by anti-entropy.
  if (!state || state->accepted != message.ballot || state->value == nullptr || state->value->version == 0) return;
  services_.trace.mark(Mark::value_learned);
  static_cast<void>(services_.replica.merge(slot, message.key, Kind::strong, record_of(*state->value)));
}

paxos::Ballot Acceptors::promised(const Key& key, const Slot& slot) {
  const Result<KeyAcceptor> state = read(key, slot);
  return state ? state->promised : paxos::Ballot{};
}

}  // namespace shoal
