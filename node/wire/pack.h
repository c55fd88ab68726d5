// Values <-> MessagePack, once for both directions.
//
// Every struct lists its fields in node/wire/fields.h; Packer writes them as an array, Unpacker reads them back.
// A strong id is a bare integer, an absent optional is nil, a variant is [index, alternative]. An array may be longer
// than expected (a newer release added fields), and shorter by fields that are marked as later ones alone.
//
// The only files that know msgpack include this one. Unpacking never throws and never trusts: every enum, length and
// order is checked, and what is wrong makes the whole frame malformed.
#pragma once

#include <chrono>
#include <memory>
#include <msgpack.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "node/base/bytes.h"

namespace shoal::wire {

using Buffer = msgpack::sbuffer;

template <class T>
concept StrongInteger = requires(T t) {
  t.value;
}
&&std::is_integral_v<decltype(T::value)>;

// A field that came with a later release: absent in what an earlier one wrote, and then it keeps its default.
template <class T>
struct Later {
  T& value;
};
template <class T>
Later<T> later(T& value) {
  return {value};
}
template <class T>
inline constexpr bool kIsLater = false;
template <class T>
inline constexpr bool kIsLater<Later<T>> = true;

class Packer {
 public:
  explicit Packer(Buffer& out) : pack_(out) {}

  template <class... Fields>
  void operator()(const Fields&... members) {
    pack_.pack_array(sizeof...(members));
    (put(members), ...);
  }

  void array(std::size_t size) { pack_.pack_array(static_cast<std::uint32_t>(size)); }

  template <class T>
  void put(const Later<T>& field) {
    put(field.value);
  }
  void put(bool value) { pack_.pack(value); }
  void put(std::string_view text) {
    pack_.pack_bin(static_cast<std::uint32_t>(text.size()));
    pack_.pack_bin_body(text.data(), static_cast<std::uint32_t>(text.size()));
  }
  void put(const std::string& text) { put(std::string_view(text)); }
  void put(const Blob& blob) { put(blob.view()); }
  void put(std::chrono::milliseconds span) { pack_.pack(span.count()); }

  template <class T>
  requires std::is_integral_v<T>
  void put(T value) { pack_.pack(value); }
  template <class T>
  requires std::is_enum_v<T>
  void put(T value) { pack_.pack(static_cast<std::underlying_type_t<T>>(value)); }
  template <StrongInteger T>
  void put(const T& id) {
    pack_.pack(id.value);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    if (value) {
      put(*value);
    } else {
      pack_.pack_nil();
    }
  }
  template <class T>
  void put(const std::shared_ptr<const T>& value) {
    if (value) {
      put(*value);
    } else {
      pack_.pack_nil();
    }
  }
  template <class T>
  void put(const std::vector<T>& values) {
    array(values.size());
    for (const T& value : values) put(value);
  }
  template <class... Alternatives>
  void put(const std::variant<Alternatives...>& value) {
    array(2);
    pack_.pack(value.index());
    std::visit([this](const auto& alternative) { this->put(alternative); }, value);
  }
  // Types that are not an array of fields say themselves what they are.
  template <class T>
  requires requires(Packer& packer, const T& value) { pack_value(packer, value); }
  void put(const T& value) { pack_value(*this, value); }
  template <class T>
  requires requires(Packer& packer, T& value) { fields(packer, value); }
  void put(const T& value) {
    fields(*this, const_cast<T&>(value));  // one list of fields serves both directions; packing reads only
  }

 private:
  msgpack::packer<Buffer> pack_;
};

// Reads into the fields; false as soon as something does not fit.
class Unpacker {
 public:
  using Object = msgpack::object;

  // Reads `T` out of `object`.
  template <class T>
  static bool read(const Object& object, T& value) {
    return get(object, value);
  }

  template <class... Fields>
  void operator()(Fields&&... members) {
    constexpr std::size_t kNeeded = (0 + ... + (kIsLater<std::remove_cvref_t<Fields>> ? 0 : 1));
    fits_ = object_->type == msgpack::type::ARRAY && object_->via.array.size >= kNeeded;
    const Object* next = fits_ ? object_->via.array.ptr : nullptr;
    const Object* end = fits_ ? next + object_->via.array.size : nullptr;
    ((fits_ = fits_ && (next == end || get(*next++, members))), ...);
  }

