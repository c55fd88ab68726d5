#include "bench/study/toml_reader.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <utility>

namespace shoal::study {
namespace {

std::string plain(double number) {
  std::string text = std::to_string(number);
  while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
    const bool point = text.back() == '.';
    text.pop_back();
    if (point) break;
  }
  return text;
}

std::string listed(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) text += (text.empty() ? "" : ", ") + std::string(word);
  return text;
}

std::string listed(const std::set<std::string>& words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return listed(views);
}

// Numbers of milliseconds, one a line.
Result<std::vector<double>> read_delays(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return fail(Errc::invalid, "cannot read the delays in \"" + file.filename().string() + "\"");
  std::vector<double> values;
  for (double value = 0; in >> value;) values.push_back(value);
  const bool negative = std::ranges::any_of(values, [](double value) { return !(value >= 0); });
  if (!in.eof() || values.empty() || negative)
    return fail(Errc::invalid, "\"" + file.filename().string() +
                                   "\" must hold milliseconds, one number of 0 or more a line, and nothing else");
  std::ranges::sort(values);
  return values;
}

}  // namespace

void TomlProblems::add(const toml::source_region& where, const std::string& sentence) {
  if (first) return;
  const toml::source_position at = where.begin;
  first = fail(Errc::invalid,
               "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " + sentence);
}

const toml::node* TomlReader::find(std::string_view key) {
  known_.insert(std::string(key));
  return table_.get(key);
}

std::string TomlReader::full(std::string_view key) const {
  return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

void TomlReader::problem(std::string_view key, const std::string& sentence) {
  const toml::node* node = table_.get(key);
  problems_.add((node != nullptr ? *node : table_).source(), full(key) + " " + sentence);
}

std::optional<double> TomlReader::number_in(const toml::node& node, std::string_view key, double min, double max) {
  const std::optional<double> value = node.is_number() ? node.value<double>() : std::nullopt;
  if (value && *value >= min && *value <= max) return value;
  problems_.add(node.source(), full(key) + " must be a number from " + plain(min) + " to " + plain(max));
  return std::nullopt;
}

void TomlReader::number(std::string_view key, double& out, double min, double max) {
  if (const toml::node* node = find(key)) out = number_in(*node, key, min, max).value_or(out);
}

void TomlReader::integer(std::string_view key, std::int32_t& out, std::int32_t min, std::int32_t max) {
  double value = out;
  number(key, value, min, max);
  if (value != std::floor(value)) return problem(key, "must be a whole number");
  out = static_cast<std::int32_t>(value);
}

void TomlReader::count(std::string_view key, std::uint32_t& out, std::uint32_t min, std::uint32_t max) {
  double value = out;
  number(key, value, min, max);
  if (value != std::floor(value)) return problem(key, "must be a whole number");
  out = static_cast<std::uint32_t>(value);
}

void TomlReader::flag(std::string_view key, bool& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_boolean()) return problem(key, "must be true or false");
  out = node->value_or(out);
}

void TomlReader::text(std::string_view key, std::string& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (!node->is_string()) return problem(key, "must be a text in quotes");
  out = node->value_or(out);
}

void TomlReader::texts(std::string_view key, std::vector<std::string>& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const std::optional<std::string> one = node->value_exact<std::string>()) return void(out = {*one});
  const toml::array* array = node->as_array();
  const bool fits = array != nullptr && !array->empty() && array->is_homogeneous(toml::node_type::string);
  if (!fits) return problem(key, "must be a text in quotes, or an array of them");
  out.clear();
  for (const toml::node& item : *array) out.push_back(item.value_or(std::string()));
}

void TomlReader::numbers(std::string_view key, std::vector<double>& out, double min, double max) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr) return problem(key, "must be an array of numbers");
  out.clear();
  for (const toml::node& item : *array)
    if (const std::optional<double> value = number_in(item, key, min, max)) out.push_back(*value);
}

std::optional<std::size_t> TomlReader::word_index(std::string_view key, std::span<const std::string_view> words) {
  std::string word;
  text(key, word);
  if (!has(key)) return std::nullopt;
  const auto found = std::ranges::find(words, word);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  problem(key, "is one of: " + listed(words));
  return std::nullopt;
}

// ---- tables ------------------------------------------------------------------------------------------------------

void TomlReader::sub_table(std::string_view key, const toml::node& node, const std::function<void(TomlReader&)>& read) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return problems_.add(node.source(), full(key) + " must be a table");
  TomlReader reader(*table, full(key), problems_);
  read(reader);
  reader.finish();
}

