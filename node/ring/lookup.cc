#include "node/ring/lookup.h"

namespace shoal {

std::string name_in(const Membership& document, NodeId id) {
  const Member* member = document.find(id);
  return member != nullptr ? member->name : to_string(id);
}

Status check_bucket(const Membership& document, const std::string& name) {
  if (document.bucket(name) != nullptr) return Unit{};
  return fail(Errc::invalid, "there is no bucket \"" + name + "\"; create it with: shoal bucket create " + name);
}

}  // namespace shoal
