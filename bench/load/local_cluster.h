// A cluster of real shoald processes on this machine: for the demo, the benchmarks and the process tests.
//
// Every node is a child with a data folder and a log file of its own below one directory; it dies with its parent
// unless it is let go.
// Processes are ended by their id, never by name.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "node/base/result.h"

namespace shoal {

// A child process whose standard output is read for a line that says it is ready.
class ChildProcess {
 public:
  static constexpr std::chrono::seconds kEndPatience{60};

  ChildProcess() = default;
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();  // kills

  // Standard error goes to `log`. Errc::io when it ends, or prints no line with `ready`, before the timeout; the
  // message then carries the last line of the log.
  // With `outlives` it goes on when this process ends without having ended it.
  static Result<ChildProcess> start(const std::vector<std::string>& command, const std::filesystem::path& log,
                                    const std::string& ready, std::chrono::milliseconds timeout, bool outlives = false);

  [[nodiscard]] bool running() const { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& ready_line() const { return ready_line_; }
  void signal(int number) const;
  // Signals and waits; the exit code, or 128 + the signal that ended it. One that stands still is woken to hear it, and
  // one that has not ended after the patience is killed.
  int end(int number, std::chrono::milliseconds patience = kEndPatience);
  int wait(std::chrono::milliseconds patience = kEndPatience);
  // Time on a processor so far, all threads.
  [[nodiscard]] std::chrono::duration<double> cpu_time() const;
  // Of its memory, what is in the machine's; 0 when it does not run.
  [[nodiscard]] std::uint64_t resident_bytes() const;
  // Lets it run on; it is no child of ours any more. Its id.
  pid_t let_go();

 private:
  pid_t pid_ = -1;
  int output_ = -1;
  std::string ready_line_;
};

// Ranges of ports, ten apart, of which the first four were free.
struct FreePorts {
  std::uint16_t first = 0;
  std::shared_ptr<const void> claim;  // while it lives, no other program that asks here gets them, used or not
};
Result<FreePorts> find_free_ports(int ranges);

struct LocalClusterOptions {
  std::filesystem::path shoald;  // the program
  std::filesystem::path dir;     // data folders and logs; made when missing
  int nodes = 5;
  std::uint16_t first_port = 0;        // 0: a free range is found; nodes are 10 ports apart
  std::vector<std::string> arguments;  // for every node; {name} becomes its name
  bool outlives = false;               // nodes may be let go
};

class LocalCluster {
 public:
  // Starts all nodes; they are members when this returns.
  static Result<LocalCluster> start(LocalClusterOptions options);

  [[nodiscard]] int size() const { return static_cast<int>(nodes_.size()); }
  [[nodiscard]] std::string name(int node) const { return "n" + std::to_string(node + 1); }
  [[nodiscard]] std::string address(int node) const;
  [[nodiscard]] std::vector<std::string> seeds() const;
  [[nodiscard]] std::filesystem::path data_dir(int node) const;
  [[nodiscard]] std::filesystem::path log_file(int node) const;
  [[nodiscard]] ChildProcess& process(int node) { return nodes_.at(static_cast<std::size_t>(node)); }

  // SIGKILL: nothing is saved, nobody is told.
  void kill(int node);
  // Starts a node that was ended, on its old folder and port.
  Status restart(int node);
  // SIGTERM to all; an error names a node that did not end with 0.
  Status stop();

 private:
  explicit LocalCluster(LocalClusterOptions options) : options_(std::move(options)) {}
  Result<ChildProcess> launch(int node, bool joins);

  LocalClusterOptions options_;
  FreePorts ports_;  // claimed while nodes are down, too
  std::vector<ChildProcess> nodes_;
};

// The folder of the running program, where the other programs of the build are.
std::filesystem::path program_dir();

}  // namespace shoal
