#include "node/core/formation.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "node/base/limits.h"
#include "node/core/quorum.h"
#include "node/ring/lookup.h"

namespace shoal {
namespace {

constexpr Duration kClosePeriod = std::chrono::milliseconds(50);
constexpr std::size_t kRelaysMax = 1024;

// Equal exactly when the documents are. Not a checksum of stored bytes: those may differ between releases.
Hash128 content_of(const Membership& document) {
  std::string bytes;
  append_u64(bytes, document.cluster.value);
  append_u64(bytes, document.epoch.value);
  append_u64(bytes, document.partitions);
  append_u64(bytes, document.replicas);
  append_u64(bytes, document.founder.value);
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
         " differ: the cluster was split by hand, for instance by copying a founder's data folder; keep the nodes of "
         "one side and start the others with --reset-identity";
}

Error check_newcomer(const Membership& document, const Join& join) {
  const Member& newcomer = join.member;
  if (const Member* same_id = document.find(newcomer.id); same_id != nullptr && same_id->state == MemberState::removed)
    return fail(Errc::refused, "this node's id was removed from the cluster for good; start it with --reset-identity");
  const Member* holder = document.find(newcomer.name);
  if (holder != nullptr && holder->id != newcomer.id && !join.reset_identity)
    return fail(Errc::refused, "a member named \"" + newcomer.name + "\" exists with another id (" +
                                   to_string(holder->id) +
                                   "): an empty disk does not come back under an old name; choose another --name, or "
                                   "join as a new node that takes the name over with --reset-identity");
  if (!document.forming && document.find(newcomer.id) == nullptr)
    return fail(Errc::refused,
                "the cluster holds client data and this version cannot move data to a new member; start all nodes "
                "before the first write");
  return Error{.code = Errc::ok, .message = {}};
}

bool is_name(std::string_view text) {
  const auto allowed = [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '-'; };
  return !text.empty() && text.size() <= kBucketBytesMax && std::ranges::all_of(text, allowed);
}

// As the bucket would be after the change.
Error check_bucket_change(const Membership& document, const BucketRequest& request) {
  const Bucket& bucket = request.bucket;
  const Bucket* known = document.bucket(bucket.name);
  if (!is_name(bucket.name))
    return fail(Errc::invalid, "a bucket's name has 1 to 64 letters, digits, dots, dashes and underscores");
  for (const std::int32_t asked : {bucket.r, bucket.w})
    if (const Result<int> fits = replies_needed(asked, document.replicas); !fits) return fits.error();
  if (!request.create)
    if (const Status there = check_bucket(document, bucket.name); !there) return there.error();
  if (known != nullptr && known->kind != bucket.kind)
    return fail(Errc::refused, "bucket \"" + bucket.name + "\" is of kind " + std::string(name_of(known->kind)) +
                                   ", and a bucket's kind never changes; create another one");
  if (known != nullptr && request.create && *known != bucket)
    return fail(Errc::refused, "bucket \"" + bucket.name + "\" exists with other numbers; change them with: shoal " +
                                   "bucket set " + bucket.name);
  if (known == nullptr && document.buckets.size() >= kBucketsMax)
    return fail(Errc::refused,
                "the cluster has " + std::to_string(kBucketsMax) + " buckets, the most that it may have");
  return Error{.code = Errc::ok, .message = {}};
}

void insert_member(Membership& document, const Member& member) {
  const auto place = std::ranges::lower_bound(document.members, member.id, {}, &Member::id);
  if (place != document.members.end() && place->id == member.id) {
    place->address = member.address;
  } else {
    document.members.insert(place, member);
  }
}

}  // namespace

Formation::Formation(NodeId self, std::string address, Membership document, Store& store, Outbox& outbox, Trace& trace,
                     std::uint64_t first_relay)
    : self_(self),
      address_(std::move(address)),
      ring_(std::make_shared<const PreferenceLists>(std::move(document))),
      store_(store),
      outbox_(outbox),
      trace_(trace),
      proposed_(ring_->document().epoch),
      next_relay_(first_relay) {}

DocumentDigest Formation::digest() const { return {document().epoch, content_of(document())}; }

void Formation::close(Now now) {
  if (!forming() || now.mono < next_close_) return;
  next_close_ = now.mono + kClosePeriod;
  outbox_.send(document().founder, CloseFormation{document().epoch});
}

void Formation::on_close(NodeId from, const CloseFormation& close) {
  if (!is_founder()) return;
  if (close.epoch < document().epoch) return outbox_.send(from, DocumentPush{document()});  // it missed the news
  if (!forming()) return;
  Membership next = document();
  next.forming = false;
  trace_.mark(Mark::formation_closed);
  propose(std::move(next));
}

void Formation::on_join(const Address& from, const Join& join) {
  if (is_founder()) return admit(from, join);
  Join relayed = join;
  relayed.call = remember(from, join.call);
  outbox_.send(document().founder, std::move(relayed));
}

void Formation::on_join_reply(const JoinReply& reply) {
  const std::optional<Relay> relay = recall(reply.call);
  if (!relay) return;
  JoinReply answer = reply;
  answer.call = relay->call;
  outbox_.send(relay->asker, std::move(answer));
}

CallId Formation::remember(const Address& asker, CallId call) {
  if (relays_.size() >= kRelaysMax) relays_.erase(relays_.begin());  // whoever it was asks again
  const CallId own{next_relay_++};
  relays_.emplace(own, Relay{asker, call});
  return own;
}

std::optional<Formation::Relay> Formation::recall(CallId call) {
  const auto relay = relays_.find(call);
  if (relay == relays_.end()) return std::nullopt;
  const Relay found = relay->second;
  relays_.erase(relay);
  return found;
}

void Formation::on_bucket(const Address& from, const BucketRequest& request) {
  if (is_founder()) return change_bucket(from, request);
  BucketRequest relayed = request;
  relayed.call = remember(from, request.call);
  outbox_.send(document().founder, std::move(relayed));
}

void Formation::on_bucket_reply(const BucketReply& reply) {
  const std::optional<Relay> relay = recall(reply.call);
  if (!relay) return;
  BucketReply answer = reply;
  answer.call = relay->call;
  outbox_.send(relay->asker, std::move(answer));
}

void Formation::change_bucket(const Address& from, const BucketRequest& request) {
  BucketReply reply{request.call, check_bucket_change(document(), request), std::nullopt};
  const Bucket* known = document().bucket(request.bucket.name);
  if (reply.outcome.code != Errc::ok) {
    trace_.mark(Mark::bucket_refused);
    return outbox_.send(from, std::move(reply));
  }
  if (known != nullptr && *known == request.bucket) {
    reply.document = document();
    return outbox_.send(from, std::move(reply));
  }
  Membership next = document();
  const auto place = std::ranges::lower_bound(next.buckets, request.bucket.name, {}, &Bucket::name);
  if (place != next.buckets.end() && place->name == request.bucket.name) {
    *place = request.bucket;
  } else {
    next.buckets.insert(place, request.bucket);
  }
  if (!propose(std::move(next))) {
    reply.outcome = fail(Errc::overloaded, "another change of the cluster is under way; try again in a moment");
    return outbox_.send(from, std::move(reply));
  }
  trace_.mark(Mark::bucket_changed);
  bucket_waiters_.push_back(Relay{from, request.call});
}

void Formation::answer_bucket_waiters() {
  for (const Relay& waiter : std::exchange(bucket_waiters_, {})) {
    BucketReply reply;
    reply.call = waiter.call;
    reply.outcome.code = Errc::ok;
    reply.document = document();
    outbox_.send(waiter.asker, std::move(reply));
  }
}

// The newcomer is answered when a document in force has it; until then it asks again.
void Formation::admit(const Address& from, const Join& join) {
  const Error verdict = check_newcomer(document(), join);
  if (verdict.code != Errc::ok) {
    trace_.mark(Mark::join_refused);
    return outbox_.send(from, JoinReply{join.call, verdict, std::nullopt});
  }
  const Member* known = document().find(join.member.id);
  if (known != nullptr && known->address == join.member.address)
    return outbox_.send(from, JoinReply{join.call, verdict, document()});
  trace_.mark(known != nullptr ? Mark::address_changed : Mark::join_accepted);
  Membership next = document();
  for (Member& member : next.members)
    if (member.name == join.member.name && member.id != join.member.id) member.state = MemberState::removed;
  insert_member(next, join.member);
  propose(std::move(next));
}

bool Formation::propose(Membership next) {
  next.epoch.value += 1;
  if (next.epoch <= proposed_ || !well_formed(next)) return false;
  proposed_ = next.epoch;
  const CommitId commit = store_.save_document(next);
  outbox_.send_after(commit, self_, DocumentPush{std::move(next)});
  return true;
}

void Formation::put_in_force(Membership document) {
  ring_ = std::make_shared<const PreferenceLists>(std::move(document), ring_.get());
  proposed_ = std::max(proposed_, ring_->document().epoch);
}

bool Formation::on_document(const DocumentPush& push) {
  const Membership& known = document();
  if (push.document.cluster != known.cluster || push.document.epoch < known.epoch) return false;
  if (push.document.epoch == known.epoch) {
    if (push.document != known) stop_reason_ = split_sentence(known.epoch);
    return false;
  }
  const Member* self = push.document.find(self_);
  if (self == nullptr || self->state == MemberState::removed) {
    stop_reason_ = "this node was removed from the cluster; start it with --reset-identity to join as a new one";
    return false;
  }
  const bool own = is_founder() && push.document.epoch == proposed_;
  if (!own) store_.save_document(push.document);
  put_in_force(push.document);
  trace_.mark(Mark::document_adopted);
  if (own)
    for (const Member& member : document().members)
      if (member.id != self_ && member.state != MemberState::removed) outbox_.send(member.id, DocumentPush{document()});
  if (own) answer_bucket_waiters();
  return true;
}

void Formation::on_document_digest(NodeId from, const DocumentDigest& theirs) {
  if (theirs.epoch < document().epoch) return outbox_.send(from, DocumentPush{document()});
  if (theirs.epoch > document().epoch) return outbox_.send(from, digest());
  if (theirs.content == digest().content) return;
  outbox_.send(from, DocumentPush{document()});  // so that the other side sees it too
  stop_reason_ = split_sentence(document().epoch);
}

void Formation::show_document(NodeId peer, Epoch epoch) {
  if (epoch < document().epoch) return outbox_.send(peer, DocumentPush{document()});
  if (epoch > document().epoch) outbox_.send(peer, digest());
}

void Formation::tick(Now now) {
  if (now.mono < next_announcement_) return;
  next_announcement_ = now.mono + kAnnouncePeriod;
  announce();
  claim_address();
}

void Formation::announce() {
  const std::vector<Member>& members = document().members;
  const Member& next = members[announced_++ % members.size()];
  if (next.id != self_ && next.state != MemberState::removed) outbox_.send(next.id, digest());
}

void Formation::claim_address() {
  const Member* self = document().find(self_);
  if (self->address == address_) return;
  Member moved = *self;
  moved.address = address_;
  outbox_.send(document().founder, Join{CallId{0}, std::move(moved), false});
}

}  // namespace shoal
