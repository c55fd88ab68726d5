// EventFd: by which one thread wakes another that polls.
#pragma once

#include <sys/eventfd.h>

#include "node/base/check.h"
#include "node/io/unique_fd.h"

namespace shoal {

class EventFd {
 public:
  EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { SHOAL_CHECK(fd_.valid()); }

  // Readable from now on, until drained. Can only fail when it is readable anyway.
  void signal() const { ::eventfd_write(fd_.get(), 1); }
  // Drain first, then look: what comes after the look signals again.
  void drain() const {
    eventfd_t ignored = 0;
    ::eventfd_read(fd_.get(), &ignored);
  }
  [[nodiscard]] int get() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace shoal
