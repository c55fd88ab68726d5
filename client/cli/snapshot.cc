// snapshot: copies of nodes' data folders, made while they run. Every member keeps its own; all that are asked begin at
// once, and the command waits until each one's copy is complete.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>
#include <thread>

#include "client/cli/gather.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

using Answers = std::vector<Answer<NodeSnapshots>>;
using Members = std::vector<MemberStatus>;

constexpr std::chrono::milliseconds kPollPeriod{100};

struct Asked {
  std::string name;
  std::vector<std::string> nodes;
  std::string folder;  // restore: of the snapshot
  std::string data;
};

// The nodes that --node names, or all members.
Result<Members> members_asked(Session& session, const Asked& asked) {
  const Result<NodeStatus> view = session.db().status();
  if (!view) return view.error();
  return members_named(*view, asked.nodes);
}

Json json_of(const SnapshotStatus& snapshot) {
  Json json{{"name", snapshot.name},
            {"state", snapshot.state},
            {"created", rfc3339(snapshot.created)},
            {"entries", snapshot.entries},
            {"bytes", snapshot.bytes}};
  if (!snapshot.trouble.empty()) json["trouble"] = snapshot.trouble;
  return json;
}

Json json_of(const NodeSnapshots& node) {
  Json json{{"name", node.name}, {"id", node.id}, {"folder", node.folder}, {"snapshots", Json::array()}};
  for (const SnapshotStatus& snapshot : node.snapshots) json["snapshots"].push_back(json_of(snapshot));
  return json;
}

std::string state_of(const SnapshotStatus& snapshot) {
  if (!snapshot.trouble.empty()) return snapshot.state + ": " + shown(snapshot.trouble);
  if (snapshot.state == "complete" || snapshot.entries_expected == 0) return snapshot.state;
  // What is expected is an estimate: hints, and what was written since, come on top.
  const std::uint64_t percent = std::min<std::uint64_t>(100, 100 * snapshot.entries / snapshot.entries_expected);
  return snapshot.state + ", " + std::to_string(percent) + " %";
}

Table table_of(const Session& session, const Answers& answers) {
  Table table{{"NODE", "SNAPSHOT", "CREATED", "ENTRIES", "BYTES", "STATE", "FOLDER"}, {}};
  for (const Answer<NodeSnapshots>& answer : answers) {
    if (!answer.value) continue;
    for (const SnapshotStatus& snapshot : answer.value->snapshots)
      table.rows.push_back({shown(answer.value->name), shown(snapshot.name), rfc3339(snapshot.created),
                            std::to_string(snapshot.entries),
                            session.is_table() ? human_bytes(snapshot.bytes) : std::to_string(snapshot.bytes),
                            state_of(snapshot), shown(answer.value->folder + "/" + snapshot.name)});
  }
  return table;
}

void print_snapshots(const Session& session, const Answers& answers) {
  if (print_json_answers(session, answers, [](const NodeSnapshots& node) { return json_of(node); })) return;
  const Table table = table_of(session, answers);
  if (session.is_table() && table.rows.empty()) return session.say("there are no snapshots at the nodes that answered");
  print_table(table, session.format());
}

// A sentence for each node that has no copy to show, or did not do as it was told.
int name_failures(const Session& session, const Answers& answers) {
  int code = kDone;
  for (const Answer<NodeSnapshots>& answer : answers) {
    if (answer.value) continue;
    session.say(shown(answer.member.name) + ": " + shown(answer.silence));
    code = kRefused;
  }
  return code;
}

int list(Session& session, const Asked& asked) {
  const Result<Members> members = members_asked(session, asked);
  if (!members) return session.report(members.error());
  Async async = session.db().async();
  const Answers answers =
      ask_all<NodeSnapshots>(*members, [&](const MemberStatus& member) { return async.snapshots(member.id); });
  print_snapshots(session, answers);
  name_silent(session, answers);
  return kDone;
}

int remove(Session& session, const Asked& asked) {
  const Result<Members> members = members_asked(session, asked);
  if (!members) return session.report(members.error());
  Async async = session.db().async();
  const Answers answers = ask_all<NodeSnapshots>(
      *members, [&](const MemberStatus& member) { return async.remove_snapshot(member.id, asked.name); });
  return name_failures(session, answers);
}

const SnapshotStatus* find(const NodeSnapshots& node, const std::string& name) {
  const auto it = std::ranges::find(node.snapshots, name, &SnapshotStatus::name);
  return it == node.snapshots.end() ? nullptr : &*it;
}

// Waits, and says how far the slowest is.
class Watch {
 public:
  Watch(Session& session, std::string name) : session_(session), name_(std::move(name)) {}

