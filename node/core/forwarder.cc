#include "node/core/forwarder.h"

#include <utility>

namespace shoal {

ClientReply refusal_of(const ClientRequest& request, const Error& error) {
  if (const auto* get = std::get_if<GetRequest>(&request)) return GetReply{get->call, error, {}, {}};
  if (const auto* list = std::get_if<ListRequest>(&request)) return ListReply{list->call, error, {}, std::nullopt};
  PutReply reply;
  reply.call = std::get<PutRequest>(request).call;
  reply.outcome = error;
  return reply;
}

void Forwarder::forward(const Address& client, const ClientRequest& request, NodeId to, Instant deadline, Now now) {
  const CallId call = services_.new_call();
  ClientRequest relayed = request;
  ClientRequest remembered = request;
  std::visit([&](auto& r) { r.call = call; }, relayed);
  if (auto* put = std::get_if<PutRequest>(&remembered)) put->value = Blob();
  const CallId client_call = std::visit([](const auto& r) { return r.call; }, request);
  open_.add(call, deadline, Open{client, to, client_call, std::move(remembered)});
  services_.trace.mark(Mark::put_forwarded);
  services_.outbox.send(to, Forward{call, std::move(relayed), time_left(deadline, now)});
}

void Forwarder::on_forwarded(NodeId from, const Forwarded& reply) {
  const Open* open = open_.find(reply.call);
  if (open == nullptr || open->owner != from) return;
  const Open done = open_.close(reply.call);
  ClientReply answer = reply.reply;
  std::visit([&](auto& r) { r.call = done.client_call; }, answer);
  services_.reply(done.client, std::move(answer));
}

void Forwarder::tick(Now now) {
  for (const CallId call : open_.due(now.mono)) {
    const Open done = open_.close(call);
    const bool put = std::holds_alternative<PutRequest>(done.request);
    const Error error =
        put ? fail(Errc::indeterminate, "the owner did not answer in time; the write may have been applied")
            : fail(Errc::timeout, "the owner did not answer in time");
    services_.reply(done.client, refusal_of(done.request, error));
  }
}

}  // namespace shoal
