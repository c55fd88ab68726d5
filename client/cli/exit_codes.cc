#include "client/cli/exit_codes.h"

namespace shoal::cli {

Exit exit_code_of(Errc code) {
  switch (code) {
    case Errc::ok: return kDone;
    case Errc::not_found: return kAbsent;
    case Errc::conflict: return kConflict;
    case Errc::invalid:
    case Errc::bad_context:
    case Errc::too_large: return kUsage;
    case Errc::unavailable:
    case Errc::overloaded:
    case Errc::no_space:
    case Errc::corrupt:
    case Errc::io:
    case Errc::closed: return kUnavailable;
    case Errc::indeterminate:
    case Errc::timeout:
    case Errc::session_not_satisfied: return kMaybe;
    case Errc::inconsistent: return kUnhealthy;
    case Errc::refused: return kRefused;
  }
  return kBug;
}

const char* name_of(Errc code) {
  switch (code) {
    case Errc::ok: return "ok";
    case Errc::not_found: return "not_found";
    case Errc::conflict: return "conflict";
    case Errc::invalid: return "invalid";
    case Errc::bad_context: return "bad_context";
    case Errc::too_large: return "too_large";
    case Errc::unavailable: return "unavailable";
    case Errc::indeterminate: return "indeterminate";
    case Errc::timeout: return "timeout";
    case Errc::overloaded: return "overloaded";
    case Errc::no_space: return "no_space";
    case Errc::refused: return "refused";
    case Errc::corrupt: return "corrupt";
    case Errc::io: return "io";
    case Errc::closed: return "closed";
    case Errc::session_not_satisfied: return "session_not_satisfied";
    case Errc::inconsistent: return "inconsistent";
  }
  return "unknown";
}

}  // namespace shoal::cli
