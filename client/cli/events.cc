// events: what happened lately at all nodes, by time. Each node remembers a thousand events of its present life.
#include <CLI/CLI.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <thread>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

constexpr std::chrono::milliseconds kFollowPeriod{500};

struct Events {
  bool follow = false;
  std::size_t last = 50;
};

struct Line {
  std::string node;
  NodeEvent event;
};

Json json_of(const Line& line) {
  return Json{{"time", rfc3339(line.event.time)}, {"node", line.node},         {"number", line.event.number},
              {"kind", line.event.kind},          {"about", line.event.about}, {"text", shown(line.event.text)}};
}

// Asks all members for what is new since the last call.
class Collector {
 public:
  explicit Collector(Session& session) : session_(session) {}

  Result<std::vector<Line>> collect() {
    const Result<NodeStatus> view = session_.db().status();
    if (!view) return view.error();
    Async async = session_.db().async();
    answers_ = ask_all<NodeEvents>(present_members(*view), [&](const MemberStatus& member) {
      return async.events(member.id, heard_[member.id].number);
    });
    std::vector<Line> lines;
    for (const Answer<NodeEvents>& answer : answers_)
      if (answer.value) take(*answer.value, lines);
    std::ranges::stable_sort(lines, {}, [](const Line& line) { return line.event.time; });
    return lines;
  }

  [[nodiscard]] const std::vector<Answer<NodeEvents>>& answers() const { return answers_; }

 private:
  struct Heard {
    std::string incarnation;
    std::uint64_t number = 0;
  };

  // A node that was restarted counts from 1 again: then all that it has is asked for the next time.
  void take(const NodeEvents& node, std::vector<Line>& lines) {
    Heard& heard = heard_[node.id];
    if (!heard.incarnation.empty() && heard.incarnation != node.incarnation) {
      heard = {node.incarnation, 0};
      return;
    }
    heard.incarnation = node.incarnation;
    for (const NodeEvent& event : node.events) lines.push_back({node.name, event});
    if (!node.events.empty()) heard.number = node.events.back().number;
  }

  Session& session_;
  std::map<std::string, Heard> heard_;
  std::vector<Answer<NodeEvents>> answers_;
};

void print_lines(const Session& session, const std::vector<Line>& lines, bool head) {
  Table table{{"TIME", "NODE", "KIND", "WHAT"}, {}};
  for (const Line& line : lines)
    table.rows.push_back({rfc3339(line.event.time), shown(line.node), line.event.kind, shown(line.event.text)});
  if (!head && session.format() != Format::csv) {
    for (const std::vector<std::string>& row : table.rows)
      print_line(row[0] + (session.is_table() ? "  " : "\t") + row[1] + (session.is_table() ? "  " : "\t") + row[2] +
                 (session.is_table() ? "  " : "\t") + row[3]);
  } else {
    print_table(table, session.format());
  }
}

void print_events(const Session& session, const Collector& collector, const std::vector<Line>& lines, bool follow) {
  if (session.format() == Format::json && !follow) {
    Json json{{"schema", kSchema}, {"events", Json::array()}, {"silent", json_of_silent(collector.answers())}};
    for (const Line& line : lines) json["events"].push_back(json_of(line));
    print_json(json);
  } else if (session.is_json()) {
    for (const Line& line : lines) print_json(json_of(line));
  } else {
    print_lines(session, lines, !follow);
  }
  std::fflush(stdout);
}

int run(Session& session, const Events& events) {
  Collector collector(session);
  Result<std::vector<Line>> lines = collector.collect();
  if (!lines) return session.report(lines.error());
  name_silent(session, collector.answers());
  if (lines->size() > events.last)
    lines->erase(lines->begin(), lines->end() - static_cast<std::ptrdiff_t>(events.last));
  print_events(session, collector, *lines, events.follow);
  while (events.follow && std::ferror(stdout) == 0) {
    std::this_thread::sleep_for(kFollowPeriod);
    lines = collector.collect();
    if (lines) print_events(session, collector, *lines, true);
  }
  return kDone;
}

}  // namespace

Run declare_events(CLI::App& command) {
  const auto events = std::make_shared<Events>();
  command.add_flag("--follow", events->follow, "Go on and print what happens, until interrupted; JSON as lines");
  command.add_option("-n", events->last, "At most the newest N")->check(CLI::PositiveNumber)->capture_default_str();
  command.footer(
      "Merged by the nodes' own clocks: between nodes the order is as good as those are. A node remembers 1000\n"
      "events of its present life.\n\n"
      "  shoal events -n 20\n  shoal events --follow");
  return [events](Session& session) { return run(session, *events); };
}

}  // namespace shoal::cli
