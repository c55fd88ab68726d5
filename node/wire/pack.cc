#include "node/wire/pack.h"

namespace shoal::wire {

bool parse(std::string_view bytes, msgpack::object_handle& out) {
  // Without limits five hostile bytes can ask for 96 GB. No element is smaller than a byte, so none of these limits
  // refuses anything that fits the buffer, and the depth is that of our deepest message.
  constexpr std::size_t kDepthMax = 16;
  const msgpack::unpack_limit limit(bytes.size(), 0, bytes.size(), bytes.size(), 0, kDepthMax);
  const auto refer = [](msgpack::type::object_type, std::size_t, void*) { return true; };
  try {
    std::size_t offset = 0;
    msgpack::unpack(out, bytes.data(), bytes.size(), offset, refer, nullptr, limit);
    return offset == bytes.size();
  } catch (const std::exception&) {  // msgpack's own errors and a failed allocation: the frame is refused
    return false;
  }
}

}  // namespace shoal::wire
