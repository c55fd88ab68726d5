// status: the cluster on one screen. Every member is asked for its own view: what it counts, what troubles it, and whom
// it does not see alive. The verdict names what is wrong, the advice what to type.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

using MemberReport = Answer<NodeStatus>;

struct Report {
  NodeStatus view;
  std::vector<MemberReport> members;
  std::vector<std::string> problems;
  std::vector<std::string> advice;  // what to do about them
};

// "dead for n1 and n3": how others see this one, where that is not alive.
std::string doubts_about(const MemberReport& member, const std::vector<MemberReport>& observers) {
  std::string text;
  for (const char* liveness : {"dead", "suspect"}) {
    std::string names;
    for (const MemberReport& observer : observers) {
      if (!observer.value || observer.member.id == member.member.id) continue;
      const auto view = std::ranges::find(observer.value->members, member.member.id, &MemberStatus::id);
      if (view != observer.value->members.end() && view->liveness == liveness)
        names += (names.empty() ? "" : ", ") + observer.member.name;
    }
    if (!names.empty()) text += (text.empty() ? "" : " and ") + std::string(liveness) + " for " + names;
  }
  return text;
}

bool hints_almost_full(const NodeStatus& node) {
  return node.hint_bytes_max > 0 && node.hint_bytes >= node.hint_bytes_max / 10 * 9;
}

void judge_silent(Report& report, const MemberReport& member) {
  const std::string& name = member.member.name;
  report.problems.push_back(name + " does not answer: " + member.silence);
  report.advice.push_back("look at " + name +
                          "'s log, and start it again on its own folder: shoald --data FOLDER --listen " +
                          member.member.address + " --name " + name);
}

void judge(Report& report, const MemberReport& member) {
  if (!member.value) return judge_silent(report, member);
  const std::string& name = member.member.name;
  if (const std::string doubts = doubts_about(member, report.members); !doubts.empty()) {
    report.problems.push_back(name + " answers, but is " + doubts);
    report.advice.push_back("look at the links of " + name + " to those nodes; who sees whom: shoal members");
  }
  if (!member.value->store_trouble.empty()) {
    report.problems.push_back(name + " takes no writes: " + member.value->store_trouble);
    report.advice.push_back("free or repair the disk of " + name + "; it tries again by itself, no restart is needed");
  }
  if (hints_almost_full(*member.value)) {
    report.problems.push_back(name + " has little room left for hints: " + human_bytes(member.value->hint_bytes) +
                              " of " + human_bytes(member.value->hint_bytes_max));
    report.advice.push_back("bring the owners back that it keeps them for: shoal hints ls");
  }
  if (member.value->partitions_to_repair > 0) {
    report.problems.push_back(name + " knows of " + std::to_string(member.value->partitions_to_repair) +
                              " partitions whose owners missed writes that nobody keeps for them");
    report.advice.push_back(
        "comparing them brings what is missing, by itself once those owners are up; now, and to see it end: shoal "
        "repair start --wait");
  }
}

// Whoever is asked names the voters of the document that it knows.
void judge_voters(Report& report) {
  const std::vector<std::string>& voters = report.view.voters;
  const auto answering = std::ranges::count_if(report.members, [&](const MemberReport& member) {
    return member.value && std::ranges::find(voters, member.member.id) != voters.end();
  });
  if (2 * static_cast<std::size_t>(answering) > voters.size()) return;
  report.problems.push_back(std::to_string(answering) + " of " + std::to_string(voters.size()) +
                            " voters answer, which is no majority: buckets and members cannot be changed");
  report.advice.push_back("bring them back; if they are lost for ever, name others: shoal help voters");
}

Report report_on(NodeStatus view, std::vector<MemberReport> members) {
  Report report{std::move(view), std::move(members), {}, {}};
  for (const MemberReport& member : report.members) judge(report, member);
  judge_voters(report);
  return report;
}

std::uint64_t hint_bytes(const Report& report) {
  std::uint64_t sum = 0;
  for (const MemberReport& member : report.members) sum += member.value ? member.value->hint_bytes : 0;
  return sum;
}

Json json_of(const MemberReport& report) {
  const MemberStatus& member = report.member;
  Json json{{"name", member.name},     {"id", member.id},       {"address", member.address},  {"zone", member.zone},
            {"weight", member.weight}, {"state", member.state}, {"liveness", member.liveness}};
  if (!report.value) {
    json["error"] = shown(report.silence);
    return json;
  }
  json["incarnation"] = report.value->incarnation;
  json["epoch"] = report.value->epoch;
  json["records"] = report.value->records;
  json["requests_open"] = report.value->requests_open;
  json["store_trouble"] = shown(report.value->store_trouble);
  json["sync"] = report.value->sync;
  json["hint_bytes"] = report.value->hint_bytes;
  json["hint_bytes_max"] = report.value->hint_bytes_max;
  json["partitions_to_repair"] = report.value->partitions_to_repair;
  json["faults_allowed"] = report.value->faults_allowed;
  json["faults"] = report.value->faults;
  json["study"] = report.value->study;
  json["counters"] = Json::object();
  for (const CounterStatus& counter : report.value->counters) json["counters"][counter.name] = counter.count;
  return json;
}

