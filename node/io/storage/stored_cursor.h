// A table of LMDB in order of its places.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "node/io/storage/lmdb_env.h"
#include "node/wire/entry_codec.h"

namespace shoal {

// `place` is absent at the end. A code other than 0 stays.
class StoredCursor {
 public:
  StoredCursor(MDB_txn* txn, MDB_dbi table, const Place& from) {
    MDB_cursor* raw = nullptr;
    code_ = mdb_cursor_open(txn, table, &raw);
    cursor_.reset(code_ == 0 ? raw : nullptr);
    const std::string key = place_bytes(from);
    key_ = lmdb_val(key);
    if (code_ == 0) move(MDB_SET_RANGE);
  }

  [[nodiscard]] const std::optional<Place>& place() const { return place_; }
  [[nodiscard]] std::string_view value() const { return lmdb_view(value_); }
  void next() { move(MDB_NEXT); }
  [[nodiscard]] int code() const { return code_ == MDB_NOTFOUND ? 0 : code_; }

 private:
  void move(MDB_cursor_op op) {
    code_ = mdb_cursor_get(cursor_.get(), &key_, &value_, op);
    place_ = code_ == 0 ? place_from(lmdb_view(key_)) : std::nullopt;
    if (code_ == 0 && !place_) code_ = MDB_CORRUPTED;
  }

  LmdbCursor cursor_;
  MDB_val key_{};
  MDB_val value_{};
  std::optional<Place> place_;
  int code_ = 0;
};

}  // namespace shoal
