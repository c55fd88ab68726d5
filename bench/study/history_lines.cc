#include "bench/study/history_lines.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <vector>

namespace shoal::study {
namespace {

using Json = nlohmann::ordered_json;

// What happens at one moment: invocations first, so that operations that touch are concurrent.
struct Moment {
  double at = 0;
  bool ends = false;
  std::size_t number = 0;  // of the operation or fault
  bool fault = false;
};

std::vector<Moment> moments_of(const Recording& recording) {
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < recording.operations.size(); ++i) {
    moments.push_back({recording.operations[i].invoked, false, i});
    moments.push_back({recording.operations[i].completed, true, i});
  }
  for (std::size_t i = 0; i < recording.faults.size(); ++i) {
    moments.push_back({recording.faults[i].begin, false, i, true});
    if (std::isfinite(recording.faults[i].end)) moments.push_back({recording.faults[i].end, true, i, true});
  }
  std::ranges::stable_sort(
      moments, [](const Moment& a, const Moment& b) { return std::tie(a.at, a.ends) < std::tie(b.at, b.ends); });
  return moments;
}

class Processes {
 public:
  std::uint64_t begin(std::uint32_t client) {
    std::set<std::uint64_t>& idle = idle_[client];
    if (idle.empty()) return next_++;
    const std::uint64_t process = *idle.begin();
    idle.erase(idle.begin());
    return process;
  }
  void end(std::uint32_t client, std::uint64_t process, Outcome outcome) {
    if (outcome != Outcome::info) idle_[client].insert(process);
  }

 private:
  std::map<std::uint32_t, std::set<std::uint64_t>> idle_;
  std::uint64_t next_ = 0;
};

class Writer {
 public:
  Writer(const Recording& recording, std::ostream& out)
      : recording_(recording), out_(out), processes_of_(recording.operations.size()) {}

  void write(const Moment& moment) {
    Json line{{"index", index_++}, {"variant", recording_.variant}, {"seed", recording_.seed}};
    if (moment.fault)
      add_fault(recording_.faults[moment.number], moment.ends, line);
    else
      add_operation(moment, line);
    line["time"] = std::llround(moment.at * 1e9);
    out_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
  }

 private:
  static void add_fault(const FaultSpan& fault, bool ends, Json& line) {
    line["type"] = "info";
    line["process"] = "nemesis";
    line["f"] = fault.what;
    line["value"] = {ends ? "end" : "begin", fault.where};
  }

  void add_operation(const Moment& moment, Json& line) {
    const Operation& operation = recording_.operations[moment.number];
    std::uint64_t& process = processes_of_[moment.number];
    if (!moment.ends) process = processes_.begin(operation.client);
    line["type"] = moment.ends ? name_of(operation.outcome) : "invoke";
    line["process"] = process;
    line["client"] = operation.client;
    line["phase"] = name_of(operation.phase);
    line["f"] = name_of(operation.function);
    line["key"] = operation.key < recording_.keys.size() ? recording_.keys[operation.key] : "";
    add_value(operation, moment.ends, line);
    if (!moment.ends) return;
    add_answer(operation, line);
    processes_.end(operation.client, process, operation.outcome);
  }

  static void add_value(const Operation& operation, bool ends, Json& line) {
    if (!ends && operation.linearizable) line["linearizable"] = true;
    if (operation.is_write()) {
      line["value"] = operation.write;
      if (operation.function == Function::cas)
        line["value"] = {operation.expected == 0 ? Json() : Json(operation.expected), operation.write};
      if (!ends && !operation.replaces.empty()) line["replaces"] = operation.replaces;
      if (!ends && operation.expected_version) line["expects_version"] = *operation.expected_version;
      return;
    }
    line["value"] = ends && operation.outcome == Outcome::ok ? Json(operation.returned) : Json();
    if (!ends && !operation.session.empty()) line["session"] = operation.session;
  }

  static void add_answer(const Operation& operation, Json& line) {
    if (operation.lost())
      line["lost"] = true;
    else if (operation.error != Errc::ok)
      line["error"] = describe(operation.error);
    if (operation.outcome != Outcome::ok) return;
    line["stand_ins"] = operation.stand_ins;
    if (operation.version) line["version"] = *operation.version;
    if (!operation.context.empty()) line["context"] = operation.context;
  }

  const Recording& recording_;
  std::ostream& out_;
  Processes processes_;
  std::vector<std::uint64_t> processes_of_;  // by operation
  std::uint64_t index_ = 0;
};

}  // namespace

void write_history(const Recording& recording, std::ostream& out) {
  Writer writer(recording, out);
  for (const Moment& moment : moments_of(recording)) writer.write(moment);
}

}  // namespace shoal::study
