// A process that writes under load is killed again and again on one folder. After each kill the store opens, holds
// every write that was acknowledged as durable, in all lives so far, and has no damaged record.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "node/base/rng.h"
#include "node/io/unique_fd.h"
#include "tests/io/crash_slots.h"

extern char** environ;

namespace shoal::test {
namespace {

struct Writer {
  pid_t pid = -1;
  UniqueFd out;
};

Writer start_writer(const std::filesystem::path& dir, std::uint64_t first) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  Writer writer{.pid = -1, .out = UniqueFd(ends[0])};
  const UniqueFd in(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, in.get(), STDOUT_FILENO);
  std::string program = SHOAL_BIN_DIR "/crash_writer";
  std::string folder = dir.string();
  std::string number = std::to_string(first);
  char* const arguments[] = {program.data(), folder.data(), number.data(), nullptr};
  EXPECT_EQ(::posix_spawn(&writer.pid, program.c_str(), &actions, nullptr, arguments, environ), 0);
  ::posix_spawn_file_actions_destroy(&actions);
  return writer;
}

// Appends what the writer has printed; false at its end.
bool read_more(const Writer& writer, std::string& text) {
  char buffer[4096];
  const ssize_t got = ::read(writer.out.get(), buffer, sizeof buffer);
  if (got > 0) text.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

// The newest number on a whole line; 0: none.
std::uint64_t last_number(const std::string& text) {
  const std::size_t end = text.rfind('\n');
  if (end == std::string::npos) return 0;
  const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  return std::strtoull(text.c_str() + (before == std::string::npos ? 0 : before + 1), nullptr, 10);
}

// Kills the writer after it has acknowledged `lines` commits and spun a little more; the last acknowledged number.
std::uint64_t run_and_kill(const std::filesystem::path& dir, std::uint64_t first, Rng& rng) {
  const Writer writer = start_writer(dir, first);
  const std::uint64_t lines = 1 + rng.below(12);
  std::string text;
  std::uint64_t seen = 0;
  while (seen < lines && read_more(writer, text))
    seen = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  EXPECT_GE(seen, lines) << "the writer ended by itself";
  // Not only right after a commit: any moment of the next one will do.
  for (volatile std::uint64_t spin = rng.below(2'000'000); spin > 0;) spin = spin - 1;
  ::kill(writer.pid, SIGKILL);
  int status = 0;
  EXPECT_EQ(::waitpid(writer.pid, &status, 0), writer.pid);
  EXPECT_TRUE(WIFSIGNALED(status));
  while (read_more(writer, text)) {
  }
  return last_number(text);
}

// What is there after the kill; returns the newest number of all.
std::uint64_t check_store(const std::filesystem::path& dir, std::uint64_t acknowledged) {
  const auto store = open_store(options_in(dir));
  for (std::uint64_t n = acknowledged > kCrashSlots ? acknowledged - kCrashSlots + 1 : 1; n <= acknowledged; ++n)
    EXPECT_GE(number_at(*store, n), n);
  EXPECT_LE(scan_all(*store, 100).size(), kCrashSlots);
  std::uint64_t newest = acknowledged;
  for (std::uint64_t slot = 0; slot < kCrashSlots; ++slot) newest = std::max(newest, number_at(*store, slot));
  return newest;
}

TEST(SHOAL_CRASH_SUITE, EveryAcknowledgedWriteSurvivesAKill) {
  const TempFolder folder;
  Rng rng(SHOAL_CRASH_ROUNDS);
  std::uint64_t newest = 0;
  for (int round = 0; round < SHOAL_CRASH_ROUNDS && !HasFailure(); ++round) {
    const std::uint64_t acknowledged = run_and_kill(folder.path(), newest + 1, rng);
    EXPECT_GT(acknowledged, newest);
    newest = check_store(folder.path(), acknowledged);
  }
}

}  // namespace
}  // namespace shoal::test
