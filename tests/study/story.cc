#include "tests/study/story.h"

#include <algorithm>
#include <utility>

namespace shoal::study {

Story::Story() {
  recording.variant = "base";
  recording.seed = 1;
  recording.driver = "sim";
  recording.nodes = {"n1", "n2", "n3"};
  recording.keys = {"k0"};
  recording.kinds = {Kind::siblings};
  recording.r = 2;
  recording.w = 2;
  recording.seconds = 10;
}

Operation& Story::add(Operation operation) {
  operation.completed = operation.invoked + kTook;
  operation.outcome = Outcome::ok;
  recording.operations.push_back(std::move(operation));
  return recording.operations.back();
}

Operation& Story::put(WriteId id, double at, Ids replaces) {
  return add({.function = Function::put, .invoked = at, .write = id, .replaces = std::move(replaces)});
}

Operation& Story::del(WriteId id, double at, Ids replaces) {
  return add({.function = Function::del, .invoked = at, .write = id, .replaces = std::move(replaces)});
}

Operation& Story::get(double at, Ids returned) { return add({.invoked = at, .returned = std::move(returned)}); }

Operation& Story::cas(WriteId id, double at, WriteId expected) {
  const Ids replaces = expected == 0 ? Ids{} : Ids{expected};
  return add({.function = Function::cas, .invoked = at, .write = id, .replaces = replaces, .expected = expected});
}

void Story::strong() {
  std::ranges::fill(recording.kinds, Kind::strong);
  for (Operation& operation : recording.operations) operation.linearizable = true;
}

Operation& Story::find(WriteId id) {
  return *std::ranges::find_if(recording.operations, [id](const Operation& operation) {
    return operation.function != Function::get && operation.write == id;
  });
}

Operation& Story::probe(WriteId write, double distance, Ids returned) {
  const double acknowledged = find(write).completed;
  return add({.phase = Phase::probe,
              .invoked = acknowledged + distance,
              .since_write = distance,
              .write = write,
              .returned = std::move(returned)});
}

void Story::sample(double at, std::uint64_t behind) {
  recording.samples.push_back({.at = at, .behind = behind, .keys_apart = behind});
}

void Story::fault(double begin, double end) {
  recording.faults.push_back({.what = "partition", .where = "n1 | n2, n3", .begin = begin, .end = end});
  recording.healed = std::max(recording.healed, end);
}

LastState& Story::ends(Ids values, std::uint32_t key) {
  recording.finals.push_back({.key = key, .values = std::move(values)});
  return recording.finals.back();
}

const Recording& Story::told() {
  std::ranges::stable_sort(recording.operations, {}, &Operation::invoked);
  return recording;
}

}  // namespace shoal::study
