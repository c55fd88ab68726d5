#include "bench/study/export.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

namespace shoal::study {
namespace {

using Json = nlohmann::json;

// An operation as registers know it.
struct Step {
  std::uint64_t process = 0;
  std::string function;  // put, get, del, cas
  std::string key;
  std::string outcome = "info";
  std::optional<std::uint64_t> value;  // written, or read; none: nothing is there
  bool several = false;                // a read of concurrent values
  bool compares = false;
  std::optional<std::uint64_t> expected;  // compares: with this; none: nothing is there
  bool by_version = false;                // compares: nothing is not the same nothing each time
  bool lost = false;                      // what was expected was not there
  std::int64_t invoked = 0;               // ns
  std::int64_t completed = 0;

  [[nodiscard]] bool is_read() const { return function == "get"; }
};

struct Moment {
  std::size_t step = 0;
  bool ends = false;
};

struct History {
  std::vector<Step> steps;
  std::vector<Moment> moments;  // in order
};

// ---- reading history.ndjson ---------------------------------------------------------------------------------------

class Reader {
 public:
  Reader(const ExportOptions& options, Exported& exported) : options_(options), exported_(exported) {}

  void take(const Json& line) {
    const auto variant = line.at("variant").get<std::string>();
    const auto seed = line.at("seed").get<std::uint64_t>();
    if (!found_ && (options_.variant.value_or(variant) != variant || options_.seed.value_or(seed) != seed)) return;
    if (found_ && (variant != exported_.variant || seed != exported_.seed)) return;
    found_ = true;
    exported_.variant = variant;
    exported_.seed = seed;
    if (!line.at("process").is_number()) return;  // faults
    if (options_.key && line.at("key") != *options_.key) return;
    line.at("type") == "invoke" ? begin(line) : end(line);
  }

  [[nodiscard]] bool found() const { return found_; }
  History history() && { return std::move(history_); }

 private:
  void begin(const Json& line) {
    Step step{.process = line.at("process"), .function = line.at("f"), .key = line.at("key")};
    step.invoked = line.at("time");
    if (step.function == "put") step.value = line.at("value");
    if (step.function == "del") deletes_.insert(line.at("value").get<std::uint64_t>());
    if (step.function == "cas") {
      step.compares = true;
      step.expected = id_of(line.at("value").at(0));
      step.value = line.at("value").at(1);
    } else if (line.contains("expects_version")) {
      step.compares = step.by_version = true;
      if (line.contains("replaces")) step.expected = id_of(line.at("replaces").at(0));
    }
    open_[step.process] = history_.steps.size();
    history_.moments.push_back({history_.steps.size(), false});
    history_.steps.push_back(std::move(step));
  }

  void end(const Json& line) {
    const std::size_t number = open_.at(line.at("process"));
    Step& step = history_.steps[number];
    step.outcome = line.at("type");
    step.completed = line.at("time");
    step.lost = line.contains("lost");
    history_.moments.push_back({number, true});
    if (!step.is_read() || step.outcome != "ok") return;
    const Json& values = line.at("value");
    step.several = values.size() > 1;
    if (values.size() == 1) step.value = values.at(0).get<std::uint64_t>();
  }

  // None for null, and for a delete, which left nothing.
  [[nodiscard]] std::optional<std::uint64_t> id_of(const Json& id) const {
    return id.is_null() || deletes_.contains(id.get<std::uint64_t>()) ? std::nullopt : std::optional(id);
  }

