// A thread that takes no signals: they are for the main thread.
#pragma once

#include <csignal>
#include <thread>
#include <utility>

namespace shoal {

std::thread quiet_thread(auto body) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::sigdelset(&all, SIGBUS);  // comes to the thread that touched an unreadable page, and cannot be blocked
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(body));
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace shoal
