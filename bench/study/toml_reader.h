// TomlReader: reads one table of a scenario file, setting by setting. What is there and not understood, of the wrong
// type or out of range becomes the file's error, with line and column: the first one, later ones are not heard.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/study/distribution.h"
#include "node/base/result.h"

namespace shoal::study {

struct TomlProblems {
  std::filesystem::path folder;  // of the scenario file
  std::optional<Error> first;

  void add(const toml::source_region& where, const std::string& sentence);
};

class TomlReader {
 public:
  TomlReader(const toml::table& table, std::string path, TomlProblems& problems)
      : table_(table), path_(std::move(path)), problems_(problems) {}

  // Each leaves `out` alone when the setting is not there.
  void number(std::string_view key, double& out, double min, double max);
  void count(std::string_view key, std::uint32_t& out, std::uint32_t min, std::uint32_t max);
  void integer(std::string_view key, std::int32_t& out, std::int32_t min, std::int32_t max);
  void flag(std::string_view key, bool& out);
  void text(std::string_view key, std::string& out);
  void texts(std::string_view key, std::vector<std::string>& out);  // one text, or an array
  void numbers(std::string_view key, std::vector<double>& out, double min, double max);
  void distribution(std::string_view key, Distribution& out);
  // One of `words`; its place among them.
  template <class Enum>
  void word(std::string_view key, Enum& out, std::span<const std::string_view> words) {
    if (const std::optional<std::size_t> found = word_index(key, words)) out = static_cast<Enum>(*found);
  }

  void table(std::string_view key, const std::function<void(TomlReader&)>& read);
  // [[key]], or [key.NAME] in the order of the names, which variants can lay something over.
  void tables(std::string_view key, const std::function<void(TomlReader&)>& read);
  // [key.NAME]
  void named_tables(std::string_view key, const std::function<void(const std::string& name, TomlReader&)>& read);
  void skip(std::string_view key) { known_.insert(std::string(key)); }

  // The last word of where it stands: NAME of [key.NAME].
  [[nodiscard]] std::string name() const { return path_.substr(path_.rfind('.') + 1); }
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
  // About a setting of this table, or about the table itself.
  void problem(std::string_view key, const std::string& sentence);
  void problem(const std::string& sentence) { problems_.add(table_.source(), sentence); }
  // What nobody has asked for is a mistake.
  void finish();

 private:
  const toml::node* find(std::string_view key);
  [[nodiscard]] std::string full(std::string_view key) const;
  std::optional<std::size_t> word_index(std::string_view key, std::span<const std::string_view> words);
  std::optional<double> number_in(const toml::node& node, std::string_view key, double min, double max);
  void sub_table(std::string_view key, const toml::node& node, const std::function<void(TomlReader&)>& read);
  std::optional<Distribution::Part> part(std::string_view key, const toml::table& table);
  std::optional<Shape> shape(std::string_view key, TomlReader& reader);

  const toml::table& table_;
  std::string path_;  // of the table, for sentences
  TomlProblems& problems_;
  std::set<std::string> known_;
};

}  // namespace shoal::study
