// members: who thinks who is alive, and since when. Every member is asked for its own view; where the views differ, a
// link is cut and not a node dead.
#include <CLI/CLI.hpp>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

using Answers = std::vector<Answer<NodeStatus>>;

// How `observer` sees the member; nullptr when it does not know it.
const MemberStatus* view_of(const NodeStatus& observer, const std::string& id) {
  const auto it = std::ranges::find(observer.members, id, &MemberStatus::id);
  return it != observer.members.end() ? &*it : nullptr;
}

std::string cell(const Session& session, const Answer<NodeStatus>& observer, const MemberStatus& member) {
  if (!observer.value) return "?";
  const MemberStatus* view = view_of(*observer.value, member.id);
  if (view == nullptr) return "unknown";
  std::string text = view->liveness;
  if (member.id == observer.member.id) return session.paint(Paint::dim, "itself");
  if (view->since) text += session.is_table() ? " " + age(*view->since, WallClock::now()) : " " + rfc3339(*view->since);
  return session.paint(view->liveness == "alive" ? Paint::good : Paint::bad, text);
}

Json json_of(const Answers& answers, const MemberStatus& member) {
  Json json{{"name", member.name}, {"id", member.id},       {"address", member.address},
            {"zone", member.zone}, {"state", member.state}, {"seen_by", Json::array()}};
  for (const Answer<NodeStatus>& observer : answers) {
    const MemberStatus* view = observer.value ? view_of(*observer.value, member.id) : nullptr;
    if (view == nullptr || member.id == observer.member.id) continue;
    Json seen{{"name", observer.member.name}, {"liveness", view->liveness}, {"since", nullptr}};
    if (view->since) seen["since"] = rfc3339(*view->since);
    json["seen_by"].push_back(std::move(seen));
  }
  return json;
}

void print_text(const Session& session, const Answers& answers) {
  Table table{{"MEMBER", "ADDRESS", "STATE"}, {}};
  for (const Answer<NodeStatus>& observer : answers) table.columns.push_back("SEEN BY " + shown(observer.member.name));
  for (const Answer<NodeStatus>& seen : answers) {
    const MemberStatus& member = seen.member;
    table.rows.push_back({shown(member.name), shown(member.address), member.state});
    for (const Answer<NodeStatus>& observer : answers) table.rows.back().push_back(cell(session, observer, member));
  }
  print_table(table, session.format());
}

int run(Session& session) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  const Answers answers = status_of_all(session, *view);
  name_silent(session, answers);
  if (session.format() == Format::json) {
    Json json{{"schema", kSchema}, {"members", Json::array()}, {"silent", json_of_silent(answers)}};
    for (const Answer<NodeStatus>& answer : answers) json["members"].push_back(json_of(answers, answer.member));
    print_json(json);
  } else if (session.format() == Format::ndjson) {
    for (const Answer<NodeStatus>& answer : answers) print_json(json_of(answers, answer.member));
  } else {
    print_text(session, answers);
  }
  return kDone;
}

}  // namespace

Run declare_members(CLI::App& command) {
  command.footer(
      "One row for each member, one column for each that was asked: how it sees the other, and since when by its\n"
      "own clock (nothing: since it started). A column of ? is a member that did not answer.\n\n"
      "  shoal members\n  shoal members -o json | jq '.members[] | {name, seen_by}'");
  return run;
}

}  // namespace shoal::cli