  // Updates `answer` until that node's copy is complete or has failed.
  void follow(Answer<NodeSnapshots>& answer) {
    Async async = session_.db().async();
    for (;;) {
      const SnapshotStatus* snapshot = find(*answer.value, name_);
      if (snapshot == nullptr) return give_up(answer, "it has lost the copy: was it restarted?");
      if (!snapshot->trouble.empty()) return give_up(answer, snapshot->trouble);
      if (snapshot->state == "complete") return;
      tell(answer.value->name, state_of(*snapshot));
      std::this_thread::sleep_for(kPollPeriod);
      Result<NodeSnapshots> again = async.snapshots(answer.member.id).get();
      if (!again) return give_up(answer, again.error().message);
      answer.value = *std::move(again);
    }
  }

  ~Watch() {
    if (told_) std::fputs("\r\033[K", stderr);
  }

 private:
  static void give_up(Answer<NodeSnapshots>& answer, std::string why) {
    answer.value.reset();
    answer.silence = std::move(why);
  }

  void tell(const std::string& node, const std::string& state) {
    if (session_.quiet() || ::isatty(STDERR_FILENO) == 0) return;
    std::fprintf(stderr, "\r\033[K%s: %s", shown(node).c_str(), state.c_str());
    std::fflush(stderr);
    told_ = true;
  }

  Session& session_;
  const std::string name_;
  bool told_ = false;
};

std::string name_of_now() {
  std::string name = rfc3339(std::chrono::floor<Millis>(std::chrono::system_clock::now()));
  std::ranges::replace(name, ':', '-');
  return name;
}

int create(Session& session, Asked asked) {
  if (asked.name.empty()) asked.name = name_of_now();
  const Result<Members> members = members_asked(session, asked);
  if (!members) return session.report(members.error());
  Async async = session.db().async();
  Answers answers = ask_all<NodeSnapshots>(
      *members, [&](const MemberStatus& member) { return async.create_snapshot(member.id, asked.name); });
  {
    Watch watch(session, asked.name);
    for (Answer<NodeSnapshots>& answer : answers)
      if (answer.value) watch.follow(answer);
  }
  for (Answer<NodeSnapshots>& answer : answers)
    if (answer.value) std::erase_if(answer.value->snapshots, [&](const auto& s) { return s.name != asked.name; });
  print_snapshots(session, answers);
  return name_failures(session, answers);
}

// shoald knows folders; this command only saves looking for it: it is beside this program.
int restore(Session& session, const Asked& asked) {
  std::error_code error;
  const std::string program = std::filesystem::read_symlink("/proc/self/exe", error).replace_filename("shoald");
  ::execl(program.c_str(), program.c_str(), "--restore", asked.folder.c_str(), "--data", asked.data.c_str(), nullptr);
  return session.report(fail(Errc::io, "cannot start " + program + ": " + std::generic_category().message(errno)));
}

CLI::App* declare(CLI::App& command, const char* name, const char* summary, Asked& asked) {
  CLI::App* verb = command.add_subcommand(name, summary)->fallthrough();
  verb->add_option("--node", asked.nodes, "Of this member alone, by name or id; may be repeated");
  return verb;
}

}  // namespace

Run declare_snapshot(CLI::App& command) {
  const auto asked = std::make_shared<Asked>();
  command.require_subcommand(1);
  CLI::App* create_it = declare(command, "create", "Copy the data of every member, and wait for it", *asked);
  create_it->add_option("NAME", asked->name, "Letters, digits, '.', '_', '-'; default: the time");
  CLI::App* ls = declare(command, "ls", "List the copies that members have of themselves", *asked);
  declare(command, "rm", "Remove a copy from every member", *asked)->add_option("NAME", asked->name)->required();
  CLI::App* restore_it = command.add_subcommand("restore", "Make a folder on this machine the copied node's again");
  restore_it->fallthrough();
  restore_it->add_option("FOLDER", asked->folder, "Of the snapshot")->required();
  restore_it->add_option("--data", asked->data, "The node's new data folder: missing or empty")->required();
  command.footer(
      "A snapshot is a node's data at one moment, in the folder 'snapshots' of its data folder; copy it elsewhere to\n"
      "have a backup. A restored node comes back as a later life of itself, and is behind: the other replicas bring\n"
      "it what it has missed.\n\n"
      "  shoal snapshot create nightly\n  shoal snapshot ls\n"
      "  shoal snapshot restore /backup/nightly --data /var/lib/shoal");
  return [asked, create_it, ls, restore_it](Session& session) {
    if (create_it->parsed()) return create(session, *asked);
    if (restore_it->parsed()) return restore(session, *asked);
    return ls->parsed() ? list(session, *asked) : remove(session, *asked);
  };
}

}  // namespace shoal::cli
