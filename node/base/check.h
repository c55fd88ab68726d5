// SHOAL_CHECK: our own mistakes stop the process, in release builds too.
//
// A peer's bytes may never trip a check (they are refused at the border with a Result); a broken invariant of ours
// always should. The message names the file, the line and the condition.
#pragma once

namespace shoal {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace shoal

#define SHOAL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::shoal::check_failed(#condition, __FILE__, __LINE__))