  const ExportOptions& options_;
  Exported& exported_;
  bool found_ = false;
  History history_;
  std::set<std::uint64_t> deletes_;
  std::map<std::uint64_t, std::size_t> open_;  // by process
};

Result<History> read_history(const std::filesystem::path& file, const ExportOptions& options, Exported& exported) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    return fail(Errc::invalid,
                file.string() + " is not there: the study kept no history, or this is no study's folder");
  Reader reader(options, exported);
  std::uint64_t number = 0;
  try {
    for (std::string line; std::getline(in, line);) {
      ++number;
      reader.take(Json::parse(line));
    }
  } catch (const std::exception&) {  // of the JSON library, or a process that ends what it never began
    return fail(Errc::invalid, file.string() + ": line " + std::to_string(number) + " is damaged");
  }
  if (!reader.found()) return fail(Errc::invalid, file.string() + " has no run of that variant and seed");
  return std::move(reader).history();
}

// ---- what registers know ------------------------------------------------------------------------------------------

bool is_left_out(const Step& step) { return step.is_read() && (step.several || step.outcome != "ok"); }

void drop(History& history, const std::set<std::size_t>& steps) {
  std::erase_if(history.moments, [&](const Moment& moment) { return steps.contains(moment.step); });
}

// Only an answer of its own can say that a comparison was lost.
bool tells_of_losses(const ExportOptions& options) {
  return options.checker == Foreign::porcupine && options.notation == Notation::json;
}

bool is_log(const ExportOptions& options) {
  return options.checker == Foreign::porcupine && options.notation == Notation::edn;
}

void leave_out(History& history, const ExportOptions& options, Exported& exported) {
  const Foreign checker = options.checker;
  std::set<std::string> deleted;
  for (const Step& step : history.steps)
    if (checker == Foreign::elle && step.function == "del") deleted.insert(step.key);
  exported.deleted_keys = deleted.size();
  std::set<std::size_t> out;
  for (std::size_t i = 0; i < history.steps.size(); ++i) {
    const Step& step = history.steps[i];
    const bool told = step.lost && tells_of_losses(options) && (step.expected || !step.by_version);
    const bool failed_for_porcupine = checker == Foreign::porcupine && step.outcome == "fail" && !told;
    if (is_left_out(step) || deleted.contains(step.key) || failed_for_porcupine)
      out.insert(i);
    else if (step.compares && is_log(options))
      ++exported.weakened;
    if (step.several && !deleted.contains(step.key)) ++exported.concurrent_reads;
  }
  exported.operations = history.steps.size() - out.size();
  drop(history, out);
}

// Times begin at 0: what filled the keys has negative ones.
void shift(History& history) {
  std::int64_t first = 0;
  for (const Step& step : history.steps) first = std::min(first, step.invoked);
  for (Step& step : history.steps) {
    step.invoked -= first;
    step.completed -= first;
  }
}

// ---- writing ------------------------------------------------------------------------------------------------------

// Text in JSON or EDN; what is given to lists and maps is such text already.
class Syntax {
 public:
  explicit Syntax(Notation notation) : edn_(notation == Notation::edn) {}

  [[nodiscard]] std::string keyword(const std::string& name) const { return edn_ ? ":" + name : quoted(name); }
  [[nodiscard]] std::string none() const { return edn_ ? "nil" : "null"; }
  [[nodiscard]] std::string number(const std::optional<std::uint64_t>& value) const {
    return value ? std::to_string(*value) : none();
  }
  // JSON's escapes are EDN's too.
  [[nodiscard]] static std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  [[nodiscard]] std::string list(const std::vector<std::string>& items) const {
    return "[" + joined(items, edn_ ? " " : ",") + "]";
  }
  [[nodiscard]] std::string map(const std::vector<std::pair<std::string, std::string>>& fields) const {
    std::vector<std::string> items;
    items.reserve(fields.size());
    for (const auto& [name, value] : fields) items.push_back(keyword(name) + (edn_ ? " " : ":") + value);
    return "{" + joined(items, edn_ ? ", " : ",") + "}";
  }

  // Elements one a line: an array in JSON, just themselves in EDN.
  void write(const std::vector<std::string>& elements, std::ostream& out) const {
    if (!edn_) out << "[\n";
    for (std::size_t i = 0; i < elements.size(); ++i)
      out << elements[i] << (edn_ || i + 1 == elements.size() ? "\n" : ",\n");
    if (!edn_) out << "]\n";
  }

 private:
  static std::string joined(const std::vector<std::string>& items, const char* between) {
    std::string all;
    for (const std::string& item : items) all += (all.empty() ? "" : between) + item;
    return all;
  }

