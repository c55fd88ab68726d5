// Writes and reads the fields of a script. Both have the same functions, so that one description of the fields serves
// both ways and cannot come apart.
#pragma once

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bench/sim/fault.h"
#include "node/base/time.h"

namespace shoal::sim {

using Json = nlohmann::ordered_json;

class FieldWriter {
 public:
  explicit FieldWriter(Json& out) : out_(out) { out_ = Json::object(); }

  template <std::integral T>
  void number(const char* key, T& value, std::type_identity_t<T>, std::type_identity_t<T>) {
    out_[key] = value;
  }
  template <std::integral T>
  void numbers(const char* key, std::vector<T>& values, std::type_identity_t<T>, std::type_identity_t<T>) {
    out_[key] = values;
  }
  void time(const char* key, Duration& value, Duration) { out_[key] = value.count(); }
  void flag(const char* key, bool& value) { out_[key] = value; }
  void text(const char* key, std::string& value, std::size_t) { out_[key] = value; }
  template <class Enum>
  void word(const char* key, Enum& value, std::size_t) {
    out_[key] = std::string(name_of(value));
  }
  template <class Enum>
  void words(const char* key, std::vector<Enum>& values, std::size_t) {
    out_[key] = Json::array();
    for (const Enum value : values) out_[key].push_back(std::string(name_of(value)));
  }
  void nodes(const char* key, NodeSet& set, std::uint32_t count) {
    out_[key] = Json::array();
    for (std::uint32_t node = 0; node < count; ++node)
      if (has(set, node)) out_[key].push_back(node);
  }
  template <class Visit>
  void table(const char* key, Visit visit) {
    FieldWriter fields(out_[key]);
    visit(fields);
  }
  template <class T, class Visit>
  void tables(const char* key, std::vector<T>& values, std::size_t, Visit visit) {
    out_[key] = Json::array();
    for (T& value : values) {
      FieldWriter fields(out_[key].emplace_back());
      visit(fields, value);
    }
  }
  void demand(const char*, bool, const char*) {}

 private:
  Json& out_;
};

class FieldReader {
 public:
  // `problem` takes the first sentence; later ones are not heard.
  FieldReader(const Json& in, std::string path, std::string& problem)
      : in_(in), path_(std::move(path)), problem_(problem) {
    if (!in_.is_object()) complain("", "must be an object, in braces");
  }

  template <std::integral T>
  void number(const char* key, T& value, std::type_identity_t<T> min, std::type_identity_t<T> max) {
    if (const Json* field = find(key)) number_in(*field, key, value, min, max);
  }
  template <std::integral T>
  void numbers(const char* key, std::vector<T>& values, std::type_identity_t<T> min, std::type_identity_t<T> max) {
    values.clear();
    each(key, [&](const Json& element, const std::string& name) {
      number_in(element, name, values.emplace_back(), min, max);
    });
  }
  void time(const char* key, Duration& value, Duration max) {
    Duration::rep count = value.count();
    number<Duration::rep>(key, count, 0, max.count());
    value = Duration(count);
  }
  void flag(const char* key, bool& value) {
    const Json* field = find(key);
    if (field == nullptr) return;
    if (!field->is_boolean()) return complain(key, "must be true or false");
    value = field->get<bool>();
  }
  void text(const char* key, std::string& value, std::size_t bytes_max) {
    const Json* field = find(key);
    if (field == nullptr) return;
    if (!field->is_string() || field->get_ref<const std::string&>().empty() ||
        field->get_ref<const std::string&>().size() > bytes_max)
      return complain(key, fmt::format("must be a text of 1 to {} bytes", bytes_max));
    value = field->get<std::string>();
  }
  template <class Enum>
  void word(const char* key, Enum& value, std::size_t count) {
    if (const Json* field = find(key)) word_in(*field, key, value, count);
  }
  template <class Enum>
  void words(const char* key, std::vector<Enum>& values, std::size_t count) {
    values.clear();
    each(key,
         [&](const Json& element, const std::string& name) { word_in(element, name, values.emplace_back(), count); });
  }
  void nodes(const char* key, NodeSet& set, std::uint32_t count) {
    set = 0;
    each(key, [&](const Json& element, const std::string& name) {
      std::uint32_t node = 0;
      number_in(element, name, node, 0U, count - 1);
      set |= only(node);
    });
  }
  template <class Visit>
  void table(const char* key, Visit visit) {
    const Json* field = find(key);
    if (field != nullptr) read(*field, full(key), visit);
  }
  template <class T, class Visit>
  void tables(const char* key, std::vector<T>& values, std::size_t count_max, Visit visit) {
    values.clear();
    each(key, [&](const Json& element, const std::string& name) {
      if (values.size() == count_max) return complain(key, fmt::format("may have {} elements at most", count_max));
      read(element, full(name), [&](FieldReader& fields) { visit(fields, values.emplace_back()); });
    });
  }
  void demand(const char* key, bool holds, const char* sentence) {
    if (!holds) complain(key, sentence);
  }
  // What nobody has asked for is a mistake.
  void finish() {
    if (!in_.is_object()) return;
    for (const auto& [key, value] : in_.items())
      if (!known_.contains(key)) complain(key, "is not a field of a script; take it out");
  }

 private:
  [[nodiscard]] std::string full(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

  void complain(const std::string& key, const std::string& sentence) {
    if (!problem_.empty()) return;
    const std::string name = key.empty() ? path_ : full(key);
    problem_ = (name.empty() ? "the script" : name) + " " + sentence;
  }
  const Json* find(const char* key) {
    known_.insert(key);
    const auto field = in_.find(key);
    if (field != in_.end()) return &*field;
    complain(key, "is missing");
    return nullptr;
  }
  template <class Visit>
  void each(const char* key, Visit visit) {
    const Json* field = find(key);
    if (field == nullptr) return;
    if (!field->is_array()) return complain(key, "must be a list, in brackets");
    for (std::size_t i = 0; i < field->size(); ++i) visit((*field)[i], fmt::format("{}[{}]", key, i));
  }
  template <class Visit>
  void read(const Json& in, const std::string& path, Visit visit) {
    FieldReader fields(in, path, problem_);
    visit(fields);
    fields.finish();
  }
  template <class T>
  void number_in(const Json& field, const std::string& key, T& value, T min, T max) {
    using Wide = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
    const bool fits = std::is_signed_v<T> ? field.is_number_integer() : field.is_number_unsigned();
    if (!fits || field.get<Wide>() < min || field.get<Wide>() > max)
      return complain(key, fmt::format("must be a whole number from {} to {}", min, max));
    value = static_cast<T>(field.get<Wide>());
  }
  template <class Enum>
  void word_in(const Json& field, const std::string& key, Enum& value, std::size_t count) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) {
      const auto word = static_cast<Enum>(i);
      if (field.is_string() && field.get_ref<const std::string&>() == name_of(word)) return void(value = word);
      all += fmt::format("{}{}", i == 0 ? "" : ", ", name_of(word));
    }
    complain(key, "must be one of " + all);
  }

  const Json& in_;
  std::string path_;
  std::string& problem_;
  std::set<std::string> known_;
};

}  // namespace shoal::sim
