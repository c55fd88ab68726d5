// Story: a Recording written by hand, in a few words. Times are seconds; an operation takes 10 ms unless it says else.
#pragma once

#include <initializer_list>
#include <vector>

#include "bench/study/recording.h"

namespace shoal::study {

class Story {
 public:
  static constexpr double kTook = 0.01;
  using Ids = std::vector<WriteId>;

  // One key "k0", three replicas, a load of ten seconds.
  Story();

  Operation& put(WriteId id, double at, Ids replaces = {});
  Operation& del(WriteId id, double at, Ids replaces = {});
  Operation& get(double at, Ids returned = {});
  // Of a strong bucket; 0: the key must have no value.
  Operation& cas(WriteId id, double at, WriteId expected);
  // A read at this distance (s) from the acknowledgement of `write`.
  Operation& probe(WriteId write, double distance, Ids returned);
  Operation& find(WriteId id);

  void sample(double at, std::uint64_t behind);
  void fault(double begin, double end);
  LastState& ends(Ids values, std::uint32_t key = 0);

  // All keys are in a strong bucket, and all that was done so far is linearizable.
  void strong();

  [[nodiscard]] const Recording& told();
  Recording recording;

 private:
  Operation& add(Operation operation);
};

}  // namespace shoal::study
