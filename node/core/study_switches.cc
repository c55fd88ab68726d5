#include "node/core/study_switches.h"

namespace shoal {

std::vector<std::string> deviations(const StudySwitches& switches) {
  std::vector<std::string> changed;
  for (const StudySwitch& known : kStudySwitches)
    if (switches.*known.field != StudySwitches{}.*known.field)
      changed.push_back(std::string(known.name) + (switches.*known.field ? " on" : " off"));
  return changed;
}

}  // namespace shoal