  bool edn_;
};

// What the value is while the operation is under way: a read does not know it yet.
std::optional<std::uint64_t> known(const Step& step, bool ends) {
  return step.is_read() && !ends ? std::nullopt : step.value;
}

std::string jepsen_event(const Syntax& syntax, const Step& step, bool ends, std::size_t index,
                         const std::string& function, const std::string& value) {
  return syntax.map({{"index", std::to_string(index)},
                     {"type", syntax.keyword(ends ? step.outcome : "invoke")},
                     {"process", std::to_string(step.process)},
                     {"f", syntax.keyword(function)},
                     {"value", value},
                     {"time", std::to_string(ends ? step.completed : step.invoked)}});
}

// Reading what is expected and writing, at once: what was read is known when it was there.
std::string transaction(const Syntax& syntax, const Step& step, bool ends) {
  const std::string key = Syntax::quoted(step.key);
  const auto part = [&](const char* what, const std::optional<std::uint64_t>& value) {
    return syntax.list({syntax.keyword(what), key, syntax.number(value)});
  };
  if (step.is_read()) return syntax.list({part("r", known(step, ends))});
  if (!step.compares) return syntax.list({part("w", step.value)});
  const bool won = ends && step.outcome == "ok";
  return syntax.list({part("r", won ? step.expected : std::nullopt), part("w", step.value)});
}

std::string register_function(const Step& step) {
  if (step.compares) return "cas";
  return step.is_read() ? "read" : "write";
}

std::string register_value(const Syntax& syntax, const Step& step, bool ends) {
  if (step.compares) return syntax.list({syntax.number(step.expected), syntax.number(step.value)});
  return syntax.number(known(step, ends));
}

std::vector<std::string> jepsen_events(const History& history, const ExportOptions& options) {
  const Syntax syntax(options.notation);
  std::vector<std::string> events;
  for (const auto& [number, ends] : history.moments) {
    const Step& step = history.steps[number];
    if (options.checker == Foreign::elle) {
      events.push_back(jepsen_event(syntax, step, ends, events.size(), "txn", transaction(syntax, step, ends)));
      continue;
    }
    const std::string value = register_value(syntax, step, ends);
    events.push_back(jepsen_event(syntax, step, ends, events.size(), register_function(step),
                                  options.key ? value : syntax.list({Syntax::quoted(step.key), value})));
  }
  return events;
}

std::string as_text(const std::optional<std::uint64_t>& value) { return value ? std::to_string(*value) : ""; }

// The spaces and the order of fields are what the readers of these logs look for.
std::vector<std::string> porcupine_log(const History& history) {
  std::vector<std::string> lines;
  for (const auto& [number, ends] : history.moments) {
    const Step& step = history.steps[number];
    if (ends && step.outcome != "ok") continue;
    const std::string value = step.is_read() && !ends ? "nil" : Syntax::quoted(as_text(step.value));
    lines.push_back("{:process " + std::to_string(step.process) + ", :type " + (ends ? ":ok" : ":invoke") + ", :f " +
                    (step.is_read() ? ":get" : ":put") + ", :key " + Syntax::quoted(step.key) + ", :value " + value +
                    "}");
  }
  return lines;
}

nlohmann::ordered_json porcupine_input(const Step& step) {
  nlohmann::ordered_json input{{"op", step.compares ? "cas" : step.is_read() ? "get" : "put"}, {"key", step.key}};
  if (step.compares) input["expected"] = as_text(step.expected);
  input["value"] = as_text(known(step, false));
  return input;
}

nlohmann::ordered_json porcupine_output(const Step& step) {
  nlohmann::ordered_json output{{"value", step.is_read() ? as_text(step.value) : ""}};
  if (!step.compares) return output;
  if (step.outcome == "info") {
    output["unknown"] = true;
  } else {
    output["ok"] = !step.lost;
  }
  return output;
}

std::vector<std::string> porcupine_operations(const History& history) {
  std::int64_t end = 0;
  for (const Step& step : history.steps) end = std::max({end, step.invoked, step.completed});
  std::vector<std::string> operations;
  for (const auto& [number, ends] : history.moments) {
    if (ends) continue;
    const Step& step = history.steps[number];
    const nlohmann::ordered_json operation{{"ClientId", step.process},
                                           {"Input", porcupine_input(step)},
                                           {"Call", step.invoked},
                                           {"Output", porcupine_output(step)},
                                           {"Return", step.outcome == "info" ? end + 1 : step.completed}};
    operations.push_back(operation.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return operations;
}

}  // namespace

Result<Exported> export_history(const std::filesystem::path& folder, const ExportOptions& options, std::ostream& out) {
  Exported exported;
  Result<History> history = read_history(folder / "history.ndjson", options, exported);
  if (!history) return history.error();
  leave_out(*history, options, exported);
  shift(*history);
  const std::vector<std::string> lines = options.checker != Foreign::porcupine ? jepsen_events(*history, options)
                                         : is_log(options)                     ? porcupine_log(*history)
                                                                               : porcupine_operations(*history);
  Syntax(options.notation).write(lines, out);
  if (!out.flush()) return fail(Errc::io, "the export could not be written");
  return exported;
}

}  // namespace shoal::study
