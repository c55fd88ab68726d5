// diff: what two nodes hold differently. Exits as diff(1) does: 0 when they agree, 1 when they do not.
#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "client/cli/holdings.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

constexpr int kDifferent = 1;
constexpr Millis kPatience = std::chrono::minutes(1);  // trees of many differences take a while

struct Asked {
  std::string here;
  std::string there;
  std::uint32_t limit = 1000;
  const CLI::Option* timeout = nullptr;
};

std::string words_of(const NodeDifference& diff, const std::string& difference) {
  const std::string here = shown(diff.here);
  const std::string there = shown(diff.there);
  const std::map<std::string, std::string> words{{"only_here", "only on " + here},
                                                 {"only_there", "only on " + there},
                                                 {"here_behind", here + " is behind"},
                                                 {"there_behind", there + " is behind"}};
  const auto it = words.find(difference);
  return it != words.end() ? it->second : difference;
}

// "value 3s ago, deleted 4s ago"
std::string writes_of(const std::optional<Holding>& holding) {
  if (!holding) return "";
  std::vector<std::string> writes;
  for (const LiveWrite& write : holding->writes)
    writes.push_back((write.deletion ? "deleted " : "value ") + age(write.written, WallClock::now()));
  return joined(writes);
}

Json json_of(const std::optional<Holding>& holding) {
  if (!holding) return nullptr;
  Json json{{"clock", clock_json(*holding)}, {"writes", Json::array()}};
  for (const LiveWrite& write : holding->writes)
    json["writes"].push_back(Json{{"actor", write.actor},
                                  {"counter", write.counter},
                                  {"written", rfc3339(write.written)},
                                  {"deletion", write.deletion}});
  return json;
}

Json json_of(const KeyDifference& key) {
  return Json{{"bucket", key.bucket},
              {"key", json_of_bytes(key.key)},
              {"difference", key.difference},
              {"here", json_of(key.here)},
              {"there", json_of(key.there)}};
}

Json json_of(const NodeDifference& diff) {
  Json json{{"schema", kSchema},       {"here", diff.here},
            {"there", diff.there},     {"partitions", diff.partitions},
            {"differ", Json::array()}, {"differences", diff.differences},
            {"keys", Json::array()}};
  for (const PartitionDifference& partition : diff.differ)
    json["differ"].push_back(Json{{"partition", partition.partition}, {"leaves", partition.leaves}});
  for (const KeyDifference& key : diff.keys) json["keys"].push_back(json_of(key));
  return json;
}

// Neighbours together: "4-7", and how many of their leaves differ.
Table ranges_of(const NodeDifference& diff) {
  Table table{{"PARTITIONS", "LEAVES THAT DIFFER"}, {}};
  for (std::size_t begin = 0; begin < diff.differ.size();) {
    std::size_t end = begin;
    std::uint64_t leaves = 0;
    do {
      leaves += diff.differ[end++].leaves;
    } while (end < diff.differ.size() && diff.differ[end].partition == diff.differ[end - 1].partition + 1);
    std::string range = std::to_string(diff.differ[begin].partition);
    if (end - begin > 1) range.append("-").append(std::to_string(diff.differ[end - 1].partition));
    table.rows.push_back({std::move(range), std::to_string(leaves)});
    begin = end;
  }
  return table;
}

Table keys_of(const Session& session, const NodeDifference& diff) {
  Table table{{"KEY", "BUCKET", "DIFFERENCE", shown(diff.here), shown(diff.there)}, {}};
  const bool narrow = session.format() == Format::table;
  if (!narrow) table.columns.insert(table.columns.end(), {"CLOCK " + shown(diff.here), "CLOCK " + shown(diff.there)});
  for (const KeyDifference& key : diff.keys) {
    table.rows.push_back(
        {shown(key.key), shown(key.bucket), words_of(diff, key.difference), writes_of(key.here), writes_of(key.there)});
    if (narrow) continue;
    table.rows.back().push_back(key.here ? clock_text(*key.here) : "");
    table.rows.back().push_back(key.there ? clock_text(*key.there) : "");
  }
  return table;
}

std::string total_of(const NodeDifference& diff) {
  const std::string pair = shown(diff.here) + " and " + shown(diff.there);
  const std::string shared = std::to_string(diff.partitions) + " partitions that both own";
  if (diff.differences == 0) return pair + " hold the same in the " + shared;
  std::string total = pair + " hold " + std::to_string(diff.differences) + " records differently, in " +
                      std::to_string(diff.differ.size()) + " of the " + shared;
  if (diff.keys.size() < diff.differences) total += "; the first " + std::to_string(diff.keys.size()) + " are named";
  return total;
}

void print_text(const Session& session, const NodeDifference& diff) {
  if (session.is_table() && !diff.differ.empty()) {
    print_table(ranges_of(diff), session.format());
    print_line("");
  }
  if (!diff.keys.empty() || session.format() == Format::csv) print_table(keys_of(session, diff), session.format());
  if (!session.is_table()) return;
  if (!diff.keys.empty()) print_line("");
  print_line(total_of(diff));
}

int run(Session& session, const Asked& asked) {
  const Millis timeout = asked.timeout->count() > 0 ? session.timeout() : kPatience;
  const Result<NodeDifference> diff = session.db().async().diff(asked.here, asked.there, asked.limit, timeout).get();
  if (!diff) return session.report(diff.error());
  if (session.format() == Format::json) {
    print_json(json_of(*diff));
  } else if (session.format() == Format::ndjson) {
    for (const KeyDifference& key : diff->keys) print_json(json_of(key));
  } else {
    print_text(session, *diff);
  }
  return diff->differences == 0 ? kDone : kDifferent;
}

}  // namespace

Run declare_diff(CLI::App& command) {
  const auto asked = std::make_shared<Asked>();
  asked->timeout = command.get_parent()->get_option("--timeout");
  command.add_option("NODE", asked->here, "A member, by name or id; it does the comparing")->required();
  command.add_option("OTHER", asked->there, "The member to compare it with")->required();
  command.add_option("--limit", asked->limit, "Name at most this many keys")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command.footer(
      "Compares what the two hold of the partitions that both own, by their trees of digests: what it costs follows\n"
      "the number of differences and not of keys. Changes nothing. While keys are written some differ for a moment.\n"
      "-o wide and json show clocks. Without --timeout it takes up to a minute. Exit codes: 0 they hold the same, 1\n"
      "they do not, others as everywhere.\n\n"
      "  shoal diff n1 n2\n  shoal diff n1 n2 -o json | jq .differences");
  return [asked](Session& session) { return run(session, *asked); };
}

}  // namespace shoal::cli
