#include "client/cli/repair.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

using Answers = std::vector<Answer<RepairStatus>>;

constexpr int kIntervalsUntilLate = 3;

// Two nodes, by what both of them say.
struct Pair {
  std::string a;
  std::string b;
  std::uint32_t partitions = 0;
  std::vector<ProvenStatus> proven;  // of the one with the newer word
  std::optional<Millis> oldest;      // in it; absent: some were never
  std::optional<double> running;     // 0 to 1
  std::uint64_t exchanges = 0;
  std::uint64_t unfinished = 0;
  std::uint64_t differences = 0;
  std::uint64_t moved = 0;
  std::uint64_t bytes = 0;
  Millis late{};  // older than that is worth a line
};

std::optional<Millis> oldest_of(const std::vector<ProvenStatus>& proven) {
  std::optional<Millis> oldest;
  for (const ProvenStatus& range : proven) {
    if (!range.since) return std::nullopt;
    oldest = std::max(oldest.value_or(Millis{}), *range.since);
  }
  return oldest;
}

void add_word(Pair& pair, const RepairStatus& node, const PeerRepairStatus& peer) {
  const std::optional<Millis> oldest = oldest_of(peer.proven);
  const bool newer = oldest && (!pair.oldest || *oldest < *pair.oldest);
  if (newer || pair.proven.empty()) {
    pair.proven = peer.proven;
    pair.oldest = oldest;
  }
  pair.partitions = std::max(pair.partitions, peer.partitions);
  if (peer.running)
    pair.running =
        std::max(pair.running.value_or(0), peer.partitions > 0 ? 1.0 * peer.partitions_done / peer.partitions : 0);
  pair.exchanges += peer.exchanges;
  pair.unfinished += peer.unfinished;
  pair.differences += peer.differences;
  pair.moved += peer.pulled + peer.pushed;
  pair.bytes += peer.bytes;
  pair.late = std::max(pair.late, kIntervalsUntilLate * node.interval);
}

// Each pair once, by name.
std::vector<Pair> pairs_of(const Answers& answers) {
  std::map<std::pair<std::string, std::string>, Pair> pairs;
  for (const Answer<RepairStatus>& answer : answers) {
    if (!answer.value) continue;
    for (const PeerRepairStatus& peer : answer.value->peers) {
      const auto [a, b] = std::minmax(answer.value->name, peer.peer);
      Pair& pair = pairs[{a, b}];
      pair.a = a;
      pair.b = b;
      add_word(pair, *answer.value, peer);
    }
  }
  std::vector<Pair> rows;
  rows.reserve(pairs.size());
  for (auto& [names, pair] : pairs) rows.push_back(std::move(pair));
  return rows;
}

std::string percent(double part) { return std::to_string(static_cast<int>(100 * part)) + " %"; }

std::string ago(const Session& session, const std::optional<Millis>& since) {
  if (!since) return "never";
  if (!session.is_table()) return std::to_string(since->count());
  const auto now = WallClock::now();
  return age(now - *since, now);
}

std::string bytes_text(const Session& session, std::uint64_t bytes) {
  return session.is_table() ? human_bytes(bytes) : std::to_string(bytes);
}

Json json_of(const ProvenStatus& range) {
  Json json{{"first", range.first}, {"last", range.last}, {"shared", range.shared}, {"since_ms", nullptr}};
  if (range.since) json["since_ms"] = range.since->count();
  return json;
}

Json json_of(const PeerRepairStatus& peer) {
  Json json{{"peer", peer.peer},
            {"peer_id", peer.peer_id},
            {"running", peer.running},
            {"partitions", peer.partitions},
            {"partitions_done", peer.partitions_done},
            {"exchanges", peer.exchanges},
            {"unfinished", peer.unfinished},
            {"differences", peer.differences},
            {"pulled", peer.pulled},
            {"pushed", peer.pushed},
            {"bytes", peer.bytes},
            {"asked", peer.asked},
            {"asked_done", peer.asked_done},
            {"proven", Json::array()}};
  for (const ProvenStatus& range : peer.proven) json["proven"].push_back(json_of(range));
  return json;
}

Json json_of(const ScrubStatus& scrub) {
  return Json{{"running", scrub.running},      {"done", scrub.done},           {"cycles", scrub.cycles},
              {"records", scrub.records},      {"damaged", scrub.damaged},     {"restored", scrub.restored},
              {"given_up", scrub.given_up},    {"corrected", scrub.corrected}, {"quarantined", scrub.quarantined},
              {"unreadable", scrub.unreadable}};
}

Json json_of(const RepairStatus& node) {
  Json json{{"name", node.name},
            {"id", node.id},
            {"interval_ms", node.interval.count()},
            {"peers", Json::array()},
            {"scrub", json_of(node.scrub)}};
  for (const PeerRepairStatus& peer : node.peers) json["peers"].push_back(json_of(peer));
  return json;
}

