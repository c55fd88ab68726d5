// Ledger: numbered writes to a store, and what may be there of them after it has ended somehow.
//
// Every value says its number, numbers only grow, and few slots are written again and again. A store that opens must
// hold the state after some batch, whole: not older than what was reported as durable, and nothing of a later one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/io/store_kit.h"

namespace shoal::test {

class Ledger {
 public:
  explicit Ledger(std::uint64_t slots) : slots_(slots) {}

  // The next number; into the batch that the store is filling.
  CommitId write(DiskStore& store, std::size_t value_bytes);
  // Asks the store what is durable; the newest such number of all lives.
  std::uint64_t note_durable(const DiskStore& store);
  [[nodiscard]] std::uint64_t durable() const { return durable_; }

  // Empty when a store that was opened on whatever was left holds what it must, no half of anything, and the tree of
  // just that.
  [[nodiscard]] std::string fault_in(DiskStore& store, std::uint64_t durable) const;
  // The same, while it runs: it holds everything.
  [[nodiscard]] std::string fault_in_running(DiskStore& store) const;

  // Goes on in this store: the writes that it does not hold are gone for good. Those up to `durable` were reported.
  void begin_life(DiskStore& store, std::uint64_t durable);

 private:
  struct Write {
    CommitId commit;
    int life = 0;
    bool lost = false;  // a later life has begun without it
  };
  [[nodiscard]] std::vector<std::uint64_t> numbers_in(DiskStore& store) const;
  // What belongs to the state whose newest write is number `newest`.
  [[nodiscard]] bool is_in(const Write& write, std::uint64_t newest) const;
  [[nodiscard]] std::vector<std::uint64_t> state_with(std::uint64_t newest) const;

  std::uint64_t slots_;
  std::uint64_t durable_ = 0;
  int life_ = 0;
  std::vector<Write> writes_;  // of number 1 and on
};

}  // namespace shoal::test
