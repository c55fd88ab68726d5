// Program: one run of one of our programs by a test, with what it said; and the few other things that every test of
// processes needs.
//
// What a child says goes to memory files, so that a test reads it at any moment without draining pipes. Our own
// environment variables (SHOAL_*, SHOALD_*) of whoever runs the tests do not reach it. A child dies with the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "node/io/unique_fd.h"

namespace shoal::test {

// Far more than anything here takes on a busy machine: reached only where something hangs.
inline constexpr std::chrono::seconds kPatience{60};

class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Outcome {
  int code = -1;  // of the exit; 128 + N when signal N ended it; -1 when it did not end in time
  std::string out;
  std::string err;
};

// For a failed expectation's message.
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

struct Surroundings {
  std::string input;                     // standard input
  std::vector<std::string> environment;  // "NAME=value", added to ours
};

class Program {
 public:
  Program() = default;
  static Program start(const std::vector<std::string>& command, const Surroundings& surroundings = {});
  Program(Program&& other) noexcept;
  Program& operator=(Program&& other) noexcept;
  ~Program();  // kills

  [[nodiscard]] bool running() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

  // False when it ended, or the time was over, before it said that.
  [[nodiscard]] bool says(const std::string& words) const;       // on standard output
  [[nodiscard]] bool complains(const std::string& words) const;  // on standard error

  void signal(int number) const;
  // Waits for its end; kills what does not end in time.
  Outcome wait(std::chrono::seconds patience = kPatience);
  Outcome end(int number) { return signal(number), wait(); }

 private:
  pid_t pid_ = -1;
  UniqueFd ended_;  // readable when it has
  UniqueFd out_, err_;
};

// Runs to the end.
Outcome run(const std::vector<std::string>& command, const Surroundings& surroundings = {});

// Asks again and again until `condition` holds; false when it does not within the time.
bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience = kPatience);

// The first of `ranges` ranges of ports, ten apart, that are free, and ours for as long as this test program runs.
std::uint16_t free_ports(int ranges = 1);

std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& bytes);

// The programs under test.
std::string shoald_program();
std::string shoal_program();

}  // namespace shoal::test
