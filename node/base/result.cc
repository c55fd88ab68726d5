#include "node/base/result.h"

namespace shoal {

const char* describe(Errc code) {
  switch (code) {
    case Errc::ok: return "ok";
    case Errc::not_found: return "no such key";
    case Errc::conflict: return "concurrent values";
    case Errc::invalid: return "invalid request";
    case Errc::bad_context: return "bad context";
    case Errc::too_large: return "over a limit";
    case Errc::unavailable: return "unavailable, certainly not applied";
    case Errc::indeterminate: return "not confirmed, may have been applied";
    case Errc::timeout: return "timed out";
    case Errc::overloaded: return "overloaded, certainly not applied";
    case Errc::no_space: return "no space, certainly not applied";
    case Errc::refused: return "refused";
    case Errc::corrupt: return "corrupt data";
    case Errc::io: return "input or output failed";
    case Errc::closed: return "closed";
    case Errc::session_not_satisfied: return "older than what the session has seen";
    case Errc::inconsistent: return "the replicas do not agree";
  }
  return "unknown error";
}

}  // namespace shoal
