// One replica of one record, in a few words for literal tests.
//
// `text` shows a state: the clock in braces, then the siblings. "a1:2" is the dot 2 of the actor that replica a opened
// with its counter at 1; a restart adds an apostrophe to the name; a tombstone's value is "+".
#pragma once

#include <string>

#include "vclock/record.h"

namespace shoal {

class Replica {
 public:
  Minter minter;
  Record record;
  Ownership ownership;

  explicit Replica(char name, Kind kind = Kind::siblings)
      : minter{Incarnation::of(1, static_cast<unsigned char>(name)), 0}, kind_(kind) {}

  Dot put(const std::string& value, const VersionVector& seen = {}) { return write({}, {}, value, seen); }
  Dot put_at(std::uint64_t hlc, const std::string& value, const VersionVector& seen = {}) {
    return write({hlc}, {}, value, seen);
  }
  Dot put_as(RequestId request, const std::string& value, const VersionVector& seen = {}) {
    return write({}, request, value, seen);
  }
  Dot del(const VersionVector& seen) { return apply({seen, {}, {}, true, {}}); }

  void merge(const Record& other) { shoal::merge(kind_, record, ownership, other); }
  void merge(const Replica& other) { merge(other.record); }

  // What a client's context holds after reading here.
  [[nodiscard]] const VersionVector& read() const { return record.clock; }

  void write_other_keys(std::uint64_t count) { minter.counter += count; }
  void restart() {
    minter.incarnation = Incarnation::of(minter.incarnation.start() + 1, minter.incarnation.value);
    minter.counter = 0;
  }
  void lose_record() {
    record = {};
    ownership = {};
  }

 private:
  Dot write(Hlc hlc, RequestId request, const std::string& value, const VersionVector& seen) {
    return apply({seen, hlc, request, false, Blob(value)});
  }
  Dot apply(const Write& write) {
    ++minter.counter;
    return shoal::put(kind_, record, ownership, write, minter).dot;
  }

  Kind kind_;
};

std::string text(const Dot& dot);
std::string text(const VersionVector& clock);
std::string text(const Record& record);
inline std::string text(const Replica& replica) { return text(replica.record); }

Record merged(const Record& a, const Record& b, Kind kind = Kind::siblings);

}  // namespace shoal
