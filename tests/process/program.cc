#include "tests/process/program.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

#include "bench/load/local_cluster.h"
#include "node/base/check.h"

extern char** environ;

namespace shoal::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAskAgainAfter{20};

UniqueFd memory_file(const std::string& bytes = {}) {
  UniqueFd fd(::memfd_create("shoal-test", MFD_CLOEXEC));
  SHOAL_CHECK(fd.valid());
  SHOAL_CHECK(::pwrite(fd.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  return fd;
}

std::string content_of(int fd) {
  std::string bytes;
  char buffer[1 << 16];
  for (ssize_t got = 0; (got = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(bytes.size()))) > 0;)
    bytes.append(buffer, static_cast<std::size_t>(got));
  return bytes;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (!variable.starts_with("SHOAL_") && !variable.starts_with("SHOALD_")) variables.emplace_back(variable);
  }
  variables.insert(variables.end(), added.begin(), added.end());
  return variables;
}

std::vector<char*> pointers_to(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

bool is_readable(int fd, std::chrono::milliseconds patience) {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, static_cast<int>(patience.count())) > 0;
}

}  // namespace

TempFolder::TempFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "shoal-process-XXXXXX").string();
  SHOAL_CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << "exit code " << outcome.code << "\n--- standard output\n"
             << outcome.out << "\n--- standard error\n"
             << outcome.err;
}

Program Program::start(const std::vector<std::string>& command, const Surroundings& surroundings) {
  const UniqueFd input = memory_file(surroundings.input);
  const std::vector<std::string> variables = environment_with(surroundings.environment);
  const std::vector<char*> arguments = pointers_to(command);
  const std::vector<char*> environment = pointers_to(variables);
  Program program;
  program.out_ = memory_file();
  program.err_ = memory_file();
  program.pid_ = ::fork();
  SHOAL_CHECK(program.pid_ >= 0);
  if (program.pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(input.get(), STDIN_FILENO);
    ::dup2(program.out_.get(), STDOUT_FILENO);
    ::dup2(program.err_.get(), STDERR_FILENO);
    ::execvpe(arguments[0], arguments.data(), environment.data());
    ::_exit(127);
  }
  program.ended_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, program.pid_, 0)));
  SHOAL_CHECK(program.ended_.valid());
  return program;
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      ended_(std::move(other.ended_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

Program& Program::operator=(Program&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  std::swap(out_, other.out_);
  std::swap(err_, other.err_);
  return *this;
}

Program::~Program() {
  if (pid_ > 0) end(SIGKILL);
}

bool Program::running() const { return pid_ > 0 && !is_readable(ended_.get(), std::chrono::milliseconds(0)); }

std::string Program::out() const { return content_of(out_.get()); }
std::string Program::err() const { return content_of(err_.get()); }

bool Program::says(const std::string& words) const {
  const auto said = [&] { return out().find(words) != std::string::npos; };
  return eventually([&] { return said() || !running(); }) && said();
}

bool Program::complains(const std::string& words) const {
  const auto said = [&] { return err().find(words) != std::string::npos; };
  return eventually([&] { return said() || !running(); }) && said();
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

Outcome Program::wait(std::chrono::seconds patience) {
  if (pid_ <= 0) return {};
  const bool in_time = is_readable(ended_.get(), patience);
  if (!in_time) signal(SIGKILL);
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  const int code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  return {.code = in_time ? code : -1, .out = out(), .err = err()};
}

Outcome run(const std::vector<std::string>& command, const Surroundings& surroundings) {
  return Program::start(command, surroundings).wait();
}

bool eventually(const std::function<bool()>& condition, std::chrono::seconds patience) {
  const Clock::time_point give_up = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() >= give_up) return false;
    std::this_thread::sleep_for(kAskAgainAfter);
  }
  return true;
}

std::uint16_t free_ports(int ranges) {
  static std::vector<FreePorts> claimed;  // until the test program ends
  claimed.push_back(find_free_ports(ranges).value());
  return claimed.back().first;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  file.close();
  SHOAL_CHECK(!file.fail());
}

std::string shoald_program() { return SHOAL_BIN_DIR "/shoald"; }
std::string shoal_program() { return SHOAL_BIN_DIR "/shoal"; }

}  // namespace shoal::test
