// The small public values: contexts, objects, resolvers.
#include <algorithm>

#include "client/shoal/client.hpp"
#include "node/base/bytes.h"
#include "node/base/limits.h"

namespace shoal {

std::string Context::token() const { return to_base64url(view()); }

Result<Context> Context::parse(std::string_view token) {
  if (token.size() > kContextBytesMax * 4 / 3 + 4)
    return fail(Errc::bad_context, "this context token is too long to be one; pass on exactly what a read returned");
  auto bytes = from_base64url(token);
  if (!bytes)
    return fail(Errc::bad_context, "this is not a context token; pass on exactly what a read or write returned");
  return Context(*std::move(bytes));
}

const std::string& Object::value() const& {
  if (values_.empty()) throw BadResult(fail(Errc::not_found, "there is no such key; ask exists() first"));
  if (values_.size() > 1) {
    throw BadResult(fail(Errc::conflict, "the key holds " + std::to_string(values_.size()) +
                                             " concurrent values; merge siblings() and write back with context()"));
  }
  return values_.front();
}

namespace resolve {

Resolver none() { return {}; }

Resolver last_writer() {
  return [](std::span<const std::string> values) { return values.back(); };
}

Resolver largest() {
  return [](std::span<const std::string> values) { return *std::ranges::max_element(values); };
}

}  // namespace resolve
}  // namespace shoal
