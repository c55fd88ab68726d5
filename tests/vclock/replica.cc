#include "tests/vclock/replica.h"

namespace shoal {

std::string text(const Dot& dot) {
  const Incarnation incarnation = dot.actor.incarnation;
  std::string out(1, static_cast<char>(incarnation.value & 0x7f));
  out.append(incarnation.start() - 1, '\'');
  out += std::to_string(dot.actor.epoch);
  out += ':';
  out += std::to_string(dot.counter);
  return out;
}

std::string text(const VersionVector& clock) {
  std::string out = "{";
  for (const VersionVector::Entry& entry : clock.entries()) {
    if (out.size() > 1) out += ' ';
    out += text(Dot{entry.actor, entry.counter});
  }
  out += '}';
  return out;
}

std::string text(const Record& record) {
  std::string out = text(record.clock);
  for (const Sibling& sibling : record.siblings) {
    out += ' ';
    out += text(sibling.dot);
    out += '=';
    out += sibling.tombstone ? "+" : sibling.value.view();
  }
  return out;
}

Record merged(const Record& a, const Record& b, Kind kind) {
  Record out = a;
  merge(kind, out, b);
  return out;
}

}  // namespace shoal
