#include "bench/study/json_files.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "bench/study/fields.h"

namespace shoal::study {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// ---- writing -------------------------------------------------------------------------------------------------------

template <class T>
Json to_json(const T& value);

Json to_json(double value) {
  if (std::isnan(value)) return nullptr;
  return std::isinf(value) ? Json("inf") : Json(value);
}
Json to_json(const std::string& value) { return value; }
Json to_json(bool value) { return value; }
Json to_json(Judgement value) { return name_of(value); }

template <class T>
Json to_json(const std::optional<T>& value) {
  return value ? to_json(*value) : Json();
}

template <class List>
Json list_json(const List& values) {
  Json list = Json::array();
  for (const auto& value : values) list.push_back(to_json(value));
  return list;
}
template <class T>
Json to_json(const std::vector<T>& values) {
  return list_json(values);
}
template <class T, std::size_t n>
Json to_json(const std::array<T, n>& values) {
  return list_json(values);
}

struct Writer {
  Json& json;
  template <class T>
  void operator()(const char* name, const T& value) const {
    json[name] = to_json(value);
  }
};

template <class T>
Json to_json(const T& value) {
  if constexpr (std::is_integral_v<T>) {
    return value;
  } else {
    Json json = Json::object();
    const Writer writer{json};
    fields(writer, value);
    return json;
  }
}

// ---- reading: what does not fit throws, and is caught where the text came in
// -----------------------------------------

template <class T>
void from_json(const Json& json, T& value);

void from_json(const Json& json, double& value) {
  if (json.is_null())
    value = std::numeric_limits<double>::quiet_NaN();
  else
    value = json.is_string() ? kInfinity : json.get<double>();
}
void from_json(const Json& json, std::string& value) { value = json.get<std::string>(); }
void from_json(const Json& json, bool& value) { value = json.get<bool>(); }
void from_json(const Json& json, Judgement& value) {
  const auto name = json.get<std::string>();
  for (const Judgement judgement : {Judgement::valid, Judgement::undecided, Judgement::invalid})
    if (name == name_of(judgement)) value = judgement;
}

template <class T>
void from_json(const Json& json, std::optional<T>& value) {
  if (json.is_null()) return value.reset();
  from_json(json, value.emplace());
}
template <class T>
void from_json(const Json& json, std::vector<T>& values) {
  values.resize(json.size());
  for (std::size_t i = 0; i < values.size(); ++i) from_json(json.at(i), values[i]);
}
template <class T, std::size_t n>
void from_json(const Json& json, std::array<T, n>& values) {
  for (std::size_t i = 0; i < n; ++i) from_json(json.at(i), values[i]);
}

struct Reader {
  const Json& json;
  template <class T>
  void operator()(const char* name, T& value) const {
    from_json(json.at(name), value);
  }
};

template <class T>
void from_json(const Json& json, T& value) {
  if constexpr (std::is_integral_v<T>) {
    value = json.get<T>();
  } else {
    const Reader reader{json};
    fields(reader, value);
  }
}

template <class Take>
Status take(const std::string& text, const char* file, Take with) {
  try {
    const Json json = Json::parse(text);
    if (json.at("schema").get<int>() != kResultsSchema)
      return fail(Errc::invalid, std::string(file) + " was written by another version of shoal: run the study again");
    with(json);
    return Unit{};
  } catch (const nlohmann::json::exception& problem) {
    return fail(Errc::invalid, std::string(file) + " is damaged: " + problem.what());
  }
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

}  // namespace

std::string measures_json(const StudyResults& results) {
  return text_of(
      {{"schema", kResultsSchema}, {"variants", to_json(results.variants)}, {"runs", to_json(results.runs)}});
}

std::string verdict_json(const StudyResults& results) {
  Json runs = Json::array();
  for (const RunResult& run : results.runs)
    runs.push_back({{"variant", run.measures.variant},
                    {"seed", run.measures.seed},
                    {"judgement", name_of(run.verdict.judgement())},
                    {"checks", to_json(run.verdict.checks)}});
  const bool decided = results.judgement != Judgement::undecided;
  const Json json{{"schema", kResultsSchema},
                  {"name", results.info.name},
                  {"valid", decided ? Json(results.judgement == Judgement::valid) : Json()},
                  {"judgement", name_of(results.judgement)},
                  {"runs", std::move(runs)}};
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Status take_measures(const std::string& text, StudyResults& results) {
  return take(text, "measures.json", [&](const Json& json) {
    from_json(json.at("variants"), results.variants);
    from_json(json.at("runs"), results.runs);
  });
}

Status take_verdict(const std::string& text, StudyResults& results) {
  return take(text, "verdict.json", [&](const Json& json) {
    from_json(json.at("judgement"), results.judgement);
    const Json& runs = json.at("runs");
    for (std::size_t i = 0; i < std::min(runs.size(), results.runs.size()); ++i)
      from_json(runs.at(i).at("checks"), results.runs[i].verdict.checks);
  });
}

}  // namespace shoal::study
