// The shoal command against fake nodes.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/client/fake_cluster.h"
#include "tests/client/run_command.h"

namespace shoal::test {

// Global flags that a test may override come first: the last one given wins.
inline Ran run_shoal(const FakeCluster& cluster, const std::string& arguments, const std::string& input = "") {
  return run_command(SHOAL_BIN_DIR "/shoal --timeout 20s -s " + cluster.seeds() + " " + arguments, input);
}

class CliTest : public testing::Test {
 protected:
  Ran shoal(const std::string& arguments, const std::string& input = "") {
    return run_shoal(cluster_, arguments, input);
  }
  nlohmann::json json(const std::string& arguments, const std::string& input = "") {
    return nlohmann::json::parse(shoal("-o json " + arguments, input).out);
  }

  FakeCluster cluster_{3};
};

}  // namespace shoal::test
