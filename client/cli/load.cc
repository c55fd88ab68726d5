// load: stores NDJSON lines, many at a time.
//
//   {"key": "k", "value": "v"}                     bytes that are not text: {"b64": "..."}
//   {"key": "k", "values": ["v1", "v2"]}           concurrent values, as dump prints them
//
// Each line goes through two stages: read the key (so that its line replaces what is there), then write it. Both are
// windows of requests on their way. At the first failure no further line is begun; the ones under way are finished.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>

#include "client/cli/output.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"
#include "node/base/limits.h"

namespace shoal::cli {
namespace {

constexpr std::size_t kWindow = 256;                         // lines on their way
constexpr std::size_t kWindowBytes = std::size_t{64} << 20;  // and their values

struct Line {
  std::uint64_t number = 0;
  std::string key;
  std::vector<std::string> values;

  [[nodiscard]] std::size_t bytes() const {
    std::size_t sum = 0;
    for (const std::string& value : values) sum += value.size();
    return sum;
  }
};

Result<std::vector<std::string>> values_of(const Json& json) {
  const bool many = json.contains("values");
  if (many == json.contains("value")) return fail(Errc::invalid, "it needs one of \"value\" and \"values\"");
  if (many && (!json["values"].is_array() || json["values"].empty()))
    return fail(Errc::invalid, "\"values\" must be an array with something in it");
  std::vector<std::string> values;
  for (const Json& each : many ? json["values"] : Json::array({json["value"]})) {
    auto value = bytes_of_json(each);
    if (!value) return fail(Errc::invalid, "the value is " + value.error().message);
    values.push_back(*std::move(value));
  }
  return values;
}

Result<Line> parse_line(std::uint64_t number, const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("key"))
    return fail(Errc::invalid, "this is not {\"key\": ..., \"value\": ...}");
  auto key = bytes_of_json(json["key"]);
  if (!key) return fail(Errc::invalid, "the key is " + key.error().message);
  auto values = values_of(json);
  if (!values) return values.error();
  return Line{number, *std::move(key), *std::move(values)};
}

class Loader {
 public:
  Loader(Session& session, bool blind)
      : session_(session), async_(session.db().async()), blind_(blind), progress_(session, "keys") {}

  int run(std::istream& input) {
    std::string text;
    for (std::uint64_t number = 1; !failure_ && std::getline(input, text); ++number) {
      if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
      Result<Line> line = parse_line(number, text);
      if (!line) {
        fail_at(number, line.error());
      } else {
        begin(*std::move(line));
      }
    }
    while (!reads_.empty()) finish_read();
    while (!writes_.empty()) finish_write();
    return report();
  }

 private:
  struct Read {
    Line line;
    Pending<Object> seen;
  };
  struct Written {
    std::uint64_t number = 0;
    std::size_t bytes = 0;
    std::vector<Pending<Receipt>> receipts;
  };

  void begin(Line line) {
    while (reads_.size() + writes_.size() >= kWindow || bytes_ > kWindowBytes) advance();
    bytes_ += line.bytes();
    if (blind_) return write(line, {});
    Pending<Object> seen = async_.get(line.key, session_.reading());
    reads_.push_back(Read{std::move(line), std::move(seen)});
    while (!reads_.empty() && reads_.front().seen.ready()) finish_read();
    while (!writes_.empty() && std::ranges::all_of(writes_.front().receipts, &Pending<Receipt>::ready)) finish_write();
  }

  void advance() { reads_.size() > writes_.size() ? finish_read() : finish_write(); }

  void finish_read() {
    Read read = std::move(reads_.front());
    reads_.pop_front();
    const Result<Object> seen = read.seen.get();
    if (seen) return write(read.line, seen->context());
    bytes_ -= read.line.bytes();
    fail_at(read.line.number, seen.error());
  }

  // The first of several values replaces what was seen; the others are blind and so land beside it.
  void write(const Line& line, const Context& seen) {
    WriteOptions writing = session_.writing();
    writing.context = seen;
    Written written{line.number, line.bytes(), {}};
    for (const std::string& value : line.values) {
      written.receipts.push_back(async_.put(line.key, value, writing));
      writing.context = {};
    }
    writes_.push_back(std::move(written));
  }

  void finish_write() {
    Written written = std::move(writes_.front());
    writes_.pop_front();
    bytes_ -= written.bytes;
    bool stored = true;
    for (Pending<Receipt>& pending : written.receipts) {
      const Result<Receipt> receipt = pending.get();
      if (!receipt) fail_at(written.number, receipt.error());
      stored = stored && receipt.has_value();
    }
    if (stored) progress_.add();
  }

  void fail_at(std::uint64_t number, const Error& error) {
    if (!failure_ || number < failed_line_) {
      failure_ = error;
      failed_line_ = number;
    }
  }

  int report() {
    const std::string loaded = std::to_string(progress_.done()) + " lines stored";
    if (failure_) {
      failure_->message = "line " + std::to_string(failed_line_) + ": " + failure_->message + "; " + loaded +
                          ", all before line " + std::to_string(failed_line_) + " among them; resume with: tail -n +" +
                          std::to_string(failed_line_) + " FILE | shoal load";
      return session_.report(*failure_);
    }
    if (session_.is_json())
      print_json(Json{{"schema", kSchema}, {"loaded", progress_.done()}, {"seconds", progress_.seconds()}});
    session_.say(loaded);
    return kDone;
  }

  Session& session_;
  Async async_;
  bool blind_;
  Progress progress_;
  std::deque<Read> reads_;
  std::deque<Written> writes_;
  std::size_t bytes_ = 0;
  std::optional<Error> failure_;
  std::uint64_t failed_line_ = 0;
};

struct Load {
  std::string file;
  bool blind = false;
};

int run(Session& session, const Load& load) {
  if (load.file.empty() || load.file == "-") return Loader(session, load.blind).run(std::cin);
  std::ifstream file(load.file, std::ios::binary);
  if (!file) return session.report(fail(Errc::invalid, "cannot read " + load.file));
  return Loader(session, load.blind).run(file);
}

}  // namespace

Run declare_load(CLI::App& command) {
  const auto load = std::make_shared<Load>();
  command.add_option("FILE", load->file, "Instead of standard input");
  command.add_flag("--blind", load->blind,
                   "Do not read each key first: faster into an empty cluster, makes conflicts elsewhere");
  command.footer(
      "Lines are {\"key\":\"k\",\"value\":\"v\"}, or \"values\":[...] for concurrent values; bytes that are not text "
      "are\n"
      "{\"b64\":\"...\"}. Each line replaces what its key holds. After a failure the number of the first line that\n"
      "was not stored is reported; loading again from there is safe.\n\n"
      "  shoal load < backup.ndjson");
  return [load](Session& session) { return run(session, *load); };
}

}  // namespace shoal::cli