Table table_of(const Session& session, const std::vector<Pair>& pairs) {
  Table table{{"NODE", "WITH", "PARTITIONS", "LAST EQUAL", "RUNNING", "COMPARED", "DIFFERENCES", "MOVED", "BYTES"}, {}};
  if (session.format() != Format::table) table.columns.push_back("BROKEN OFF");
  for (const Pair& pair : pairs) {
    const bool late = !pair.oldest || *pair.oldest > pair.late;
    table.rows.push_back({shown(pair.a), shown(pair.b), std::to_string(pair.partitions),
                          session.paint(late ? Paint::bad : Paint::good, ago(session, pair.oldest)),
                          pair.running ? percent(*pair.running) : "", std::to_string(pair.exchanges),
                          std::to_string(pair.differences), std::to_string(pair.moved),
                          bytes_text(session, pair.bytes)});
    if (session.format() != Format::table) table.rows.back().push_back(std::to_string(pair.unfinished));
  }
  return table;
}

// Where not all partitions of a pair are late, those that are.
void print_late(const Session& session, const std::vector<Pair>& pairs) {
  bool any = false;
  for (const Pair& pair : pairs) {
    for (const ProvenStatus& range : pair.proven) {
      if (pair.proven.size() == 1 || (range.since && *range.since <= pair.late)) continue;
      if (!std::exchange(any, true)) print_line("");
      print_line(shown(pair.a) + " and " + shown(pair.b) + ": partitions " + std::to_string(range.first) + "-" +
                 std::to_string(range.last) + " (" + std::to_string(range.shared) + " that both own) " +
                 (range.since ? "were last equal " + ago(session, range.since)
                              : std::string("have not been proven equal since the nodes started")));
    }
  }
}

Table scrubs_of(const Session& session, const Answers& answers) {
  Table table{{"NODE", "CHECKED", "CYCLES", "RECORDS READ", "DAMAGED", "RESTORED", "QUARANTINED"}, {}};
  const bool narrow = session.format() == Format::table;
  if (!narrow) table.columns.insert(table.columns.end(), {"GIVEN UP", "CORRECTED", "UNREADABLE"});
  for (const Answer<RepairStatus>& answer : answers) {
    if (!answer.value) continue;
    const ScrubStatus& scrub = answer.value->scrub;
    table.rows.push_back(
        {shown(answer.value->name), percent(scrub.done) + (scrub.running ? ", asked for" : ""),
         std::to_string(scrub.cycles), std::to_string(scrub.records), std::to_string(scrub.damaged),
         std::to_string(scrub.restored),
         session.paint(scrub.quarantined > 0 ? Paint::bad : Paint::good, std::to_string(scrub.quarantined))});
    if (narrow) continue;
    for (const std::uint64_t count : {scrub.given_up, scrub.corrected, scrub.unreadable})
      table.rows.back().push_back(std::to_string(count));
  }
  return table;
}

// For programs that read lines: what kind of row it is stands first.
void mark(Table& table, const std::string& kind) {
  table.columns.insert(table.columns.begin(), "KIND");
  for (std::vector<std::string>& row : table.rows) row.insert(row.begin(), kind);
}

void print_text(const Session& session, const Answers& answers) {
  const std::vector<Pair> pairs = pairs_of(answers);
  Table table = table_of(session, pairs);
  Table scrubs = scrubs_of(session, answers);
  if (!session.is_table()) {
    mark(table, "pair");
    mark(scrubs, "scrub");
  }
  if (!table.rows.empty() || !session.is_table()) print_table(table, session.format());
  if (session.is_table()) {
    print_late(session, pairs);
    print_line(table.rows.empty() ? "no node owns a partition together with another one\n" : "");
  }
  print_table(scrubs, session.format());
}

int show_status(Session& session) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  Async async = session.db().async();
  const Answers answers = ask_all<RepairStatus>(present_members(*view),
                                                [&](const MemberStatus& member) { return async.repair(member.id); });
  name_silent(session, answers);
  if (!print_json_answers(session, answers, [](const RepairStatus& node) { return json_of(node); }))
    print_text(session, answers);
  return kDone;
}

}  // namespace

Run declare_repair(CLI::App& command) {
  const auto order = std::make_shared<RepairOrder>();
  order->timeout = command.get_parent()->get_option("--timeout");
  command.require_subcommand(1);
  CLI::App* status = command.add_subcommand("status", "When which nodes were last proven equal, and what is damaged");
  status->fallthrough();
  CLI::App* start = command.add_subcommand("start", "Compare now, and bring what is missing")->fallthrough();
  start->add_option("--node", order->nodes, "This member with all its peers, by name or id; may be repeated");
  start->add_flag("--wait", order->wait, "Until all are compared; Ctrl-C ends the waiting and not the repair");
  start->add_flag("--scrub", order->scrub, "Also read and check every record on the disks");
  command.footer(
      "Nodes compare what they both own every few seconds, and bring each other what is missing; start only saves the\n"
      "wait. LAST EQUAL is that of the partition that was proven equal longest ago. Exit codes of start: 0 done (or\n"
      "begun, without --wait), 6 somebody could not be compared, 5 --timeout is over. It may be run again at any "
      "time.\n\n"
      "  shoal repair status\n  shoal repair start --wait\n  shoal repair start --node n3 --scrub --wait --timeout "
      "10m");
  return [order, status](Session& session) {
    return status->parsed() ? show_status(session) : start_repair(session, *order);
  };
}

}  // namespace shoal::cli
