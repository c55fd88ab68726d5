// The nodes that the dispatcher talks to: greeting them, following the membership document, choosing whom to ask.
#include <algorithm>
#include <type_traits>
#include <utility>

#include "client/dispatcher.h"
#include "client/shoal/client.hpp"

namespace shoal::client_detail {
namespace {

constexpr Duration kGreetStep = std::chrono::milliseconds(100);
// One frame holds about this much: large values do not make small requests wait for hundreds of megabytes.
constexpr std::size_t kFrameBytesAimed = std::size_t{1} << 20;

std::size_t weight(const Request& request) {
  const auto* put = std::get_if<PutRequest>(&request);
  return 64 +
         (put != nullptr ? put->value.size() + put->expected.size() + put->context.size() + put->key.name.size() : 0);
}

// A read that owners have to agree on.
bool is_agreed_on(const GetRequest& read, const Membership& document) {
  if (read.level == Level::eventual || read.level == Level::session) return false;
  const Bucket* bucket = document.bucket(read.key.bucket);
  return bucket != nullptr && bucket->kind == shoal::Kind::strong;
}

// Leaves the node time to answer before we stop listening.
Millis time_for_node(Instant deadline, Instant now) {
  const auto left = std::chrono::duration_cast<Millis>((deadline - now) * 9 / 10);
  return std::max(left, Millis{1});
}

// Late ones count as well. A refused write says nothing of the disk.
template <class Answer>
void note_answer(Trust& trust, const Answer& answer) {
  if constexpr (!std::is_same_v<Answer, PutReply>) {
    trust.answered(Kind::read);
  } else if (answer.outcome.code == Errc::ok) {
    trust.answered(Kind::write);
  }
}

}  // namespace

Dispatcher::Peer& Dispatcher::peer(const std::string& address) {
  Peer& found = peers_[address];
  found.address = address;
  return found;
}

bool Dispatcher::knows(const std::string& address) const {
  const auto known = peers_.find(address);
  return known != peers_.end() && (known->second.expected || !known->second.calls.empty());
}

// All seeds in quick succession, then again and again: a cluster that is just starting is found when it is up.
void Dispatcher::greet_next_seed(Instant now) {
  peer(config_.seeds[seeds_greeted_++ % config_.seeds.size()]).greet = true;
  greet_at_ = now + kGreetStep;
}

void Dispatcher::adopt(const Membership& document, Instant now) {
  if (ring_ && (document.cluster != cluster() || document.epoch <= ring_->document().epoch)) return;
  const bool first = !ring_;
  ring_ = std::make_shared<const PreferenceLists>(document, ring_.get());
  members_.clear();
  for (auto& [address, known] : peers_)
    known.expected = std::ranges::find(config_.seeds, address) != config_.seeds.end();
  for (const Member& member : document.members) {
    if (member.state == MemberState::removed) continue;
    Peer& known = peer(member.address);
    known.expected = true;
    members_[member.id] = &known;
  }
  if (!first) return;
  greet_at_ = kNever;
  refresh_at_ = now + std::chrono::seconds(5);
  std::set<std::uint64_t> waiting;
  for (const auto& [id, open] : open_) waiting.insert(id);
  for (const std::uint64_t id : waiting) start(id, open_.at(id), now);
}

void Dispatcher::connected(const std::string& address) {
  const auto known = peers_.find(address);
  if (known == peers_.end()) return;
  known->second.trust.connected();
  known->second.refusal.clear();
  known->second.greet = true;
}

void Dispatcher::receive(const std::string& address, Message message, Instant now) {
  const auto known = peers_.find(address);
  if (known == peers_.end()) return;
  if (const auto* refused = std::get_if<Refused>(&message)) return on_refused(known->second, *refused, now);
  known->second.trust.heard(now);
  std::visit(
      [&](auto& arrived) {
        using Arrived = std::decay_t<decltype(arrived)>;
        if constexpr (std::is_constructible_v<Reply, Arrived>) note_answer(known->second.trust, arrived);
        if constexpr (std::is_same_v<Arrived, Welcome> || std::is_same_v<Arrived, DocumentPush>) {
          adopt(arrived.document, now);
        } else if constexpr (std::is_same_v<Arrived, StatusReply>) {
          adopt(arrived.document, now);
          on_answer(std::move(arrived), now);
        } else if constexpr (std::is_same_v<Arrived, BucketReply> || std::is_same_v<Arrived, VotersReply>) {
          if (arrived.document) adopt(*arrived.document, now);
          on_answer(std::move(arrived), now);
        } else if constexpr (std::is_constructible_v<Reply, Arrived>) {
          on_answer(std::move(arrived), now);
        }
      },
      message);
}

bool Dispatcher::all_seeds_refuse() const {
  return std::ranges::all_of(config_.seeds, [&](const std::string& seed) { return !peers_.at(seed).refusal.empty(); });
}

// What was sent there over this connection was not looked at: a definite refusal.
void Dispatcher::on_refused(Peer& from, const Refused& refused, Instant now) {
  from.trust.lost();
  from.refusal = refused.sentence;
  const Error error = fail(Errc::refused, from.address + " refuses this client: " + refused.sentence);
  const std::set<std::uint64_t> calls(from.calls.begin(), from.calls.end());
  for (const std::uint64_t call : calls) on_failure(CallId{call}, error, 0, now);
  if (ring_) return;
  if (seeds_greeted_ < config_.seeds.size()) greet_next_seed(now);
  if (!all_seeds_refuse()) return;
  while (!open_.empty()) finish(open_.begin()->first, error);
}

std::vector<Dispatcher::Peer*> Dispatcher::candidates(const Open& open) {
  const Operation& operation = open.operation;
  if (!operation.only.empty()) return {&peer(operation.only)};
  std::vector<Peer*> found;
  const auto add_seeds = [&] {
    for (const std::string& seed : config_.seeds) found.push_back(&peer(seed));
  };
  const auto add = [&](NodeId member) {
    Peer* known = members_.at(member);
    if (!config_.seeds_only || std::ranges::find(config_.seeds, known->address) != config_.seeds.end())
      found.push_back(known);
  };
  const auto add_owners_and_fallbacks = [&](PartitionId partition, std::size_t first) {
    const auto owners = ring_->owners(partition);
    for (std::size_t i = 0; i < owners.size(); ++i) add(owners[(first + i) % owners.size()]);
    for (const NodeId fallback : ring_->fallbacks(partition)) add(fallback);
    add_seeds();
  };
  const auto of_key = [&](const Key& key) { return ring_->partition_of(slot_of(ring_->document().cluster_key, key)); };
  if (const auto* get = std::get_if<GetRequest>(&operation.request)) {
    add_owners_and_fallbacks(of_key(get->key), is_agreed_on(*get, ring_->document()) ? 0 : open.turn);
  } else if (const auto* put = std::get_if<PutRequest>(&operation.request)) {
    add_owners_and_fallbacks(of_key(put->key), 0);
  } else if (const auto* list = std::get_if<ListRequest>(&operation.request)) {
    add_owners_and_fallbacks(list->partition, open.turn);
  } else {
    add_seeds();
    for (const auto& [id, known] : members_) add(id);
  }
  return found;
}

// Of those that were not asked in this round, and owe no answer, the first of the best grade.
Dispatcher::Peer* Dispatcher::choose(const Open& open, Instant now) {
  const Kind kind = std::holds_alternative<PutRequest>(open.operation.request) ? Kind::write : Kind::read;
  const auto owes = [&](const Peer* peer) {
    return std::ranges::any_of(open.attempts, [&](const Attempt& a) { return a.peer == peer && a.waiting; });
  };
  Peer* best = nullptr;
  for (Peer* candidate : candidates(open)) {
    if (std::ranges::find(open.tried, candidate) != open.tried.end() || owes(candidate)) continue;
    const Trust::Grade grade = candidate->trust.grade(kind);
    if (grade == Trust::Grade::good) return candidate;
    ask_whether_alive(*candidate, now);
    if (best == nullptr || grade < best->trust.grade(kind)) best = candidate;
  }
  return best;
}

// Its answer ends the doubt. Who refuses us is alive, and says no again.
void Dispatcher::ask_whether_alive(Peer& peer, Instant now) {
  if (peer.refusal.empty() && peer.trust.take_probe(now)) peer.greet = true;
}

std::vector<std::string> Dispatcher::wanting() const {
  std::vector<std::string> addresses;
  for (const auto& [address, known] : peers_)
    if (known.greet || !known.queue.empty()) addresses.push_back(address);
  return addresses;
}

std::vector<Message> Dispatcher::take(const std::string& address, Instant now) {
  Peer& to = peers_.at(address);
  std::vector<Message> messages;
  if (std::exchange(to.greet, false)) messages.push_back(Hello{CallId{next_call_++}});
  std::size_t bytes = 0;
  while (!to.queue.empty() && bytes < kFrameBytesAimed) {
    const CallId call = to.queue.front();
    to.queue.pop_front();
    Open& open = open_.at(calls_.at(call.value));
    Attempt& attempt = *std::ranges::find(open.attempts, call, &Attempt::call);
    attempt.handed_over = true;
    attempt.handed_at = now;
    ++open.handed_over;
    if (open.operation.handed_over) open.operation.handed_over();
    bytes += weight(open.operation.request);
    messages.push_back(question(open, call, now));
  }
  return messages;
}

std::int32_t Dispatcher::copies(std::int32_t asked) const {
  if (asked != Copies::majority().n) return asked;
  return static_cast<std::int32_t>(ring_->owners(PartitionId{0}).size() / 2 + 1);
}

Message Dispatcher::question(const Open& open, CallId call, Instant now) const {
  return std::visit(
      [&](auto request) -> Message {
        if constexpr (std::is_same_v<decltype(request), AskRing>) {
          return Hello{call};
        } else {
          request.call = call;
          if constexpr (requires { request.retry; }) request.retry = open.handed_over - open.unknown > 1;
          if constexpr (requires { request.timeout; }) request.timeout = time_for_node(open.operation.deadline, now);
          if constexpr (requires { request.r; }) request.r = copies(request.r);
          if constexpr (requires { request.w; }) request.w = copies(request.w);
          if constexpr (requires { request.pr; }) request.pr = copies(request.pr);
          if constexpr (requires { request.pw; }) request.pw = copies(request.pw);
          return request;
        }
      },
      open.operation.request);
}

}  // namespace shoal::client_detail
