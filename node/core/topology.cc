#include "node/core/topology.h"

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

constexpr Duration kClosePeriod = std::chrono::milliseconds(50);

// Equal exactly when the documents are. Not a checksum of stored bytes: those may differ between releases.
Hash128 content_of(const Membership& document) {
  std::string bytes;
  append_u64(bytes, document.cluster.value);
  append_u64(bytes, document.epoch.value);
  append_u64(bytes, document.partitions);
  append_u64(bytes, document.replicas);
  append_u64(bytes, document.founder.value);
  append_u64(bytes, document.voters_named ? 1 : 0);
  for (const NodeId voter : document.voters) append_u64(bytes, voter.value);
  append_u64(bytes, document.forming ? 1 : 0);
  for (const Member& member : document.members) {
    append_u64(bytes, member.id.value);
    for (const std::string* text : {&member.name, &member.address, &member.zone}) {
      append_u64(bytes, text->size());
      bytes += *text;
    }
    append_u64(bytes, member.weight);
    append_u64(bytes, static_cast<std::uint64_t>(member.state));
  }
  for (const Bucket& bucket : document.buckets) {
    append_u64(bytes, bucket.name.size());
    bytes += bucket.name;
    append_u64(bytes, static_cast<std::uint64_t>(bucket.kind));
    append_u64(bytes, static_cast<std::uint64_t>(bucket.r));
    append_u64(bytes, static_cast<std::uint64_t>(bucket.w));
  }
  return hash128(document.cluster_key, bytes);
}

std::string split_sentence(Epoch epoch) {
  return "two membership documents of epoch " + std::to_string(epoch.value) +
         " differ: the cluster was split by hand, for instance by copying a data folder, or by breaking the glass on "
         "two nodes; keep the nodes of one side and start the others with --reset-identity";
}

Error no_glass_to_break(const Peers& peers, const Membership& document) {
  const std::vector<NodeId> voters = document.choosers();
  return fail(Errc::refused, "this node reaches " + std::to_string(peers.reachable_among(voters)) + " of the " +
                                 std::to_string(voters.size()) +
                                 " voters, which is a majority: change them with shoal voters set");
}

}  // namespace

Topology::Topology(Self self, Membership document, Store& store, Outbox& outbox, const Peers& peers, Trace& trace,
                   Rng rng)
    : self_(std::move(self)),
      ring_(std::make_shared<const PreferenceLists>(std::move(document))),
      store_(store),
      outbox_(outbox),
      peers_(peers),
      trace_(trace),
      votes_(self_.id, store, outbox, trace),
      change_(ring_, self_.incarnation, votes_, peers, outbox, trace, rng) {}

DocumentDigest Topology::digest() const { return {document().epoch, content_of(document())}; }

// ---- what is asked for --------------------------------------------------------------------------------------------

void Topology::wish(TopologyRequest request, std::optional<Address> asker, CallId call, Now now) {
  change_.wish(
      {.request = std::move(request), .asker = asker, .call = call, .deadline = now.mono + TopologyChange::kPatience},
      now);
  settle(now);
}

void Topology::close(Now now) {
  if (!forming() || now.mono < next_close_) return;
  next_close_ = now.mono + kClosePeriod;
  const std::vector<NodeId> voters = peers_.reachable_of(document().choosers());
  if (!voters.empty()) outbox_.send(voters[asked_in_turn_++ % voters.size()], CloseFormation{document().epoch});
}

void Topology::on_close(NodeId from, const CloseFormation& close, Now now) {
  if (close.epoch < document().epoch) return outbox_.send(from, DocumentPush{document()});  // it missed the news
  if (forming()) wish(close, from, {}, now);
}

void Topology::on_join(const Address& from, const Join& join, Now now) { wish(join, from, join.call, now); }

void Topology::on_bucket(const Address& from, const BucketRequest& request, Now now) {
  const Status valid = check_request(document(), request);
  if (!valid) return reply(from, request, request.call, valid.error());
  wish(request, from, request.call, now);
}

