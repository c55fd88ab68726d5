// dump: every key with its value, one JSON object a line, as load reads them. Lists and reads at the same time.
#include <CLI/CLI.hpp>
#include <deque>
#include <memory>

#include "client/cli/output.h"
#include "client/cli/progress.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

constexpr std::size_t kWindow = 64;  // reads on their way

struct Reading {
  std::string key;
  Pending<Object> object;
};

Json line_of(const std::string& key, const Object& object) {
  Json line{{"key", json_of_bytes(key)}};
  if (!object.conflicted()) {
    line["value"] = json_of_bytes(object.value());
    return line;
  }
  line["values"] = Json::array();
  for (const std::string& value : object.siblings()) line["values"].push_back(json_of_bytes(value));
  return line;
}

// A key that was deleted since it was listed is left out.
Status print_next(std::deque<Reading>& window, Progress& progress) {
  Reading reading = std::move(window.front());
  window.pop_front();
  const Result<Object> object = reading.object.get();
  if (!object) return object.error();
  if (!object->exists()) return Unit{};
  print_json(line_of(reading.key, *object));
  progress.add();
  return Unit{};
}

Status dump(Session& session, const std::string& prefix, Progress& progress) {
  const Async async = session.db().async();
  ScanOptions listing = session.listing();
  if (listing.level == Level::session) listing.level.reset();  // the values are read in the session, the list cannot be
  Scan scan = session.db().scan(prefix, listing);
  std::deque<Reading> window;
  for (;;) {
    Result<std::optional<std::string>> key = scan.next();
    if (!key) return key.error();
    if (!*key) break;
    window.push_back(Reading{**key, Async(async).get(**key, session.reading())});
    if (window.size() < kWindow) continue;
    if (Status printed = print_next(window, progress); !printed) return printed;
  }
  while (!window.empty())
    if (Status printed = print_next(window, progress); !printed) return printed;
  return Unit{};
}

int run(Session& session, const std::string& prefix) {
  Progress progress(session, "keys");
  const Status dumped = dump(session, prefix, progress);
  if (dumped) return kDone;
  std::fflush(stdout);
  std::fprintf(stderr, "shoal: the dump is not complete: %s\n", shown(dumped.error().message).c_str());
  return exit_code_of(dumped.error().code);
}

}  // namespace

Run declare_dump(CLI::App& command) {
  const auto prefix = std::make_shared<std::string>();
  command.add_option("PREFIX", *prefix, "Only keys that begin with this");
  command.footer(
      "One line for each key, whatever -o says: {\"key\":\"k\",\"value\":\"v\"}, or \"values\":[...] when the key "
      "holds\n"
      "concurrent values. Not a snapshot: what is written meanwhile may or may not be in it.\n\n"
      "  shoal dump user: > users.ndjson");
  return [prefix](Session& session) { return run(session, *prefix); };
}

}  // namespace shoal::cli
