// The node is made of the libraries that the design names: they are linked, not imitated.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace shoal {
namespace {

std::string output_of(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output.push_back(static_cast<char>(c));
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

TEST(Shoald, LinksZeroMqLmdbAndSpdlog) {
  const std::string dynamic = output_of("readelf --dynamic --wide '" SHOAL_BIN_DIR "/shoald'");
  for (const char* library : {"libzmq.so", "liblmdb.so", "libspdlog.so"})
    EXPECT_NE(dynamic.find("(NEEDED)             Shared library: [" + std::string(library)), std::string::npos)
        << library;
}

TEST(Shoald, AcceptsTheConfigurationThatIsShipped) {
  const std::string shipped = SHOAL_SOURCE_DIR "/packaging/shoald.toml";
  EXPECT_EQ(output_of("env -i '" SHOAL_BIN_DIR "/shoald' --check-config --config '" + shipped + "' 2>&1"),
            "the configuration is valid\n");
}

}  // namespace
}  // namespace shoal
