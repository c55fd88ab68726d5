#include "bench/sim/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "bench/sim/ledger.h"
#include "node/base/bytes.h"

namespace shoal::sim {

std::string_view name_of(Outcome outcome) {
  constexpr std::string_view kNames[] = {"open", "ok", "fail", "info"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view name_of(Function function) {
  constexpr std::string_view kNames[] = {"get", "put", "del", "list", "bad_input", "status", "bucket"};
  return kNames[static_cast<std::size_t>(function)];
}

Operation& History::invoke(Operation operation) {
  index_.emplace(operation.id, operations_.size());
  operations_.push_back(std::move(operation));
  return operations_.back();
}

Operation* History::find(const RequestId& id) {
  const auto it = index_.find(id);
  return it != index_.end() ? &operations_[it->second] : nullptr;
}

const Operation* History::find(const RequestId& id) const {
  const auto it = index_.find(id);
  return it != index_.end() ? &operations_[it->second] : nullptr;
}

std::size_t History::ended() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      operations_, [](const Operation& operation) { return operation.outcome != Outcome::open; }));
}

std::string value_for(const RequestId& id, std::size_t padding) {
  std::string value;
  append_u64(value, id.client);
  append_u64(value, id.sequence);
  value.append(padding, static_cast<char>('a' + id.sequence % 26));
  return value;
}

std::optional<RequestId> writer_of(std::string_view value) {
  if (value.size() < 16) return std::nullopt;
  return RequestId{read_u64(value), read_u64(value.substr(8))};
}

std::string describe(const Operation& operation) {
  using std::chrono::duration_cast;
  using std::chrono::microseconds;
  std::string text = fmt::format("{:>12} us  {:<9} key={} quorum={} {} -> {} ({})",
                                 duration_cast<microseconds>(operation.invoked.time_since_epoch()).count(),
                                 name_of(operation.function), operation.key, operation.quorum, to_text(operation.id),
                                 name_of(operation.outcome), describe(operation.error));
  for (const RequestId& id : operation.saw) text += " saw " + to_text(id);
  for (const RequestId& id : operation.returned) text += " returned " + to_text(id);
  if (operation.condition == PutIf::absent) text += " if absent";
  if (operation.condition == PutIf::value_is) text += " if it is of " + to_text(operation.compared);
  if (operation.expected_version) text += fmt::format(" if at version {}", *operation.expected_version);
  if (operation.version) text += fmt::format(" version {}", *operation.version);
  if (!operation.bucket.empty()) text += " " + operation.bucket;
  return text;
}

}  // namespace shoal::sim
