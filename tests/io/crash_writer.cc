// crash_writer DIR FIRST: writes numbered records as fast as it can and prints each number that is durable with all
// before it. Runs until it is killed. crash_test starts it.
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <map>

#include "tests/io/crash_slots.h"
#include "tests/io/store_kit.h"

namespace shoal::test {
namespace {

constexpr std::uint64_t kWritesPerTurn = 50;

int write_until_killed(const std::string& dir, std::uint64_t next) {
  StoreOptions options = options_in(dir);
  options.spares_ahead = 2;
  const auto store = DiskStore::open(options);
  if (!store) return std::cerr << store.error().message << "\n", 1;
  std::map<CommitId, std::uint64_t> last_of;
  while (true) {
    for (std::uint64_t i = 0; i < kWritesPerTurn; ++i, ++next) last_of[write_number(**store, next)] = next;
    (*store)->flush();
    if (!wait_for_event(**store)) return 1;
    if (const auto durable = (*store)->collect()) std::cout << last_of.at(*durable) << std::endl;
    if (!(*store)->admit()) return std::cerr << (*store)->admit().error().message << "\n", 1;
  }
}

}  // namespace
}  // namespace shoal::test

int main(int argc, char** argv) {
  if (argc != 3) return std::cerr << "usage: crash_writer DIR FIRST\n", 2;
  return shoal::test::write_until_killed(argv[1], std::strtoull(argv[2], nullptr, 10));
}
