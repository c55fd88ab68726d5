// Bytes that are shared and never change, and their textual forms.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace shoal {

// An immutable value. Copies share the bytes, so merging and shipping a record copies no value.
class Blob {
 public:
  Blob() = default;
  explicit Blob(std::string bytes)
      : bytes_(bytes.empty() ? nullptr : std::make_shared<const std::string>(std::move(bytes))) {}

  [[nodiscard]] std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }
  [[nodiscard]] std::size_t size() const { return bytes_ ? bytes_->size() : 0; }

  friend bool operator==(const Blob& a, const Blob& b) { return a.view() == b.view(); }
  friend auto operator<=>(const Blob& a, const Blob& b) { return a.view() <=> b.view(); }

 private:
  std::shared_ptr<const std::string> bytes_;
};

std::string to_hex(std::string_view bytes);

// URL-safe base64 without padding (RFC 4648 section 5).
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);

// Fixed-width big-endian integers: they sort as the numbers do.
void append_u64(std::string& out, std::uint64_t value);
std::uint64_t read_u64(std::string_view eight_bytes);  // Precondition: at least 8 bytes.

}  // namespace shoal
