// Result<T>: a value or an Error, with std::expected's member names so that one alias replaces it later.
//
// Depends on the standard library alone: the public client header includes this file.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

namespace shoal {

// What went wrong, for programs. `describe` has one sentence each, for people.
enum class Errc : std::uint8_t {
  ok = 0,
  not_found = 1,               // no such key
  conflict = 2,                // concurrent values, or a token that may not overwrite
  invalid = 3,                 // the request itself is wrong; nothing was changed
  bad_context = 4,             // a context that is malformed, forged, or of another key
  too_large = 5,               // over a limit; nothing was changed
  unavailable = 6,             // too few replicas; certainly not applied
  indeterminate = 7,           // not confirmed in time; may have been applied
  timeout = 8,                 // a read that found too few replies in time
  overloaded = 9,              // refused early; certainly not applied
  no_space = 10,               // the disk takes no more; certainly not applied
  refused = 11,                // not allowed, or not this cluster
  corrupt = 12,                // bytes that fail their checksum or their format
  io = 13,                     // the machine's disk or network failed
  closed = 14,                 // the client or node is shutting down
  session_not_satisfied = 15,  // no replica that answered in time is as new as what the session has seen
  inconsistent = 16,           // the primaries did not agree on one state in time
};

const char* describe(Errc code);

struct Error {
  Errc code = Errc::invalid;
  std::string message;  // one sentence that a person can act on
  int acks = 0;         // replicas that answered
  int needed = 0;       // replicas that had to

  // True when a failed write may still win later: never retry it blindly as if it had not happened.
  [[nodiscard]] bool maybe_applied() const { return code == Errc::indeterminate; }

  friend bool operator==(const Error&, const Error&) = default;
};

// What `Result::value()` throws when there is no value.
class BadResult : public std::runtime_error {
 public:
  explicit BadResult(Error error) : std::runtime_error(error.message), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const { return error_; }

 private:
  Error error_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return require(), std::get<0>(state_); }
  const T& value() const& { return require(), std::get<0>(state_); }
  T value() && { return require(), std::get<0>(std::move(state_)); }  // by value: nothing dangles in a range-for
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Precondition: !has_value().
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

  template <class U>
  [[nodiscard]] T value_or(U&& other) const& {
    return has_value() ? std::get<0>(state_) : static_cast<T>(std::forward<U>(other));
  }

 private:
  void require() const {
    if (!has_value()) throw BadResult(error());
  }
  std::variant<T, Error> state_;
};

struct Unit {
  friend bool operator==(Unit, Unit) = default;
};
using Status = Result<Unit>;

inline Error fail(Errc code, std::string message) { return Error{.code = code, .message = std::move(message)}; }

}  // namespace shoal
