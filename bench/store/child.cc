#include "bench/store/child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "node/io/unique_fd.h"

namespace shoal {
namespace {

[[noreturn]] void be_child(int out, const std::function<Status(std::FILE*)>& work) {
  std::FILE* answer = ::fdopen(out, "w");
  const Status done = work(answer);
  if (!done) std::fprintf(stderr, "%s\n", done.error().message.c_str());
  std::fflush(answer);
  ::_exit(done ? 0 : 1);
}

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> part{};
  while (true) {
    const ssize_t got = ::read(fd, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Result<std::string> in_child(const std::function<Status(std::FILE* answer)>& work) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return fail(Errc::io, "cannot make a pipe");
  const UniqueFd in(ends[0]);
  UniqueFd out(ends[1]);
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child < 0) return fail(Errc::io, "cannot start a process");
  if (child == 0) be_child(out.get(), work);
  out = UniqueFd();
  std::string text = read_all(in.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  const bool meant = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && !text.empty();
  if (meant || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) return text;
  const std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status)) : "what it said above";
  return fail(Errc::io, "a measurement in a process of its own ended by " + how);
}

}  // namespace shoal
