#include "node/core/forwarder.h"

#include <algorithm>
#include <utility>

namespace shoal {
namespace {

const Error& outcome_of(const ClientReply& reply) {
  return std::visit([](const auto& r) -> const Error& { return r.outcome; }, reply);
}

// An answer to the question, though not the one that was hoped for.
bool is_success(const ClientReply& reply) {
  const Errc code = outcome_of(reply).code;
  return code == Errc::ok || code == Errc::not_found;
}

ClientReply unanswered(const ClientRequest& request) {
  return refusal_of(request,
                    is_write(request)
                        ? fail(Errc::indeterminate, "the owner did not answer in time; the write may have been applied")
                        : fail(Errc::timeout, "the owner did not answer in time"));
}

}  // namespace

ClientReply refusal_of(const ClientRequest& request, const Error& error) {
  if (const auto* get = std::get_if<GetRequest>(&request)) return GetReply{get->call, error, {}, {}};
  if (const auto* list = std::get_if<ListRequest>(&request)) return ListReply{list->call, error, {}, std::nullopt};
  PutReply reply;
  reply.call = std::get<PutRequest>(request).call;
  reply.outcome = error;
  return reply;
}

void Forwarder::forward(const Address& client, const ClientRequest& request, std::vector<NodeId> able, Instant deadline,
                        Now now) {
  if (able.size() > kTriesMax) able.resize(kTriesMax);
  const Duration share = (deadline - now.mono) / static_cast<Duration::rep>(kTriesMax);
  const CallId call = services_.new_call();
  Open& open = open_.add(call, deadline,
                         Open{.client = client,
                              .request = request,
                              .unasked = std::move(able),
                              .silent = {},
                              .refused = {},
                              .patience = std::min(share, kPatienceMax),
                              .deadline = deadline});
  services_.trace.mark(Mark::put_forwarded);
  ask_next(call, open, now);
}

void Forwarder::ask_next(CallId call, Open& open, Now now) {
  const NodeId to = open.unasked.front();
  open.unasked.erase(open.unasked.begin());
  open.silent.push_back(to);
  ClientRequest relayed = open.request;
  std::visit([&](auto& r) { r.call = call; }, relayed);
  if (auto* put = std::get_if<PutRequest>(&relayed); put != nullptr && open.silent.size() > 1) put->retry = true;
  open_.wake_at(call, open.unasked.empty() ? open.deadline : std::min(open.deadline, now.mono + open.patience));
  services_.outbox.send(to, Forward{call, std::move(relayed), time_left(open.deadline, now)});
}

void Forwarder::on_forwarded(NodeId from, const Forwarded& reply) {
  Open* open = open_.find(reply.call);
  if (open == nullptr || std::erase(open->silent, from) == 0) return;
  if (is_success(reply.reply)) return answer(reply.call, reply.reply);
  if (!open->refused || !outcome_of(*open->refused).maybe_applied()) open->refused = reply.reply;
  if (open->silent.empty()) answer(reply.call, *open->refused);
}

void Forwarder::answer(CallId call, ClientReply reply) {
  const Open done = open_.close(call);
  std::visit([&](auto& r) { r.call = std::visit([](const auto& asked) { return asked.call; }, done.request); }, reply);
  services_.reply(done.client, std::move(reply));
}

void Forwarder::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    Open& open = *open_.find(call);
    std::erase_if(open.unasked, [&](NodeId node) { return !services_.peers.reachable(node); });
    if (now.mono < open.deadline && !open.unasked.empty()) {
      services_.trace.mark(Mark::forwarded_again);
      ask_next(call, open, now);
    } else if (now.mono < open.deadline) {
      open_.wake_at(call, open.deadline);
    } else {
      answer(call, is_write(open.request) || !open.refused ? unanswered(open.request) : *open.refused);
    }
  }
}

}  // namespace shoal
