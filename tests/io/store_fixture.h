// A store on a disk that can be made to fail, and the words to use it with.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/io/faulty_disk.h"
#include "tests/io/store_kit.h"

namespace shoal::test {

class StoreFixture : public ::testing::Test {
 protected:
  CommitId put(std::uint64_t n, const std::string& value) {
    return store_->write(slot_at(n), entry_of("key" + std::to_string(n), value));
  }
  void put_durably(std::uint64_t n, const std::string& value) { ASSERT_TRUE(make_durable(*store_, put(n, value))); }
  void put_into_lmdb(std::uint64_t n, const std::string& value) {
    ASSERT_TRUE(make_checkpoint(*store_, put(n, value)));
  }
  std::string get(std::uint64_t n) { return value_at(*store_, slot_at(n)); }

  void reopen() {
    store_.reset();
    store_ = open_store(options_);
  }

  FaultyDisk disk_;
  TempFolder folder_;
  StoreOptions options_ = options_in(folder_ / "store");
  std::unique_ptr<DiskStore> store_ = open_store(options_);
};

}  // namespace shoal::test