void TomlReader::table(std::string_view key, const std::function<void(TomlReader&)>& read) {
  if (const toml::node* node = find(key)) sub_table(key, *node, read);
}

void TomlReader::tables(std::string_view key, const std::function<void(TomlReader&)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (node->is_table()) return named_tables(key, [&](const std::string&, TomlReader& reader) { read(reader); });
  const toml::array* array = node->as_array();
  if (array == nullptr) return problem(key, "must be written as [[" + full(key) + "]], once for each");
  for (const toml::node& item : *array) sub_table(key, item, read);
}

void TomlReader::named_tables(std::string_view key, const std::function<void(const std::string&, TomlReader&)>& read) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  const toml::table* table = node->as_table();
  if (table == nullptr) return problem(key, "must be written as [" + full(key) + ".NAME], once for each");
  for (const auto& [name, inner] : *table) {
    const std::string called(name.str());
    sub_table(std::string(key) + "." + called, inner, [&](TomlReader& reader) { read(called, reader); });
  }
}

void TomlReader::finish() {
  for (const auto& [key, node] : table_)
    if (!known_.contains(std::string(key.str())))
      return problems_.add(key.source(),
                           "there is no setting " + full(key.str()) + "; here can stand: " + listed(known_));
}

// ---- distributions -----------------------------------------------------------------------------------------------

std::optional<Shape> TomlReader::shape(std::string_view key, TomlReader& reader) {
  constexpr double kMsMax = 1e9;
  std::optional<Shape> found;
  int shapes = 0;
  const auto take = [&](std::string_view name, auto value,
                        const std::function<void(TomlReader&, decltype(value)&)>& read) {
    reader.table(name, [&](TomlReader& inner) { read(inner, value); });
    if (!reader.has(name)) return;
    found = value;
    ++shapes;
  };
  Constant constant;
  reader.number("constant_ms", constant.ms, 0, kMsMax);
  if (reader.has("constant_ms")) found = constant, ++shapes;
  Exponential exponential;
  reader.number("exponential_ms", exponential.mean_ms, 0, kMsMax);
  if (reader.has("exponential_ms")) found = exponential, ++shapes;
  take("uniform", Uniform{}, [&](TomlReader& in, Uniform& s) {
    in.number("min_ms", s.min_ms, 0, kMsMax);
    in.number("max_ms", s.max_ms, s.min_ms, kMsMax);
  });
  take("normal", Normal{}, [&](TomlReader& in, Normal& s) {
    in.number("mean_ms", s.mean_ms, 0, kMsMax);
    in.number("sd_ms", s.sd_ms, 0, kMsMax);
  });
  take("pareto", Pareto{1, 1}, [&](TomlReader& in, Pareto& s) {
    in.number("scale_ms", s.scale_ms, 1e-6, kMsMax);
    in.number("shape", s.shape, 0.1, 1000);
  });
  std::string file;
  reader.text("file", file);
  if (!file.empty()) {
    Result<std::vector<double>> values = read_delays(problems_.folder / file);
    if (!values) return reader.problem("file", values.error().message), std::nullopt;
    found = Empirical{std::make_shared<const std::vector<double>>(*std::move(values))};
    ++shapes;
  }
  if (shapes != 1)
    return problem(key, "needs exactly one of constant_ms, uniform, normal, exponential_ms, pareto and file"),
           std::nullopt;
  return found;
}

std::optional<Distribution::Part> TomlReader::part(std::string_view key, const toml::table& table) {
  TomlReader reader(table, full(key), problems_);
  Distribution::Part part;
  reader.number("share", part.share, 1e-9, 1e9);
  reader.number("plus_ms", part.plus_ms, 0, 1e9);
  const std::optional<Shape> found = shape(key, reader);
  reader.finish();
  if (!found) return std::nullopt;
  part.shape = *found;
  return part;
}

void TomlReader::distribution(std::string_view key, Distribution& out) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (node->is_number()) {
    double ms = 0;
    number(key, ms, 0, 1e9);
    return void(out = Distribution::constant(ms));
  }
  std::vector<Distribution::Part> parts;
  const auto add = [&](const toml::node& item) {
    const toml::table* table = item.as_table();
    if (table == nullptr)
      return problem(key, "is a number of milliseconds, a table with one shape, or an array of such");
    if (const std::optional<Distribution::Part> read = part(key, *table)) parts.push_back(*read);
  };
  if (const toml::array* array = node->as_array()) {
    for (const toml::node& item : *array) add(item);
  } else {
    add(*node);
  }
  if (!parts.empty()) out = Distribution(std::move(parts), 0);
}

}  // namespace shoal::study