void Topology::on_voters(const Address& from, const VotersRequest& request, Now now) {
  if (request.break_glass) return break_glass(from, request);
  const Status valid = check_request(document(), request);
  if (!valid) return reply(from, request, request.call, valid.error());
  wish(request, from, request.call, now);
}

void Topology::break_glass(const Address& from, const VotersRequest& request) {
  const std::vector<NodeId> voters = document().choosers();
  if (2 * static_cast<std::size_t>(peers_.reachable_among(voters)) > voters.size())
    return reply(from, request, request.call, no_glass_to_break(peers_, document()));
  trace_.mark(Mark::glass_broken);
  const Membership next = next_generation(document(), self_.id);
  store_.save_document(next);
  const CommitId commit = votes_.begin_after(next);
  for (const Member& member : next.members)  // this node as well
    if (member.state != MemberState::removed) outbox_.send_after(commit, member.id, DocumentPush{next});
  outbox_.send_after(commit, from, VotersReply{request.call, Error{.code = Errc::ok, .message = {}}, next});
}

// What has come of the changes under way.
void Topology::settle(Now now) {
  for (std::optional<Membership> chosen = change_.take_chosen(); chosen; chosen = change_.take_chosen()) {
    push_to_all(*chosen);
    if (adopt(*chosen)) change_.on_document(now);
  }
  if (!stop_reason_.empty()) return;
  for (const TopologyChange::Ended& ended : change_.take_ended()) answer(ended);
}

void Topology::answer(const TopologyChange::Ended& ended) {
  const bool ok = ended.outcome.code == Errc::ok;
  const TopologyRequest& request = ended.wish.request;
  if (std::holds_alternative<CloseFormation>(request) && ok) trace_.mark(Mark::formation_closed);
  if (std::holds_alternative<ChooseVoters>(request) && ok) trace_.mark(Mark::voters_chosen);
  if (ended.wish.asker) reply(*ended.wish.asker, request, ended.wish.call, ended.outcome);
}

// Whoever waits for formation to end, or has moved, sees it in the document; a newcomer that cannot be let in now asks
// again.
void Topology::reply(const Address& asker, const TopologyRequest& request, CallId call, const Error& outcome) {
  const bool ok = outcome.code == Errc::ok;
  const bool later =
      outcome.code == Errc::unavailable || outcome.code == Errc::indeterminate || outcome.code == Errc::overloaded;
  const std::optional<Membership> shown = ok ? std::optional(document()) : std::nullopt;
  const CommitId commit = ok ? saved_ : CommitId{0};
  if (std::holds_alternative<BucketRequest>(request)) {
    trace_.mark(ok ? Mark::bucket_changed : Mark::bucket_refused);
    return outbox_.send_after(commit, asker, BucketReply{call, outcome, shown});
  }
  if (std::holds_alternative<VotersRequest>(request))
    return outbox_.send_after(commit, asker, VotersReply{call, outcome, shown});
  const auto* join = std::get_if<Join>(&request);
  if (join == nullptr || later || std::holds_alternative<NodeId>(asker)) return;
  trace_.mark(ok ? Mark::join_accepted : Mark::join_refused);
  outbox_.send_after(commit, asker, JoinReply{call, outcome, shown});
}

// ---- votes --------------------------------------------------------------------------------------------------------

void Topology::on_prepare(NodeId from, const PrepareDocument& message) {
  if (!votes_.on_prepare(from, message, document())) show_document(from, message.epoch);
}

void Topology::on_accept(NodeId from, const AcceptDocument& message) {
  if (!votes_.on_accept(from, message, document())) show_document(from, message.epoch);
}

void Topology::on_promise(NodeId from, const PromiseDocument& reply, Now now) {
  change_.on_promise(from, reply, now);
  settle(now);
}

void Topology::on_accepted(NodeId from, const AcceptedDocument& reply, Now now) {
  change_.on_accepted(from, reply, now);
  settle(now);
}

// ---- the document in force ----------------------------------------------------------------------------------------

