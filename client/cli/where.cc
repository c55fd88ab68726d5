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

void add_rows(const Session& session, Table& table, const std::string& role, const std::vector<MemberStatus>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const MemberStatus& member = members[i];
    table.rows.push_back({role + " " + std::to_string(i + 1), shown(member.name), shown(member.address),
                          shown(member.zone),
                          session.paint(member.liveness == "alive" ? Paint::good : Paint::bad, member.liveness)});
    if (session.format() == Format::wide) table.rows.back().push_back(member.id);
  }
}

void print_text(const Session& session, const std::string& key, const Placement& placement) {
  if (session.is_table())
    print_line(shown(key) + " lives in partition " + std::to_string(placement.partition) + ", slot " + placement.slot +
               "\n");
  Table table{{"ROLE", "NAME", "ADDRESS", "ZONE", "SEEN AS"}, {}};
  if (session.format() == Format::wide) table.columns.push_back("ID");
  add_rows(session, table, "owner", placement.owners);
  add_rows(session, table, "fallback", placement.fallbacks);
  print_table(table, session.format());
}

int run(Session& session, const std::string& key) {
  const Result<Placement> placement = session.db().where(key, session.reading());
  if (!placement) return session.report(placement.error());
  if (session.is_json()) {
    print_json(Json{{"schema", kSchema},
                    {"key", json_of_bytes(key)},
                    {"slot", placement->slot},
                    {"partition", placement->partition},
                    {"owners", json_of(placement->owners)},
                    {"fallbacks", json_of(placement->fallbacks)}});
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
