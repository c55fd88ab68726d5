// find_package(shoal CONFIG) as an outside project sees it: only what was installed, only the public header.
#include <gtest/gtest.h>

#include "tests/client/fake_cluster.h"
#include "tests/client/run_command.h"

namespace shoal::test {
namespace {

TEST(Package, AnOutsideProjectFindsBuildsAndRuns) {
  const TempDir dir;
  const std::string cmake = quoted_for_shell(SHOAL_CMAKE);
  const std::string prefix = dir.path("prefix");
  for (const char* component : {"libshoal", "libshoal-dev"}) {
    const Ran installed =
        run_command(cmake + " --install " SHOAL_BUILD_DIR " --prefix " + prefix + " --component " + component);
    ASSERT_EQ(installed.code, 0) << installed.out << installed.err;
  }
  const Ran configured = run_command(cmake + " -S " SHOAL_SOURCE_DIR "/tests/client/consumer -B " + dir.path("build") +
                                     " -DCMAKE_PREFIX_PATH=" + prefix +
                                     " -DCMAKE_CXX_COMPILER=" SHOAL_CXX " -DCMAKE_CXX_FLAGS='" SHOAL_CXX_FLAGS
                                     " -Wall -Wextra -Wpedantic -Werror'");
  ASSERT_EQ(configured.code, 0) << configured.out << configured.err;
  const Ran built = run_command(cmake + " --build " + dir.path("build"));
  ASSERT_EQ(built.code, 0) << built.out << built.err;

  FakeCluster cluster(3);
  const Ran ran = run_command(dir.path("build/consumer") + " 'shoal://" + cluster.seeds() + "?timeout=20s'");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "hello\ninvalid request\n");
}

}  // namespace
}  // namespace shoal::test