 private:
  explicit Unpacker(const Object& object) : object_(&object) {}

  template <class T>
  static bool get(const Object& object, Later<T>& field) {
    return get(object, field.value);
  }
  static bool get(const Object& object, bool& value) {
    value = object.type == msgpack::type::BOOLEAN && object.via.boolean;
    return object.type == msgpack::type::BOOLEAN;
  }
  static bool get(const Object& object, std::string& text) {
    if (object.type != msgpack::type::BIN) return false;
    text.assign(object.via.bin.ptr, object.via.bin.size);
    return true;
  }
  static bool get(const Object& object, Blob& blob) {
    if (object.type != msgpack::type::BIN) return false;
    blob = Blob(std::string(object.via.bin.ptr, object.via.bin.size));
    return true;
  }
  static bool get(const Object& object, std::chrono::milliseconds& span) {
    std::int64_t count = 0;
    if (!get(object, count)) return false;
    span = std::chrono::milliseconds(count);
    return true;
  }
  template <class T>
  requires std::is_integral_v<T>
  static bool get(const Object& object, T& value) {
    if (object.type == msgpack::type::POSITIVE_INTEGER) {
      value = static_cast<T>(object.via.u64);
      return std::in_range<T>(object.via.u64);
    }
    if (object.type == msgpack::type::NEGATIVE_INTEGER) {
      value = static_cast<T>(object.via.i64);
      return std::in_range<T>(object.via.i64);
    }
    return false;
  }
  template <class T>
  requires std::is_enum_v<T>
  static bool get(const Object& object, T& value) {
    std::underlying_type_t<T> number{};
    if (!get(object, number) || number > static_cast<std::underlying_type_t<T>>(highest(T{}))) return false;
    value = static_cast<T>(number);
    return true;
  }
  template <StrongInteger T>
  static bool get(const Object& object, T& id) {
    return get(object, id.value);
  }
  template <class T>
  static bool get(const Object& object, std::optional<T>& value) {
    if (object.type == msgpack::type::NIL) return true;
    return get(object, value.emplace());
  }
  template <class T>
  static bool get(const Object& object, std::shared_ptr<const T>& value) {
    if (object.type == msgpack::type::NIL) return true;
    auto made = std::make_shared<T>();
    const bool fits = get(object, *made);
    value = std::move(made);
    return fits;
  }
  template <class T>
  static bool get(const Object& object, std::vector<T>& values) {
    if (object.type != msgpack::type::ARRAY) return false;
    // One by one: made at once, a hostile array of small wrong elements would cost a hundred times its bytes.
    values.clear();
    for (std::uint32_t i = 0; i < object.via.array.size; ++i)
      if (!get(object.via.array.ptr[i], values.emplace_back())) return false;
    return true;
  }
  template <class... Alternatives>
  static bool get(const Object& object, std::variant<Alternatives...>& value) {
    if (object.type != msgpack::type::ARRAY || object.via.array.size < 2) return false;
    std::size_t index = 0;
    if (!get(object.via.array.ptr[0], index) || index >= sizeof...(Alternatives)) return false;
    return get_alternative(object.via.array.ptr[1], value, index, std::index_sequence_for<Alternatives...>{});
  }
  template <class Variant, std::size_t... Is>
  static bool get_alternative(const Object& object, Variant& value, std::size_t index, std::index_sequence<Is...>) {
    bool fits = false;
    ((index == Is && (fits = get(object, value.template emplace<Is>()))), ...);
    return fits;
  }
  template <class T>
  requires requires(const Object& object, T& value) { unpack_value(object, value); }
  static bool get(const Object& object, T& value) { return unpack_value(object, value); }
  template <class T>
  requires requires(Unpacker& unpacker, T& value) { fields(unpacker, value); }
  static bool get(const Object& object, T& value) {
    Unpacker unpacker(object);
    fields(unpacker, value);
    return unpacker.fits_ && valid(value);
  }
  // Structs with an invariant overload `valid` beside their fields.
  template <class T>
  static bool valid(const T& value) {
    if constexpr (requires { is_valid(value); }) return is_valid(value);
    return true;
  }

  const Object* object_;
  bool fits_ = true;
};

// Parses one MessagePack value; false when it is malformed, over a limit, or followed by other bytes. The object
// refers into `bytes`.
bool parse(std::string_view bytes, msgpack::object_handle& out);

}  // namespace shoal::wire
