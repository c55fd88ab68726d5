// demo: five nodes on this machine, real data, a node killed in the middle, and a network cut in two.
//
// Shows what the store is for and checks it: every key is read back and compared byte for byte. Ends by itself with 0
// only when everything was seen.
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "bench/load/local_cluster.h"
#include "client/cli/dataset.h"
#include "client/cli/demo_partition.h"
#include "client/cli/demo_words.h"
#include "client/cli/output.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kWindow = 256;
constexpr int kVictim = 2;                // n3
constexpr double kDeliveredWithin = 120;  // seconds
constexpr std::size_t kSample = 500;      // keys

struct Demo {
  int nodes = 5;
  bool keep = false;
  std::uint64_t keys_max = 0;
  std::string dir;
};

bool owners_agree(const Explanation& explained) {
  const std::set<std::string> states = owner_states(explained);
  return states.size() == 1 && !states.contains("");
}

class Show {
 public:
  Show(Session& session, const Demo& demo, std::filesystem::path dir)
      : session_(session), demo_(demo), dir_(std::move(dir)) {}

  int run() {
    const Status done = act();
    if (!done) return session_.report(done.error());
    summarise();
    if (demo_.keep) {
      keep();
    } else if (const Status stopped = cluster_->stop(); !stopped) {
      return session_.report(stopped.error());
    }
    return failures_ == 0 ? kDone : kUnhealthy;
  }

 private:
  Status act() {
    if (const Status started = start(); !started) return started;
    const std::size_t half = data_.items.size() / 2;
    const Clock::time_point begun = Clock::now();
    load(0, half);
    kill();
    load(half, data_.items.size());
    load_seconds_ = seconds_since(begun);
    say("all " + std::to_string(stored_) + " keys acknowledged by 2 of 3 replicas, " + std::to_string(failures_) +
        " errors; reading back while " + cluster_->name(kVictim) + " is down");
    const Clock::time_point reading = Clock::now();
    verify(0, half);
    if (const Status back = restart(); !back) return back;
    verify(half, data_.items.size());
    read_seconds_ = seconds_since(reading);
    if (const Status delivered = wait_for_hints(); !delivered) return delivered;
    compare_owners();
    return partition();
  }

  Status partition() {
    Result<PartitionAct::Outcome> seen = PartitionAct(*cluster_, token_, session_).play();
    if (!seen) return seen.error();
    partition_ = *seen;
    if (partition_.siblings != partition_.keys)
      complain("only " + std::to_string(partition_.siblings) + " of " + std::to_string(partition_.keys) +
               " keys show what both sides wrote");
    return Unit{};
  }

  Status start() {
    Result<Dataset> data = find_dataset();
    if (!data) return data.error();
    data_ = *std::move(data);
    if (demo_.keys_max > 0 && data_.items.size() > demo_.keys_max) data_.items.resize(demo_.keys_max);
    const Clock::time_point begun = Clock::now();
    if (const Status allowed = allow_faults(); !allowed) return allowed;
    Result<LocalCluster> cluster =
        LocalCluster::start({.shoald = program_dir() / "shoald",
                             .dir = dir_,
                             .nodes = demo_.nodes,
                             .arguments = {"--log-level", "warn", "--allow-faults", PartitionAct::token_file(dir_)},
                             .outlives = demo_.keep});
    if (!cluster) return cluster.error();
    cluster_.emplace(*std::move(cluster));
    db_.emplace(Options{.seeds = cluster_->seeds(), .timeout = std::chrono::seconds(10), .r = 2, .w = 2});
    say(std::to_string(demo_.nodes) + " nodes ready in " + rounded(seconds_since(begun)) + " s: n=3, r=2, w=2, every " +
        "acknowledged write on disk");
    say("loading " + std::to_string(data_.items.size()) + " keys: " + data_.title);
    return Unit{};
  }

