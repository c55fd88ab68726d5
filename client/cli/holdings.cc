#include "client/cli/holdings.h"

namespace shoal::cli {

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : separator) + word;
  return text;
}

std::string clock_text(const Holding& holding) {
  std::vector<std::string> entries;
  for (const ClockEntry& entry : holding.clock) entries.push_back(entry.actor + ":" + std::to_string(entry.counter));
  return joined(entries, " ");
}

Json clock_json(const Holding& holding) {
  Json clock = Json::array();
  for (const ClockEntry& entry : holding.clock)
    clock.push_back(Json{{"actor", entry.actor}, {"counter", entry.counter}});
  return clock;
}

}  // namespace shoal::cli
