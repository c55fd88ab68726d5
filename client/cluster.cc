// What a client asks about the cluster itself: status, placement, hints, events, repair, explanations, buckets, voters.
#include <algorithm>
#include <utility>

#include "client/access.h"
#include "client/ask_member.h"
#include "client/engine.h"
#include "client/explanation.h"
#include "client/session_data.h"
#include "client/settings.h"
#include "client/shoal/client.hpp"
#include "node/base/limits.h"
#include "node/ring/lookup.h"

namespace shoal {

using client_detail::ask_member;
using client_detail::AskRing;
using client_detail::check_copies;
using client_detail::Engine;
using client_detail::no_such_member;
using client_detail::Reply;
using client_detail::Request;

namespace {

template <class T>
Result<T> ask_any(Engine& engine, Request request, Millis timeout) {
  return engine
      .ask<T>(std::move(request), timeout, [](Reply reply) -> Result<T> { return std::get<T>(std::move(reply)); })
      .get();
}

Result<Key> checked_key(std::string_view key, const ReadOptions& options) {
  Key full{std::string(options.bucket), std::string(key)};
  if (const Status checked = check_key(full); !checked) return checked.error();
  return full;
}

Result<std::uint64_t> epoch_of(const std::optional<Membership>& document) {
  if (!document) return fail(Errc::corrupt, "the node answered without a membership document");
  return document->epoch.value;
}

Result<std::uint64_t> ask_for_bucket(Engine& engine, const BucketStatus& wanted, bool create) {
  if (const Status checked = check_key(Key{wanted.name, "any"}); !checked) return checked.error();
  const std::optional<Kind> kind = kind_of(wanted.kind);
  if (!kind)
    return fail(Errc::invalid,
                "\"" + wanted.kind.substr(0, 80) + "\" is not a kind of bucket; there are siblings, lww, strong");
  for (const int copies : {wanted.r, wanted.w})
    if (copies < -1 || !check_copies(copies))
      return fail(Errc::invalid, std::to_string(copies) +
                                     " is not a number of replicas for a bucket; it has 0 for a "
                                     "majority, -1 for all, or from 1 on");
  if (kind == Kind::strong && (wanted.r != 0 || wanted.w != 0))
    return fail(Errc::invalid, "a bucket of kind strong has no r and no w: its requests need a majority of the owners");
  const BucketRequest request{{}, {wanted.name, *kind, wanted.r, wanted.w}, create};
  const auto reply = ask_any<BucketReply>(engine, request, engine.options().timeout);
  if (!reply) return reply.error();
  return epoch_of(reply->document);
}

}  // namespace

Pending<NodeStatus> Async::status(std::string_view node) {
  if (!node.empty())
    return ask_member<NodeStatus>(engine_, StatusRequest{}, node, [](const Membership&, Reply reply) {
      return client_detail::status_of(std::get<StatusReply>(reply));
    });
  return engine_->ask<NodeStatus>(StatusRequest{}, engine_->options().timeout, [](Reply reply) -> Result<NodeStatus> {
    return client_detail::status_of(std::get<StatusReply>(reply));
  });
}

Pending<HintStatus> Async::hints(std::string_view node, bool deliver) {
  return ask_member<HintStatus>(engine_, HintsRequest{{}, deliver}, node,
                                [](const Membership& document, const Reply& reply) {
                                  return client_detail::hints_of(document, std::get<HintsReply>(reply));
                                });
}

Pending<NodeEvents> Async::events(std::string_view node, std::uint64_t after) {
  return ask_member<NodeEvents>(engine_, EventsRequest{{}, after}, node,
                                [](const Membership& document, const Reply& reply) {
                                  return client_detail::events_of(document, std::get<EventsReply>(reply));
                                });
}

namespace {

Pending<NodeSnapshots> ask_for_snapshots(const std::shared_ptr<Engine>& engine, std::string_view node,
                                         SnapshotVerb verb, std::string_view name) {
  return ask_member<NodeSnapshots>(engine, SnapshotRequest{{}, verb, std::string(name)}, node,
                                   [](const Membership& document, const Reply& reply) {
                                     return client_detail::snapshots_of(document, std::get<SnapshotReply>(reply));
                                   });
}

}  // namespace

Pending<NodeSnapshots> Async::snapshots(std::string_view node) {
  return ask_for_snapshots(engine_, node, SnapshotVerb::list, "");
}

Pending<NodeSnapshots> Async::create_snapshot(std::string_view node, std::string_view name) {
  return ask_for_snapshots(engine_, node, SnapshotVerb::create, name);
}

Pending<NodeSnapshots> Async::remove_snapshot(std::string_view node, std::string_view name) {
  return ask_for_snapshots(engine_, node, SnapshotVerb::remove, name);
}

namespace {

Pending<RepairStatus> ask_for_repair(const std::shared_ptr<Engine>& engine, std::string_view node,
                                     const RepairRequest& request) {
  return ask_member<RepairStatus>(engine, request, node, [](const Membership& document, const Reply& reply) {
    return client_detail::repair_of(document, std::get<RepairReply>(reply));
  });
}

}  // namespace

Pending<RepairStatus> Async::repair(std::string_view node) { return ask_for_repair(engine_, node, {}); }

Pending<RepairStatus> Async::start_repair(std::string_view node, bool scrub) {
  return ask_for_repair(engine_, node, {.call = {}, .start = true, .scrub = scrub});
}

Pending<NodeDifference> Async::diff(std::string_view node, std::string_view peer, std::uint32_t limit,
                                    std::optional<Millis> timeout) {
  const auto build = [peer = std::string(peer), limit](const Membership& document) -> Result<Request> {
    const Member* other = find_member(document, peer);
    if (other == nullptr) return no_such_member(document, peer);
    return Request(DiffRequest{.call = {}, .peer = other->id, .limit = limit});
  };
  const auto convert = [node = std::string(node), peer = std::string(peer)](const Membership& document,
                                                                            const Reply& reply) {
    const auto name = [&](const std::string& wanted) {
      const Member* member = find_member(document, wanted);
      return member != nullptr ? member->name : wanted;
    };
    return client_detail::difference_of(name(node), name(peer), std::get<DiffReply>(reply));
  };
  return ask_member<NodeDifference>(engine_, build, node, timeout.value_or(engine_->options().timeout), convert);
}

Result<NodeStatus> Client::status(std::string_view node) { return async().status(node).get(); }

Result<Placement> Client::where(std::string_view key, ReadOptions options) {
  const Result<Key> full = checked_key(key, options);
  if (!full) return full.error();
  const Millis timeout = options.timeout.value_or(engine_->options().timeout);
  const auto view = ask_any<StatusReply>(*engine_, StatusRequest{}, timeout);
  if (!view) return view.error();
  return client_detail::placement_of(*view, *full);
}

Result<Explanation> Client::explain(std::string_view key, ReadOptions options) {
  const Result<Key> full = checked_key(key, options);
  if (!full) return full.error();
  const Millis timeout = options.timeout.value_or(engine_->options().timeout);
  const auto reply = ask_any<ExplainReply>(*engine_, ExplainRequest{{}, *full, timeout}, timeout);
  if (!reply) return reply.error();
  const auto ring = ask_any<Ring>(*engine_, AskRing{}, timeout);  // known by now
  if (!ring) return ring.error();
  return client_detail::explanation_of((*ring)->document(), *full, *reply);
}

Result<BucketStatus> Client::bucket(std::string_view name, std::optional<Millis> timeout) {
  const std::string wanted(name);
  const Millis span = timeout.value_or(engine_->options().timeout);
  const auto ring = ask_any<Ring>(*engine_, AskRing{}, span);
  if (!ring) return ring.error();
  if (const Bucket* known = (*ring)->document().bucket(wanted)) return client_detail::bucket_status(*known);
  const auto view = ask_any<StatusReply>(*engine_, StatusRequest{}, span);
  if (!view) return view.error();
  if (const Status there = check_bucket(view->document, wanted); !there) return there.error();
  return client_detail::bucket_status(*view->document.bucket(wanted));
}

Result<std::uint64_t> Client::create_bucket(const BucketStatus& bucket) {
  return ask_for_bucket(*engine_, bucket, true);
}

Result<std::uint64_t> Client::change_bucket(const BucketStatus& bucket) {
  return ask_for_bucket(*engine_, bucket, false);
}

Result<std::uint64_t> Client::set_voters(const std::vector<std::string>& members) {
  const VotersRequest request{{}, members, false};
  const auto reply = ask_any<VotersReply>(*engine_, request, engine_->options().timeout);
  if (!reply) return reply.error();
  return epoch_of(reply->document);
}

Result<std::uint64_t> Client::break_glass(std::string_view node) {
  return ask_member<std::uint64_t>(
             engine_, VotersRequest{{}, {}, true}, node,
             [](const Membership&, const Reply& reply) { return epoch_of(std::get<VotersReply>(reply).document); })
      .get();
}

}  // namespace shoal