  // By order of this process alone.
  Status allow_faults() {
    std::random_device device;
    for (int i = 0; i < 4; ++i) token_ += std::to_string(device()) + "-";
    const std::filesystem::path file = PartitionAct::token_file(dir_);
    std::ofstream(file) << token_ << "\n";
    std::error_code trouble;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                 trouble);
    return trouble ? fail(Errc::io, "cannot write " + file.string()) : Status(Unit{});
  }

  void load(std::size_t from, std::size_t to) {
    Async async = db_->async();
    Progress progress(session_, "keys stored");
    std::deque<Pending<Receipt>> window;
    const auto settle = [&] {
      const Result<Receipt> receipt = window.front().get();
      window.pop_front();
      if (receipt) {
        ++stored_;
        progress.add();
      } else {
        complain("a write failed: " + receipt.error().message);
      }
    };
    for (std::size_t i = from; i < to; ++i) {
      window.push_back(async.put(data_.items[i].key, data_.items[i].value));
      bytes_ += data_.items[i].value.size();
      if (window.size() >= kWindow) settle();
    }
    while (!window.empty()) settle();
  }

  void verify(std::size_t from, std::size_t to) {
    Async async = db_->async();
    Progress progress(session_, "keys verified");
    std::deque<std::pair<std::size_t, Pending<Object>>> window;
    const auto settle = [&] {
      const auto& [key, value] = data_.items[window.front().first];
      const Result<Object> object = window.front().second.get();
      window.pop_front();
      if (object && object->exists() && !object->conflicted() && object->value() == value) {
        ++verified_;
        progress.add();
      } else {
        complain(shown(key) + (object ? " did not come back as it was written" : ": " + object.error().message));
      }
    };
    for (std::size_t i = from; i < to; ++i) {
      window.emplace_back(i, async.get(data_.items[i].key));
      if (window.size() >= kWindow) settle();
    }
    while (!window.empty()) settle();
  }

  void kill() {
    say("killing " + cluster_->name(kVictim) + " (SIGKILL) and going on");
    cluster_->kill(kVictim);
  }

  struct Hints {
    std::uint64_t kept = 0;
    std::uint64_t delivered = 0;
  };

  // Of all nodes that answer.
  Result<Hints> hints() {
    Hints sum;
    for (int node = 0; node < cluster_->size(); ++node) {
      if (!cluster_->process(node).running()) continue;
      const Result<HintStatus> status = db_->async().hints(cluster_->name(node)).get();
      if (!status) return status.error();
      for (const HintQueueStatus& queue : status->queues) {
        sum.kept += queue.hints;
        sum.delivered += queue.delivered;
      }
    }
    return sum;
  }

  Status wait_for_hints() {
    const Clock::time_point begun = Clock::now();
    Result<Hints> now = hints();
    while (now && now->kept > 0 && seconds_since(begun) < kDeliveredWithin) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      now = hints();
    }
    if (!now) return now.error();
    delivered_ = now->delivered;
    if (now->kept > 0) complain(std::to_string(now->kept) + " hints were not delivered");
    say(std::to_string(delivered_) + " hints delivered: " + cluster_->name(kVictim) + " has what it missed");
    return Unit{};
  }

  // Every owner of a sample of the keys must hold the same state.
  void compare_owners() {
    const std::size_t step = std::max<std::size_t>(data_.items.size() / kSample, 1);
    for (std::size_t i = 0; i < data_.items.size(); i += step) {
      const std::string& key = data_.items[i].key;
      const Result<Explanation> explained = db_->explain(key);
      ++compared_;
      if (explained && owners_agree(*explained)) {
        ++agreed_;
      } else {
        complain(shown(key) + (explained ? ": its owners hold different states" : ": " + explained.error().message));
      }
    }
    say("the owners of " + std::to_string(agreed_) + " of " + std::to_string(compared_) +
        " sampled keys hold the same");
  }

  Status restart() {
    const Result<Hints> before = hints();
    if (!before) return before.error();
    kept_ = before->kept;
    say("the others keep " + std::to_string(kept_) + " hints for " + cluster_->name(kVictim));
    const Status back = cluster_->restart(kVictim);
    if (back) say(cluster_->name(kVictim) + " is back with all it had on disk, and answers");
    return back;
  }

  void keep() {
    std::string pids;
    for (int node = 0; node < cluster_->size(); ++node) pids += " " + std::to_string(cluster_->process(node).let_go());
    std::string seeds;
    for (const std::string& seed : cluster_->seeds()) seeds += (seeds.empty() ? "" : ",") + seed;
    say("the cluster stays up; data and logs are in " + dir_.string());
    print_line("export SHOAL_SEEDS=" + seeds);
    print_line((program_dir() / "shoal").string() + " status");
    print_line("kill" + pids + "   # stops it");
  }

  void summarise() {
    if (session_.is_json())
      return print_json(Json{{"schema", kSchema},
                             {"nodes", demo_.nodes},
                             {"keys", data_.items.size()},
                             {"bytes", bytes_},
                             {"stored", stored_},
                             {"verified", verified_},
                             {"hints_kept", kept_},
                             {"hints_delivered", delivered_},
                             {"keys_compared", compared_},
                             {"keys_agreed", agreed_},
                             {"partition_keys", partition_.keys},
                             {"partition_siblings", partition_.siblings},
                             {"partition_seconds_to_equal", partition_.seconds},
                             {"errors", failures_},
                             {"load_seconds", load_seconds_},
                             {"read_seconds", read_seconds_}});
    const auto rate = [](std::size_t count, double seconds) {
      return rounded(static_cast<double>(count) / seconds, 0);
    };
    print_line("nodes      " + std::to_string(demo_.nodes) + ", one of them killed in the middle and restarted");
    print_line("stored     " + std::to_string(stored_) + " of " + std::to_string(data_.items.size()) + " keys, " +
               rounded(static_cast<double>(bytes_) / 1e6) + " MB, " + rate(stored_, load_seconds_) + " keys/s");
    print_line("verified   " + std::to_string(verified_) + " of " + std::to_string(data_.items.size()) +
               " keys byte for byte, " + rate(verified_, read_seconds_) + " keys/s");
    print_line("hints      " + std::to_string(kept_) + " kept while it was down, " + std::to_string(delivered_) +
               " delivered");
    print_line("agreement  " + std::to_string(agreed_) + " of " + std::to_string(compared_) +
               " sampled keys held alike by all their owners");
    print_line("partition  " + std::to_string(partition_.siblings) + " of " + std::to_string(partition_.keys) +
               " keys written on both sides kept both values; all owners equal " + rounded(partition_.seconds) +
               " s after healing, without reads");
    print_line("errors     " + std::to_string(failures_));
  }

  void complain(const std::string& sentence) {
    if (++failures_ <= 5) say(sentence);
  }
  void say(const std::string& sentence) const { session_.say(sentence); }

  Session& session_;
  const Demo& demo_;
  std::filesystem::path dir_;
  std::string token_;  // of those who may order faults at its nodes
  Dataset data_;
  std::optional<LocalCluster> cluster_;
  std::optional<Client> db_;
  std::size_t stored_ = 0;
  std::size_t verified_ = 0;
  std::size_t failures_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t delivered_ = 0;
  std::size_t compared_ = 0;
  std::size_t agreed_ = 0;
  PartitionAct::Outcome partition_;
  double load_seconds_ = 1;
  double read_seconds_ = 1;
};

