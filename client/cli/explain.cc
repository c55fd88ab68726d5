// explain: why a key is as it is. What each replica holds of it, who is behind whom, and what will fix it.
#include <CLI/CLI.hpp>
#include <memory>

#include "client/cli/holdings.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

Json json_of(const std::optional<Holding>& holding) {
  if (!holding) return nullptr;
  Json json{{"digest", holding->digest},
            {"clock", clock_json(*holding)},
            {"writes", Json::array()},
            {"losers", holding->losers}};
  for (const LiveWrite& write : holding->writes)
    json["writes"].push_back(Json{{"actor", write.actor},
                                  {"counter", write.counter},
                                  {"written", rfc3339(write.written)},
                                  {"bytes", write.bytes},
                                  {"deletion", write.deletion}});
  return json;
}

Json json_of(const ReplicaReport& replica) {
  return Json{{"name", replica.name},           {"id", replica.id},
              {"liveness", replica.liveness},   {"owner", replica.owner},
              {"answered", replica.answered},   {"trouble", shown(replica.trouble)},
              {"copy", json_of(replica.copy)},  {"behind", replica.behind},
              {"hints_for", replica.hints_for}, {"hint", json_of(replica.hint)},
              {"to_repair", replica.to_repair}};
}

Json json_of(const std::string& key, const Explanation& explanation) {
  Json json{{"schema", kSchema},         {"key", json_of_bytes(key)},
            {"kind", explanation.kind},  {"partition", explanation.partition},
            {"replicas", Json::array()}, {"problems", Json::array()}};
  for (const ReplicaReport& replica : explanation.replicas) json["replicas"].push_back(json_of(replica));
  for (const std::string& problem : explanation.problems) json["problems"].push_back(shown(problem));
  return json;
}

std::string state_of(const ReplicaReport& replica) {
  if (!replica.answered) return "no answer";
  if (!replica.trouble.empty()) return "cannot read it";
  if (!replica.behind.empty()) return "behind " + joined(replica.behind);
  if (replica.copy) return "newest";
  return "nothing";
}

std::string writes_of(const std::optional<Holding>& holding) {
  if (!holding) return "";
  std::vector<std::string> writes;
  for (const LiveWrite& write : holding->writes)
    writes.push_back((write.deletion ? "deleted" : human_bytes(write.bytes)) + " " +
                     age(write.written, WallClock::now()));
  return joined(writes);
}

std::string hints_of(const ReplicaReport& replica) {
  if (replica.hints_for.empty()) return "";
  return joined(replica.hints_for) + ": " + writes_of(replica.hint);
}

Table table_of(const Session& session, const Explanation& explanation) {
  const bool narrow = session.format() == Format::table;
  Table table{{"NODE", "ROLE", "SEEN AS", "HOLDS", "WRITES", "HINT FOR"}, {}};
  if (!narrow) table.columns.insert(table.columns.end(), {"DIGEST", "CLOCK", "ID"});
  int owners = 0;
  int fallbacks = 0;
  for (const ReplicaReport& replica : explanation.replicas) {
    const std::string role =
        replica.owner ? "owner " + std::to_string(++owners) : "fallback " + std::to_string(++fallbacks);
    const bool good = replica.answered && replica.trouble.empty() && replica.behind.empty();
    table.rows.push_back({shown(replica.name), role,
                          session.paint(replica.liveness == "alive" ? Paint::good : Paint::bad, replica.liveness),
                          session.paint(good ? Paint::good : Paint::bad, shown(state_of(replica))),
                          writes_of(replica.copy), shown(hints_of(replica))});
    if (narrow) continue;
    table.rows.back().push_back(replica.copy ? replica.copy->digest : "");
    table.rows.back().push_back(replica.copy ? clock_text(*replica.copy) : "");
    table.rows.back().push_back(replica.id);
  }
  return table;
}

void print_text(const Session& session, const std::string& key, const Explanation& explanation) {
  if (session.is_table())
    print_line(shown(key) + " lives in partition " + std::to_string(explanation.partition) + ", bucket " +
               shown(session.globals().bucket) + " of kind " + explanation.kind + "\n");
  print_table(table_of(session, explanation), session.format());
  if (!session.is_table()) return;
  print_line("");
  if (explanation.problems.empty()) print_line(session.paint(Paint::good, "all owners agree"));
  for (const std::string& problem : explanation.problems) print_line(shown(problem));
}

bool held_anywhere(const Explanation& explanation) {
  return std::ranges::any_of(explanation.replicas, [](const ReplicaReport& replica) {
    return replica.copy.has_value() || replica.hint.has_value() || !replica.trouble.empty();
  });
}

int run(Session& session, const std::string& key) {
  const Result<Explanation> explanation = session.db().explain(key, {.bucket = session.globals().bucket});
  if (!explanation) return session.report(explanation.error());
  if (session.is_json()) {
    print_json(json_of(key, *explanation));
  } else {
    print_text(session, key, *explanation);
  }
  if (held_anywhere(*explanation)) return kDone;
  session.say("no member that answered holds anything of " + shown(key));
  return kAbsent;
}

}  // namespace

Run declare_explain(CLI::App& command) {
  const auto key = std::make_shared<std::string>();
  command.add_option("KEY", *key)->required();
  command.footer(
      "Asks every member what it holds of the key: which writes are alive in it, their size and age, who is behind\n"
      "whom, who keeps a hint for whom; then one sentence for each problem, with what will fix it. -o wide and json\n"
      "show clocks and digests: equal digests are equal states. Changes nothing.\n\n"
      "  shoal explain cart:9\n  shoal explain cart:9 -o json | jq .problems");
  return [key](Session& session) { return run(session, *key); };
}

}  // namespace shoal::cli
