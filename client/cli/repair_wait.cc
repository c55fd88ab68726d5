// repair start: asks members to compare with their peers now, and waits until they have.
//
// The idea: a member answers with a number for each peer, `asked`; it has compared when it says `asked_done` of at
// least that. Since a comparison brings both up to date, a pair is done when one of the two is. A scrub is done when
// one more cycle has ended. Who does not answer is not waited for but named; who starts again meanwhile has forgotten
// what it was asked, and is left to its peers.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <map>
#include <set>

#include "client/cli/repair.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Answers = std::vector<Answer<RepairStatus>>;

constexpr Millis kPollPeriod{200};
constexpr Millis kLinePeriod{5000};         // where no terminal shows a line that changes
constexpr Millis kStallMin{30'000};         // without anything that moved
constexpr int kInterrupted = 128 + SIGINT;  // as shells say it

struct Sums {
  std::uint64_t differences = 0;
  std::uint64_t moved = 0;
  std::uint64_t bytes = 0;
  std::uint64_t records = 0;
  std::uint64_t damaged = 0;
  std::uint64_t restored = 0;
  std::uint64_t done = 0;  // whatever else shows that it goes on

  friend bool operator==(const Sums&, const Sums&) = default;
};

Sums sums_of(const RepairStatus& node) {
  Sums sums;
  for (const PeerRepairStatus& peer : node.peers) {
    sums.differences += peer.differences;
    sums.moved += peer.pulled + peer.pushed;
    sums.bytes += peer.bytes;
    sums.done += peer.asked_done + peer.exchanges + peer.partitions_done;
  }
  sums.records = node.scrub.records;
  sums.damaged = node.scrub.damaged;
  sums.restored = node.scrub.restored;
  sums.done += node.scrub.cycles + static_cast<std::uint64_t>(1e6 * node.scrub.done);
  return sums;
}

void add_growth(Sums& total, const Sums& before, const Sums& now) {
  total.differences += now.differences - before.differences;
  total.moved += now.moved - before.moved;
  total.bytes += now.bytes - before.bytes;
  total.records += now.records - before.records;
  total.damaged += now.damaged - before.damaged;
  total.restored += now.restored - before.restored;
}

// A member that was asked.
struct Asked {
  RepairStatus before;  // as it answered then
  RepairStatus now;
  bool lost = false;  // it is not waited for any more
};

enum class Ending : std::uint8_t { all_done, interrupted, out_of_time, stalled };

// Takes Ctrl-C from the process: it ends a sleep and nothing else. Made before the client starts its thread, which
// inherits that the signal is blocked.
class Interrupts {
 public:
  Interrupts() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }

  // True when it was interrupted.
  [[nodiscard]] bool sleep(Millis span) const {
    const std::timespec length{static_cast<std::time_t>(span.count() / 1000),
                               static_cast<long>(span.count() % 1000) * 1'000'000};
    return ::sigtimedwait(&set_, nullptr, &length) == SIGINT;
  }

 private:
  sigset_t set_{};
};

class Wait {
 public:
  Wait(Session& session, const RepairOrder& order, const Answers& answers) : session_(session), scrub_(order.scrub) {
    Millis interval{};
    for (const Answer<RepairStatus>& answer : answers) {
      if (!answer.value) continue;
      asked_.push_back({*answer.value, *answer.value, {}});
      interval = std::max(interval, answer.value->interval);
    }
    stall_ = kStallMin + interval;
    if (order.timeout->count() > 0) deadline_ = Clock::now() + session.timeout();
  }

  [[nodiscard]] bool concerns(const std::string& id) const {
    return std::ranges::any_of(asked_, [&](const Asked& member) { return find(member.before, id) != nullptr; });
  }
  // A member that does not answer: nobody waits for a comparison with it.
  void give_up_on(const MemberStatus& member, const std::string& silence) {
    silent_.emplace(member.id, member.name + " does not answer: " + silence);
  }

  Ending run(const Interrupts& interrupts) {
    const Ending ending = follow(interrupts);
    if (drawn_) std::fputs("\r\033[K", stderr);
    return ending;
  }

  [[nodiscard]] Sums growth() const {
    Sums sums;
    for (const Asked& member : asked_) add_growth(sums, sums_of(member.before), sums_of(member.now));
    return sums;
  }

  // One sentence each: what was not done, and why.
  [[nodiscard]] std::vector<std::string> problems() const {
    std::vector<std::string> sentences;
    for (const auto& [id, sentence] : silent_) sentences.push_back(sentence);
    for (const Asked& member : asked_)
      if (!scrubbed(member)) sentences.push_back(member.before.name + " was not scrubbed to the end");
    for (const Asked& member : asked_)
      if (scrub_ && member.now.scrub.quarantined > 0)
        sentences.push_back(member.before.name + " holds " + std::to_string(member.now.scrub.quarantined) +
                            " damaged records still: they are restored when all their other owners have answered");
    for (const auto& [names, pair] : pairs())
      if (!pair.done) sentences.push_back(names.first + " and " + names.second + " were not compared to the end");
    return sentences;
  }

