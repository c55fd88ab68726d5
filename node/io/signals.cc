#include "node/io/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>
#include <string_view>

#include "node/base/check.h"

namespace shoal {
namespace {

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

constexpr std::string_view kServing =
    "shoald: the disk cannot read a part of the store any more: the node ends; look at its folder with "
    "shoald --check, then restore a snapshot, or start with an empty folder and let the other nodes fill it\n";
constexpr std::string_view kChecking = "shoald: the disk cannot read a part of this store: it is damaged\n";

// Only what is safe in a signal handler.
[[noreturn]] void end_with(std::string_view sentence, int code) {
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, sentence.data(), sentence.size());
  ::_exit(code);
}

void end_serving(int) { end_with(kServing, 4); }
void end_checking(int) { end_with(kChecking, 6); }

}  // namespace

void end_on_unreadable_pages(Reading reading) {
  struct sigaction action {};
  action.sa_handler = reading == Reading::to_serve ? end_serving : end_checking;
  SHOAL_CHECK(::sigaction(SIGBUS, &action, nullptr) == 0);
}

UniqueFd block_and_watch_signals() {
  const sigset_t set = ending_signals();
  SHOAL_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  std::signal(SIGPIPE, SIG_IGN);
  UniqueFd fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  SHOAL_CHECK(fd.valid());
  return fd;
}

void take_signal(const UniqueFd& signals) {
  signalfd_siginfo info{};
  if (::read(signals.get(), &info, sizeof info) != sizeof info) return;
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace shoal
