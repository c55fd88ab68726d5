#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

Json json_of(const std::vector<MemberStatus>& members) {
  Json json = Json::array();
  for (const MemberStatus& member : members)
    json.push_back(Json{{"name", member.name},
                        {"id", member.id},
                        {"address", member.address},
                        {"zone", member.zone},
                        {"liveness", member.liveness}});
  return json;
}

Json json_of(const std::vector<StandIn>& stand_ins) {
  Json json = Json::array();
  for (const StandIn& stand_in : stand_ins) {
    json.push_back(Json{{"owner", stand_in.owner}, {"by", nullptr}});
    if (!stand_in.by.empty()) json.back()["by"] = stand_in.by;
  }
  return json;
}

// What the member does beside its role.
std::string duty_of(const std::vector<StandIn>& stand_ins, const std::string& name) {
  for (const StandIn& stand_in : stand_ins) {
    if (stand_in.by == name) return "for " + shown(stand_in.owner);
    if (stand_in.owner == name) return stand_in.by.empty() ? "nobody stands in" : shown(stand_in.by) + " stands in";
  }
  return "";
}

void add_rows(const Session& session, Table& table, const std::string& role, const std::vector<MemberStatus>& members,
              const std::vector<StandIn>& stand_ins) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const MemberStatus& member = members[i];
    table.rows.push_back({role + " " + std::to_string(i + 1), shown(member.name), shown(member.address),
                          shown(member.zone),
                          session.paint(member.liveness == "alive" ? Paint::good : Paint::bad, member.liveness),
                          duty_of(stand_ins, member.name)});
    if (session.format() == Format::wide) table.rows.back().push_back(member.id);
  }
}

void print_text(const Session& session, const std::string& key, const Placement& placement) {
  if (session.is_table())
    print_line(shown(key) + " lives in partition " + std::to_string(placement.partition) + ", slot " + placement.slot +
               "\n");
  Table table{{"ROLE", "NAME", "ADDRESS", "ZONE", "SEEN AS", "STAND-IN"}, {}};
  if (session.format() == Format::wide) table.columns.push_back("ID");
  add_rows(session, table, "owner", placement.owners, placement.stand_ins);
  add_rows(session, table, "fallback", placement.fallbacks, placement.stand_ins);
  print_table(table, session.format());
}

int run(Session& session, const std::string& key) {
  const Result<Placement> placement = session.db().where(key, {.bucket = session.globals().bucket});
  if (!placement) return session.report(placement.error());
  if (session.is_json()) {
    print_json(Json{{"schema", kSchema},
                    {"key", json_of_bytes(key)},
                    {"slot", placement->slot},
                    {"partition", placement->partition},
                    {"owners", json_of(placement->owners)},
                    {"fallbacks", json_of(placement->fallbacks)},
                    {"stand_ins", json_of(placement->stand_ins)}});
  } else {
    print_text(session, key, *placement);
  }
  return kDone;
}

}  // namespace

Run declare_where(CLI::App& command) {
  const auto key = std::make_shared<std::string>();
  command.add_option("KEY", *key)->required();
  command.footer(
      "Owners hold the key; fallbacks stand in, in this order, while owners cannot be reached. The key need not\n"
      "exist.");
  return [key](Session& session) { return run(session, *key); };
}

}  // namespace shoal::cli