bool Topology::adopt(const Membership& document) {
  const Member* self = document.find(self_.id);
  if (self == nullptr || self->state == MemberState::removed) {
    stop_reason_ = "this node was removed from the cluster; start it with --reset-identity to join as a new one";
    return false;
  }
  saved_ = store_.save_document(document);
  ring_ = std::make_shared<const PreferenceLists>(document, ring_.get());
  trace_.mark(Mark::document_adopted);
  return true;
}

void Topology::push_to_all(const Membership& document) {
  for (const Member& member : document.members)
    if (member.id != self_.id && member.state != MemberState::removed) outbox_.send(member.id, DocumentPush{document});
}

void Topology::on_document(const DocumentPush& push, Now now) {
  if (push.document.cluster != document().cluster || push.document.epoch < document().epoch) return;
  if (push.document.epoch == document().epoch) {
    if (push.document != document()) stop_reason_ = split_sentence(document().epoch);
    return;
  }
  if (!adopt(push.document)) return;
  change_.on_document(now);
  settle(now);
}

void Topology::on_document_digest(NodeId from, const DocumentDigest& theirs, Now now) {
  last_announced_[from] = now.mono;
  if (theirs.epoch < document().epoch) return outbox_.send(from, DocumentPush{document()});
  if (theirs.epoch > document().epoch) return outbox_.send(from, digest());
  if (theirs.content == digest().content) return;
  outbox_.send(from, DocumentPush{document()});  // so that the other side sees it too
  stop_reason_ = split_sentence(document().epoch);
}

void Topology::show_document(NodeId peer, Epoch epoch) {
  if (epoch < document().epoch) return outbox_.send(peer, DocumentPush{document()});
  if (epoch > document().epoch) outbox_.send(peer, digest());
}

// ---- what a node does by itself -----------------------------------------------------------------------------------

void Topology::tick(Now now) {
  change_.tick(now);
  if (now.mono >= next_announcement_) {
    next_announcement_ = now.mono + kAnnouncePeriod;
    announce();
    if (change_.idle()) claim_address(now);
    if (change_.idle()) keep_voters(now);
  }
  settle(now);
}

void Topology::announce() {
  const std::vector<Member>& members = document().members;
  const Member& next = members[announced_++ % members.size()];
  if (next.id != self_.id && next.state != MemberState::removed) outbox_.send(next.id, digest());
}

// Another voter proposes it: nobody can answer this node before the document says where it is.
void Topology::claim_address(Now now) {
  const Member* self = document().find(self_.id);
  if (self->address == self_.address) return;
  trace_.mark(Mark::address_changed);
  Join claim{CallId{0}, *self, false};
  claim.member.address = self_.address;
  std::vector<NodeId> voters = peers_.reachable_of(document().choosers());
  std::erase(voters, self_.id);
  if (voters.empty()) return wish(std::move(claim), std::nullopt, {}, now);
  outbox_.send(voters[asked_in_turn_++ % voters.size()], std::move(claim));
}

// The first reachable voter does, so that they do not outbid each other.
void Topology::keep_voters(Now now) {
  const std::vector<NodeId> voters = peers_.reachable_of(document().choosers());
  if (voters.empty() || voters.front() != self_.id) return;
  const bool half_done = votes_.has_accepted_after(document());
  if (half_done && left_half_done_ == document().epoch)
    return wish(ChooseVoters{document().choosers()}, std::nullopt, {}, now);
  left_half_done_ = half_done ? document().epoch : Epoch{};
  if (document().voters_named) return;
  const Duration round = kAnnouncePeriod * static_cast<Duration::rep>(2 * document().members.size());
  const auto is_there = [&](NodeId node) {
    const auto announced = last_announced_.find(node);
    return node == self_.id ||
           (peers_.reachable(node) && announced != last_announced_.end() && announced->second + round > now.mono);
  };
  std::vector<NodeId> wanted = choose_voters(document(), is_there);
  if (!wanted.empty() && wanted != document().voters) wish(ChooseVoters{std::move(wanted)}, std::nullopt, {}, now);
}

}  // namespace shoal
