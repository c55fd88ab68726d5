#include "client/access.h"

#include <algorithm>

namespace shoal::client_detail {
namespace {

const char* liveness_of(NodeId id, const std::vector<MemberView>& views) {
  const auto it = std::ranges::find(views, id, &MemberView::id);
  if (it == views.end()) return "unknown";
  switch (it->liveness) {
    case Liveness::alive: return "alive";
    case Liveness::suspect: return "suspect";
    case Liveness::dead: return "dead";
  }
  return "unknown";
}

}  // namespace

Object Access::object(GetReply reply) {
  std::ranges::sort(reply.values, [](const Value& a, const Value& b) {
    return a.written != b.written ? a.written < b.written : a.bytes < b.bytes;
  });
  Object object;
  for (const Value& value : reply.values) {
    object.values_.push_back(std::string(value.bytes.view()));
    object.written_.push_back(Object::Time(Millis(value.written.wall_ms())));
  }
  object.context_ = context(std::move(reply.context));
  return object;
}

Receipt receipt_of(PutReply reply) {
  return {.context = Access::context(std::move(reply.context)),
          .acks = reply.outcome.acks,
          .needed = reply.outcome.needed,
          .stand_ins = reply.stand_ins,
          .durable = reply.durable,
          .siblings = reply.siblings};
}

MemberStatus member_status(const Member& member, const std::vector<MemberView>& views) {
  return {.id = to_string(member.id),
          .name = member.name,
          .address = member.address,
          .zone = member.zone,
          .weight = member.weight,
          .state = to_string(member.state),
          .liveness = liveness_of(member.id, views)};
}

NodeStatus status_of(const StatusReply& reply) {
  NodeStatus status{.cluster = to_string(reply.document.cluster),
                    .id = to_string(reply.node),
                    .name = {},
                    .incarnation = to_string(reply.incarnation),
                    .epoch = reply.document.epoch.value,
                    .partitions = reply.document.partitions,
                    .replicas = reply.document.replicas,
                    .forming = reply.document.forming,
                    .members = {},
                    .records = reply.records,
                    .requests_open = reply.requests_open,
                    .store_trouble = reply.store_trouble,
                    .sync = reply.sync};
  if (const Member* self = reply.document.find(reply.node)) status.name = self->name;
  for (const Member& member : reply.document.members) status.members.push_back(member_status(member, reply.members));
  return status;
}

}  // namespace shoal::client_detail
