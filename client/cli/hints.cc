// hints: what nodes keep for owners that could not be reached.
#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

using Answers = std::vector<Answer<HintStatus>>;

Json json_of(const HintStatus& node) {
  Json json{{"name", node.name},
            {"id", node.id},
            {"bytes", node.bytes},
            {"bytes_max", node.bytes_max},
            {"queues", Json::array()}};
  for (const HintQueueStatus& queue : node.queues) {
    Json row{{"owner", queue.owner}, {"owner_id", queue.owner_id},   {"hints", queue.hints},
             {"bytes", queue.bytes}, {"delivered", queue.delivered}, {"next_try_ms", nullptr}};
    if (queue.next_try) row["next_try_ms"] = queue.next_try->count();
    json["queues"].push_back(std::move(row));
  }
  return json;
}

std::string next_try(const Session& session, const HintQueueStatus& queue) {
  if (!queue.next_try) return session.is_table() ? "when it is alive" : "";
  return std::to_string(queue.next_try->count()) + (session.is_table() ? " ms" : "");
}

Table table_of(const Session& session, const Answers& answers) {
  Table table{{"HOLDER", "OWNER", "HINTS", "BYTES", "DELIVERED", "NEXT TRY"}, {}};
  for (const Answer<HintStatus>& answer : answers) {
    if (!answer.value) continue;
    for (const HintQueueStatus& queue : answer.value->queues)
      table.rows.push_back({shown(answer.value->name), shown(queue.owner), std::to_string(queue.hints),
                            session.is_table() ? human_bytes(queue.bytes) : std::to_string(queue.bytes),
                            std::to_string(queue.delivered), next_try(session, queue)});
  }
  return table;
}

int print_hints(const Session& session, const Answers& answers) {
  name_silent(session, answers);
  if (print_json_answers(session, answers, [](const HintStatus& node) { return json_of(node); })) return kDone;
  const Table table = table_of(session, answers);
  if (session.is_table() && table.rows.empty()) {
    session.say("no hints wait anywhere that answered");
  } else {
    print_table(table, session.format());
  }
  return kDone;
}

int run(Session& session, bool deliver) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  Async async = session.db().async();
  const Answers answers = ask_all<HintStatus>(
      present_members(*view), [&](const MemberStatus& member) { return async.hints(member.id, deliver); });
  if (deliver) session.say("every node that answered tries to deliver now; shoal hints ls shows what is left");
  return print_hints(session, answers);
}

}  // namespace

Run declare_hints(CLI::App& command) {
  command.require_subcommand(1);
  command.add_subcommand("ls", "What each node keeps, for whom, and when it tries again")->fallthrough();
  CLI::App* deliver = command.add_subcommand("deliver", "Try to hand over all of it now")->fallthrough();
  command.footer(
      "A hint is a write that a node keeps for an owner that could not be reached. Hints are delivered by\n"
      "themselves when the owner is back; deliver only saves the wait.\n\n"
      "  shoal hints ls\n  shoal hints deliver");
  return [deliver](Session& session) { return run(session, deliver->parsed()); };
}

}  // namespace shoal::cli