int run(Session& session, const Demo& demo) {
  std::string dir = demo.dir;
  const bool temporary = dir.empty();
  if (temporary) {
    dir = (std::filesystem::temp_directory_path() / "shoal-demo-XXXXXX").string();
    if (::mkdtemp(dir.data()) == nullptr) return session.report(fail(Errc::io, "cannot make a folder in " + dir));
  } else if (std::filesystem::exists(dir) && !std::filesystem::is_empty(dir)) {
    return session.report(fail(Errc::invalid, dir + " is not empty; name a folder that the demo may fill"));
  }
  const int code = Show(session, demo, dir).run();
  if (temporary && !demo.keep) std::filesystem::remove_all(dir);
  return code;
}

}  // namespace

Run declare_demo(CLI::App& command) {
  const auto demo = std::make_shared<Demo>();
  command.add_option("--nodes", demo->nodes, "Nodes to start")->check(CLI::Range(3, 16))->capture_default_str();
  command.add_option("--keys", demo->keys_max, "Load only so many keys; 0 is all")->capture_default_str();
  command.add_option("--dir", demo->dir, "Folder for data and logs instead of a temporary one; must be empty");
  command.add_flag("--keep", demo->keep, "Leave the cluster running and print how to talk to it");
  command.footer(
      "Starts nodes on the loopback address, loads the list of Debian packages (or the dictionary), kills a node in\n"
      "the middle, reads everything back and compares it byte for byte, restarts the node, waits until it has what it\n"
      "missed, and compares what the owners of a sample of the keys hold. Then the network is cut in two, both sides\n"
      "write the same keys, and after healing one sees how the owners become equal without anybody reading.\n\n"
      "  shoal demo\n"
      "  shoal demo --keep");
  return [demo](Session& session) { return run(session, *demo); };
}

}  // namespace shoal::cli
