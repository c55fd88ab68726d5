#include "bench/study/recording.h"

#include <array>

namespace shoal::study {

std::string_view name_of(Function function) {
  constexpr std::array<std::string_view, 4> kNames = {"get", "put", "del", "cas"};
  return kNames[static_cast<std::size_t>(function)];
}

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, 3> kNames = {"ok", "fail", "info"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(Phase phase) {
  constexpr std::array<std::string_view, 3> kNames = {"load", "probe", "final"};
  return kNames[static_cast<std::size_t>(phase)];
}

}  // namespace shoal::study