  [[nodiscard]] std::size_t compared() const {
    const auto all = pairs();
    return static_cast<std::size_t>(std::ranges::count(all, true, [](const auto& pair) { return pair.second.done; }));
  }

 private:
  Ending follow(const Interrupts& interrupts) {
    for (;;) {
      if (left() == 0) return Ending::all_done;
      if (deadline_ && Clock::now() >= *deadline_) return Ending::out_of_time;
      if (Clock::now() - moved_at_ >= stall_) return Ending::stalled;
      tell();
      if (interrupts.sleep(kPollPeriod)) return Ending::interrupted;
      look();
    }
  }

  [[nodiscard]] bool scrubbed(const Asked& member) const {
    return !scrub_ || member.now.scrub.cycles > member.before.scrub.cycles;
  }

  // What was found damaged comes back from the other owners, when all of them are up.
  [[nodiscard]] bool restores(const Asked& member) const {
    return scrub_ && member.now.scrub.quarantined > 0 && silent_.empty();
  }

  static const PeerRepairStatus* find(const RepairStatus& node, const std::string& peer_id) {
    const auto it = std::ranges::find(node.peers, peer_id, &PeerRepairStatus::peer_id);
    return it == node.peers.end() ? nullptr : &*it;
  }

  struct Pair {
    bool done = false;     // by one of the two: it brings both up to date
    bool awaited = false;  // one of them was asked, and both answer
  };

  // By their names.
  [[nodiscard]] std::map<std::pair<std::string, std::string>, Pair> pairs() const {
    std::map<std::pair<std::string, std::string>, Pair> all;
    for (const Asked& member : asked_)
      for (const PeerRepairStatus& peer : member.before.peers) {
        const PeerRepairStatus* now = find(member.now, peer.peer_id);
        if (now == nullptr) continue;  // they share nothing any more
        Pair& pair = all[std::minmax(member.before.name, peer.peer)];
        pair.done = pair.done || now->asked_done >= peer.asked;
        pair.awaited = pair.awaited || (!member.lost && !silent_.contains(peer.peer_id));
      }
    return all;
  }

  // Comparisons and scrubs that are waited for.
  [[nodiscard]] std::size_t left() const {
    std::size_t count = 0;
    for (const auto& [names, pair] : pairs()) count += pair.awaited && !pair.done ? 1 : 0;
    for (const Asked& member : asked_) count += member.lost || (scrubbed(member) && !restores(member)) ? 0 : 1;
    return count;
  }

  void look() {
    std::vector<std::pair<Asked*, Pending<RepairStatus>>> pending;
    Async async = session_.db().async();
    for (Asked& member : asked_)
      if (!member.lost) pending.emplace_back(&member, async.repair(member.before.id));
    for (auto& [member, status] : pending) take(*member, status.get());
  }

  void take(Asked& member, Result<RepairStatus> now) {
    const std::string& name = member.before.name;
    if (!now) {
      member.lost = true;
      silent_.emplace(member.before.id, name + " does not answer any more: " + now.error().message);
      return;
    }
    if (was_restarted(member.before, *now)) {
      member.lost = true;  // its peers may compare with it all the same
      session_.say(shown(name) + " was started again meanwhile, and has forgotten what it was asked");
      return;
    }
    if (sums_of(*now) != sums_of(member.now)) moved_at_ = Clock::now();
    member.now = *std::move(now);
  }

  // Counts never sink in one life, and a new one knows nothing of what was asked.
  static bool was_restarted(const RepairStatus& before, const RepairStatus& now) {
    return now.scrub.cycles < before.scrub.cycles || now.scrub.records < before.scrub.records ||
           std::ranges::any_of(before.peers, [&](const PeerRepairStatus& peer) {
             const PeerRepairStatus* found = find(now, peer.peer_id);
             return found != nullptr && found->asked < peer.asked;
           });
  }

  void tell() {
    if (session_.quiet()) return;
    const bool terminal = ::isatty(STDERR_FILENO) != 0;
    if (!terminal && Clock::now() - told_at_ < kLinePeriod) return;
    told_at_ = Clock::now();
    const std::string line = progress();
    if (!terminal) return session_.say(line);
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    drawn_ = true;
  }

