#include "node/core/document_votes.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace shoal {
namespace {

bool votes(const Membership& document, NodeId node) { return std::ranges::binary_search(document.choosers(), node); }

bool follows(const Membership& next, const Membership& document) {
  return next.cluster == document.cluster && next.epoch.value == document.epoch.value + 1;
}

}  // namespace

Result<TopologyVote> DocumentVotes::read(Epoch follows) {
  const Result<EntryPtr> held = store_.read(Place::vote());
  if (!held) {
    trace_.mark(Mark::acceptor_unreadable);
    return held.error();
  }
  if (*held != nullptr && (*held)->vote != nullptr && (*held)->vote->follows == follows) return *(*held)->vote;
  return TopologyVote{.follows = follows, .acceptor = {}};
}

CommitId DocumentVotes::save(TopologyVote vote) {
  auto entry = std::make_shared<Entry>();
  entry->vote = std::make_shared<const TopologyVote>(std::move(vote));
  const CommitId commit = store_.write(Place::vote(), std::move(entry));
  store_.hurry(commit);
  return commit;
}

bool DocumentVotes::on_prepare(NodeId from, const PrepareDocument& message, const Membership& document) {
  PromiseDocument reply{.call = message.call, .epoch = document.epoch};
  const bool same = message.epoch == document.epoch;
  Result<TopologyVote> vote = same && votes(document, self_) ? read(document.epoch) : fail(Errc::refused, "no voter");
  if (!vote) {
    reply.outcome = vote.error().code;
    outbox_.send(from, std::move(reply));
    return same;
  }
  const bool promises = vote->acceptor.prepare(message.ballot);
  reply.promised = vote->acceptor.promised;
  if (!promises) {
    trace_.mark(Mark::document_outbid);
    outbox_.send(from, std::move(reply));
    return true;
  }
  reply.accepted = vote->acceptor.accepted;
  reply.document = vote->acceptor.value;
  outbox_.send_after(save(*std::move(vote)), from, std::move(reply));
  return true;
}

bool DocumentVotes::on_accept(NodeId from, const AcceptDocument& message, const Membership& document) {
  AcceptedDocument reply{.call = message.call, .epoch = document.epoch};
  const bool same = message.epoch == document.epoch;
  const bool may_vote =
      same && follows(message.document, document) && (votes(document, self_) || votes(message.document, self_));
  Result<TopologyVote> vote = may_vote ? read(document.epoch) : fail(Errc::refused, "no voter");
  if (!vote) {
    reply.outcome = vote.error().code;
    outbox_.send(from, reply);
    return same;
  }
  const bool accepts = vote->acceptor.accept(message.ballot, message.document);
  reply.promised = vote->acceptor.promised;
  if (!accepts) {
    trace_.mark(Mark::document_outbid);
    outbox_.send(from, reply);
    return true;
  }
  outbox_.send_after(save(*std::move(vote)), from, reply);
  return true;
}

paxos::Ballot DocumentVotes::promised(const Membership& document) {
  const Result<TopologyVote> vote = read(document.epoch);
  return vote ? vote->acceptor.promised : paxos::Ballot{};
}

bool DocumentVotes::has_accepted_after(const Membership& document) {
  const Result<TopologyVote> vote = read(document.epoch);
  return vote && !vote->acceptor.accepted.is_none();
}

CommitId DocumentVotes::begin_after(const Membership& document) {
  return save(TopologyVote{.follows = document.epoch, .acceptor = {}});
}

}  // namespace shoal
