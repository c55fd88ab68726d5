#include "node/wire/fields.h"

#include <algorithm>

namespace shoal {

bool is_valid(const Record& record) {
  const auto covered = [&](const Sibling& sibling) {
    return sibling.dot.counter > 0 && record.clock.covers(sibling.dot);
  };
  const auto out_of_order = [](const Sibling& a, const Sibling& b) { return a.dot >= b.dot; };
  return std::ranges::all_of(record.siblings, covered) &&
         std::ranges::adjacent_find(record.siblings, out_of_order) == record.siblings.end();
}

void pack_value(wire::Packer& packer, const HashKey& key) {
  packer.put(std::string_view(reinterpret_cast<const char*>(key.bytes.data()), key.bytes.size()));
}

bool unpack_value(const wire::Unpacker::Object& object, HashKey& key) {
  std::string bytes;
  if (!wire::Unpacker::read(object, bytes) || bytes.size() != key.bytes.size()) return false;
  std::copy(bytes.begin(), bytes.end(), key.bytes.begin());
  return true;
}

}  // namespace shoal
