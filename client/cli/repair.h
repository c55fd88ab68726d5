// repair: how far replicas are known to hold the same, and how to make sure of it now.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/cli/gather.h"

namespace CLI {
class Option;
}

namespace shoal::cli {

struct RepairOrder {
  std::vector<std::string> nodes;  // none: all members
  bool wait = false;
  bool scrub = false;
  const CLI::Option* timeout = nullptr;  // given: of the wait as well
};

// Returns the exit code.
int start_repair(Session& session, const RepairOrder& order);

}  // namespace shoal::cli
