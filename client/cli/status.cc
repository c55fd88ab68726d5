// status: the cluster on one screen. Who is alive is the view of one node; counts and troubles are asked of each.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct MemberReport {
  MemberStatus member;
  std::optional<NodeStatus> own;  // what it says of itself
  std::string silence;            // or why it says nothing
};

struct Report {
  NodeStatus view;
  std::vector<MemberReport> members;
  std::vector<std::string> problems;
};

std::vector<MemberReport> ask_all(Session& session, const NodeStatus& view) {
  std::vector<MemberStatus> members = view.members;
  std::ranges::sort(members, {}, &MemberStatus::name);
  Async async = session.db().async();
  std::vector<Pending<NodeStatus>> pending;
  std::vector<MemberReport> reports;
  for (const MemberStatus& member : members) {
    if (member.state == "removed") continue;
    pending.push_back(async.status(member.id));
    reports.push_back(MemberReport{member, {}, {}});
  }
  for (std::size_t i = 0; i < reports.size(); ++i) {
    Result<NodeStatus> own = pending[i].get();
    if (own) {
      reports[i].own = *std::move(own);
    } else {
      reports[i].silence = own.error().message;
    }
  }
  return reports;
}

std::vector<std::string> problems_of(const std::vector<MemberReport>& reports) {
  std::vector<std::string> problems;
  for (const MemberReport& report : reports) {
    const std::string& name = report.member.name;
    if (!report.own) {
      problems.push_back(name + " does not answer: " + report.silence);
    } else if (report.member.liveness != "alive") {
      problems.push_back(name + " is " + report.member.liveness + " for the node that was asked");
    } else if (!report.own->store_trouble.empty()) {
      problems.push_back(name + " takes no writes: " + report.own->store_trouble);
    }
  }
  return problems;
}

Json json_of(const MemberReport& report) {
  const MemberStatus& member = report.member;
  Json json{{"name", member.name},     {"id", member.id},       {"address", member.address},  {"zone", member.zone},
            {"weight", member.weight}, {"state", member.state}, {"liveness", member.liveness}};
  if (!report.own) {
    json["error"] = shown(report.silence);
    return json;
  }
  json["incarnation"] = report.own->incarnation;
  json["epoch"] = report.own->epoch;
  json["records"] = report.own->records;
  json["requests_open"] = report.own->requests_open;
  json["store_trouble"] = shown(report.own->store_trouble);
  json["sync"] = report.own->sync;
  return json;
}

Json json_of(const Report& report) {
  Json json{{"schema", kSchema},
            {"cluster", report.view.cluster},
            {"healthy", report.problems.empty()},
            {"problems", Json::array()},
            {"asked", report.view.name},
            {"epoch", report.view.epoch},
            {"partitions", report.view.partitions},
            {"replicas", report.view.replicas},
            {"forming", report.view.forming},
            {"members", Json::array()}};
  for (const std::string& problem : report.problems) json["problems"].push_back(shown(problem));
  for (const MemberReport& member : report.members) json["members"].push_back(json_of(member));
  return json;
}

std::vector<std::string> row_of(const Session& session, const MemberReport& report) {
  const bool good = report.own && report.member.liveness == "alive";
  std::vector<std::string> row{shown(report.member.name),
                               shown(report.member.address),
                               shown(report.member.zone),
                               report.member.state,
                               session.paint(good ? Paint::good : Paint::bad, report.member.liveness),
                               report.own ? std::to_string(report.own->records) : "?",
                               report.own ? std::to_string(report.own->requests_open) : "?",
                               report.own ? (report.own->sync ? "sync" : "relaxed") : "?"};
  if (session.format() != Format::table) {
    row.push_back(report.member.id);
    row.push_back(std::to_string(report.member.weight));
    row.push_back(report.own ? report.own->incarnation : "?");
    row.push_back(report.own ? shown(report.own->store_trouble) : shown(report.silence));
  }
  return row;
}

void print_text(const Session& session, const Report& report) {
  if (session.is_table()) {
    const NodeStatus& view = report.view;
    print_line("cluster  " + view.cluster + "  epoch " + std::to_string(view.epoch) + ", " +
               std::to_string(report.members.size()) + " members, " + std::to_string(view.replicas) +
               " replicas of each key" + (view.forming ? ", still forming: members may join" : ""));
    print_line(report.problems.empty() ? "verdict  " + session.paint(Paint::good, "healthy")
                                       : "verdict  " + session.paint(Paint::bad, "not healthy"));
    for (const std::string& problem : report.problems) print_line("         " + shown(problem));
    print_line("");
  }
  Table table{{"NAME", "ADDRESS", "ZONE", "STATE", "SEEN AS", "RECORDS", "OPEN", "WRITES"}, {}};
  if (session.format() != Format::table)
    table.columns.insert(table.columns.end(), {"ID", "WEIGHT", "INCARNATION", "TROUBLE"});
  for (const MemberReport& member : report.members) table.rows.push_back(row_of(session, member));
  print_table(table, session.format());
  if (session.is_table())
    print_line("\nas seen by " + shown(report.view.name) + "; records and open requests as each node counts them");
}

int run(Session& session) {
  Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  Report report{*std::move(view), {}, {}};
  report.members = ask_all(session, report.view);
  report.problems = problems_of(report.members);
  if (session.format() == Format::json) {
    print_json(json_of(report));
  } else if (session.format() == Format::ndjson) {
    for (const MemberReport& member : report.members) print_json(json_of(member));
  } else {
    print_text(session, report);
  }
  return report.problems.empty() ? kDone : kUnhealthy;
}

}  // namespace

Run declare_status(CLI::App& command) {
  command.footer(
      "Healthy means: every member answers, is alive in the eyes of the node that was asked, and takes writes.");
  return run;
}

}  // namespace shoal::cli