  [[nodiscard]] std::string progress() const {
    std::string text = std::to_string(left()) + (scrub_ ? " comparisons and scrubs" : " comparisons") + " to go";
    for (const Asked& member : asked_) {
      for (const PeerRepairStatus& peer : member.now.peers)
        if (peer.running)
          text += "; " + shown(member.now.name) + " with " + shown(peer.peer) + ": " +
                  std::to_string(peer.partitions_done) + " of " + std::to_string(peer.partitions) + " partitions";
      if (!scrubbed(member))
        text += "; scrub of " + shown(member.now.name) + ": " +
                std::to_string(static_cast<int>(100 * member.now.scrub.done)) + " %";
    }
    return text;
  }

  Session& session_;
  const bool scrub_;
  std::vector<Asked> asked_;
  std::map<std::string, std::string> silent_;  // id -> why nobody waits for it
  std::optional<Clock::time_point> deadline_;
  Clock::time_point moved_at_ = Clock::now();
  Clock::time_point told_at_ = Clock::now();
  Clock::duration stall_{};
  bool drawn_ = false;
};

// ---- the end ----------------------------------------------------------------------------------------------------

int code_of(Ending ending, bool complete) {
  if (ending == Ending::interrupted) return kInterrupted;
  if (ending == Ending::out_of_time) return kMaybe;
  return complete && ending == Ending::all_done ? kDone : kUnhealthy;
}

void say_ending(const Session& session, Ending ending) {
  const std::string goes_on = "the nodes go on with it; run it again to go on waiting, or see shoal repair status";
  if (ending == Ending::interrupted) session.say("interrupted: " + goes_on);
  if (ending == Ending::out_of_time) session.say("--timeout is over: " + goes_on);
  if (ending == Ending::stalled) session.say("nothing has moved for a while: " + goes_on);
}

void print_result(const Session& session, const Wait& wait, bool scrub, const std::vector<std::string>& problems) {
  const std::size_t pairs = wait.compared();
  const Sums sums = wait.growth();
  if (session.is_json()) {
    Json json{{"schema", kSchema},        {"complete", problems.empty()},
              {"pairs_compared", pairs},  {"differences", sums.differences},
              {"moved", sums.moved},      {"bytes", sums.bytes},
              {"problems", Json::array()}};
    if (scrub) json["scrub"] = Json{{"records", sums.records}, {"damaged", sums.damaged}, {"restored", sums.restored}};
    for (const std::string& problem : problems) json["problems"].push_back(shown(problem));
    return print_json(json);
  }
  print_line(std::to_string(pairs) + (pairs == 1 ? " pair" : " pairs") +
             " of nodes compared: " + std::to_string(sums.differences) + " records differed, " +
             std::to_string(sums.moved) + " states moved, " + human_bytes(sums.bytes));
  if (scrub)
    print_line(std::to_string(sums.records) + " records read: " + std::to_string(sums.damaged) + " damaged, " +
               std::to_string(sums.restored) + " restored");
}

int finish(const Session& session, const Wait& wait, Ending ending, bool scrub) {
  const std::vector<std::string> problems = wait.problems();
  print_result(session, wait, scrub, problems);
  for (const std::string& problem : problems) session.say(shown(problem));
  say_ending(session, ending);
  return code_of(ending, problems.empty());
}

Answers order_all(Session& session, const std::vector<MemberStatus>& members, bool scrub) {
  Async async = session.db().async();
  return ask_all<RepairStatus>(members,
                               [&](const MemberStatus& member) { return async.start_repair(member.id, scrub); });
}

int leave_it_to_them(const Session& session, const Answers& answers) {
  name_silent(session, answers);
  const bool all =
      std::ranges::all_of(answers, [](const Answer<RepairStatus>& answer) { return answer.value.has_value(); });
  session.say("every node that answered compares with its peers now; shoal repair status shows how far they are");
  return all ? kDone : kUnhealthy;
}

}  // namespace

int start_repair(Session& session, const RepairOrder& order) {
  std::optional<Interrupts> interrupts;
  if (order.wait) interrupts.emplace();
  const Result<NodeStatus> view = session.db().status();
  if (!view) return session.report(view.error());
  const Result<std::vector<MemberStatus>> members = members_named(*view, order.nodes);
  if (!members) return session.report(members.error());
  if (!order.wait) return leave_it_to_them(session, order_all(session, *members, order.scrub));
  const std::vector<Answer<NodeStatus>> all = status_of_all(session, *view);
  const Answers answers = order_all(session, *members, order.scrub);
  Wait wait(session, order, answers);
  for (const Answer<RepairStatus>& answer : answers)
    if (!answer.value) wait.give_up_on(answer.member, answer.silence);
  for (const Answer<NodeStatus>& member : all)
    if (!member.value && wait.concerns(member.member.id)) wait.give_up_on(member.member, member.silence);
  return finish(session, wait, wait.run(*interrupts), order.scrub);
}

}  // namespace shoal::cli