Json json_of(const Report& report) {
  Json json{{"schema", kSchema},
            {"cluster", report.view.cluster},
            {"healthy", report.problems.empty()},
            {"problems", Json::array()},
            {"advice", Json::array()},
            {"asked", report.view.name},
            {"epoch", report.view.epoch},
            {"partitions", report.view.partitions},
            {"replicas", report.view.replicas},
            {"forming", report.view.forming},
            {"members", Json::array()}};
  for (const std::string& problem : report.problems) json["problems"].push_back(shown(problem));
  for (const std::string& advice : report.advice) json["advice"].push_back(shown(advice));
  for (const MemberReport& member : report.members) json["members"].push_back(json_of(member));
  return json;
}

std::vector<std::string> row_of(const Session& session, const MemberReport& report) {
  const bool good = report.value && report.member.liveness == "alive";
  std::vector<std::string> row{shown(report.member.name),
                               shown(report.member.address),
                               shown(report.member.zone),
                               report.member.state,
                               session.paint(good ? Paint::good : Paint::bad, report.member.liveness),
                               report.value ? std::to_string(report.value->records) : "?",
                               report.value ? std::to_string(report.value->requests_open) : "?",
                               report.value ? (report.value->sync ? "sync" : "relaxed") : "?"};
  if (session.format() != Format::table) {
    row.push_back(report.member.id);
    row.push_back(std::to_string(report.member.weight));
    row.push_back(report.value ? report.value->incarnation : "?");
    row.push_back(report.value ? shown(report.value->store_trouble) : shown(report.silence));
  }
  const bool table = session.is_table();
  row.push_back(!report.value ? "?"
                : table       ? human_bytes(report.value->hint_bytes)
                              : std::to_string(report.value->hint_bytes));
  row.push_back(report.value ? std::to_string(report.value->partitions_to_repair) : "?");
  return row;
}

// What nobody may overlook: this is no cluster for data that matters.
void print_laboratory(const Session& session, const Report& report) {
  for (const MemberReport& member : report.members) {
    if (!member.value || !member.value->faults_allowed) continue;
    std::string text = shown(member.member.name) + " is of a laboratory: faults are allowed";
    if (member.value->faults > 0) text += ", " + std::to_string(member.value->faults) + " in force (shoal faults ls)";
    for (const std::string& switched : member.value->study) text += ", " + shown(switched);
    print_line("         " + session.paint(Paint::bold, text));
  }
}

void print_head(const Session& session, const Report& report) {
  const NodeStatus& view = report.view;
  print_line("cluster  " + view.cluster + "  epoch " + std::to_string(view.epoch) + ", " +
             std::to_string(report.members.size()) + " members, " + std::to_string(view.replicas) +
             " replicas of each key" + (view.forming ? ", still forming: members may join" : ""));
  print_line(report.problems.empty() ? "verdict  " + session.paint(Paint::good, "healthy")
                                     : "verdict  " + session.paint(Paint::bad, "not healthy"));
  for (const std::string& problem : report.problems) print_line("         " + shown(problem));
  print_laboratory(session, report);
  for (std::size_t i = 0; i < report.advice.size(); ++i)
    print_line((i == 0 ? "advice   " : "         ") + shown(report.advice[i]));
  if (const std::uint64_t waiting = hint_bytes(report); waiting > 0)
    print_line("hints    " + human_bytes(waiting) +
               " wait for their owners; they are delivered by themselves, see shoal hints ls");
  print_line("");
}

void print_text(const Session& session, const Report& report) {
  if (session.is_table()) print_head(session, report);
  Table table{{"NAME", "ADDRESS", "ZONE", "STATE", "SEEN AS", "RECORDS", "OPEN", "WRITES"}, {}};
  if (session.format() != Format::table)
    table.columns.insert(table.columns.end(), {"ID", "WEIGHT", "INCARNATION", "TROUBLE"});
  table.columns.insert(table.columns.end(), {"HINTS", "TO REPAIR"});
  for (const MemberReport& member : report.members) table.rows.push_back(row_of(session, member));
  print_table(table, session.format());
  if (session.is_table())
    print_line("\nas seen by " + shown(report.view.name) + "; records and open requests as each node counts them");
}

void say_counters(const Session& session, const Report& report) {
  for (const MemberReport& member : report.members)
    for (const CounterStatus& counter : member.value ? member.value->counters : std::vector<CounterStatus>())
      session.say(shown(member.member.name) + "  " + shown(counter.name) + "  " + std::to_string(counter.count));
}

int run(Session& session) {
  Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  std::vector<MemberReport> members = status_of_all(session, *view);
  const Report report = report_on(*std::move(view), std::move(members));
  if (session.format() == Format::json) {
    print_json(json_of(report));
  } else if (session.format() == Format::ndjson) {
    for (const MemberReport& member : report.members) print_json(json_of(member));
  } else {
    print_text(session, report);
  }
  if (session.verbose()) say_counters(session, report);
  return report.problems.empty() ? kDone : kUnhealthy;
}

}  // namespace

Run declare_status(CLI::App& command) {
  command.footer(
      "Healthy means: every member answers, is alive in the eyes of all that answer, takes writes, has room for "
      "hints,\n"
      "and no owner has missed writes that nobody keeps for it. Otherwise the exit code is 6. -v prints the counts of\n"
      "rare events of each node, -o json has them too.\n\n"
      "  shoal status\n  shoal status -o json | jq .advice");
  return run;
}

}  // namespace shoal::cli
