#include "client/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace shoal::cli {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(100);
constexpr auto kUntilFirst = std::chrono::seconds(1);  // short jobs show nothing

}  // namespace

Progress::Progress(const Session& session, std::string unit) : unit_(std::move(unit)) {
  const std::string& mode = session.globals().progress;
  json_ = mode == "json";
  line_ = mode == "always" || (mode == "auto" && isatty(STDERR_FILENO) != 0 && !session.quiet());
  next_ = begun_ + (mode == "auto" ? Clock::duration(kUntilFirst) : Clock::duration::zero());
}

Progress::~Progress() {
  if (drawn_ && line_) std::fputs("\r\x1b[K", stderr);
}

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - begun_).count(); }

void Progress::add(std::uint64_t count) {
  done_ += count;
  if (is_due()) draw();
}

void Progress::reach(double share, const std::string& what) {
  if (!is_due()) return;
  next_ = Clock::now() + kPeriod;
  drawn_ = true;
  const double left = share > 0 ? seconds() * (1 - share) / share : 0;
  if (json_)
    std::fprintf(stderr, "{\"schema\":1,\"share\":%.4f,\"seconds_left\":%.0f}\n", share, left);
  else
    std::fprintf(stderr, "\r\x1b[K%3.0f %%  %s  %.0f s left", 100 * share, what.c_str(), left);
}

void Progress::draw() {
  next_ = Clock::now() + kPeriod;
  drawn_ = true;
  const double rate = static_cast<double>(done_) / std::max(seconds(), 1e-9);
  const auto done = static_cast<unsigned long long>(done_);
  if (json_) {
    std::fprintf(stderr, "{\"schema\":1,\"done\":%llu,\"per_second\":%.0f}\n", done, rate);
  } else {
    std::fprintf(stderr, "\r\x1b[K%llu %s  %.0f/s", done, unit_.c_str(), rate);
  }
}

}  // namespace shoal::cli
