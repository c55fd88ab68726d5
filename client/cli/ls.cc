#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>

#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct List {
  std::string prefix;
  std::uint64_t limit = 0;  // 0: no limit
  bool conflicts = false;
  bool tombstones = false;
};

// Prints keys as they come.
class KeyPrinter {
 public:
  explicit KeyPrinter(Format format) : format_(format) {
    if (format_ == Format::json) print("{\"schema\":1,\"keys\":[");
    if (format_ == Format::csv) print_line("key");
  }

  void add(const std::string& key) {
    switch (format_) {
      case Format::json: print((count_ > 0 ? "," : "") + json_of_bytes(key).dump()); break;
      case Format::ndjson: print_json(Json{{"key", json_of_bytes(key)}}); break;
      case Format::csv: print_table({{}, {{key}}}, Format::plain); break;
      case Format::plain: print_line(key); break;
      case Format::table:
      case Format::wide: print_line(shown(key)); break;
    }
    ++count_;
  }

  void end(bool complete) {
    if (format_ == Format::json) print_line(std::string("],\"complete\":") + (complete ? "true}" : "false}"));
  }

  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  Format format_;
  std::uint64_t count_ = 0;
};

int run(Session& session, const List& list) {
  ScanOptions options = session.listing();
  if (options.level == Level::session)
    return session.report(fail(Errc::invalid, "a listing knows no session: a session remembers single keys"));
  if (list.limit > 0 && list.limit < options.page) options.page = static_cast<std::uint32_t>(list.limit);
  if (list.conflicts) options.keys = Keys::conflicts;
  if (list.tombstones) options.keys = Keys::tombstones;
  Scan scan = session.db().scan(list.prefix, options);
  KeyPrinter printer(session.format());
  while (list.limit == 0 || printer.count() < list.limit) {
    Result<std::optional<std::string>> key = scan.next();
    if (!key) {
      printer.end(false);
      session.say("the list is not complete");
      std::fflush(stdout);
      std::fprintf(stderr, "shoal: %s\n", shown(key.error().message).c_str());
      return exit_code_of(key.error().code);
    }
    if (!*key) break;
    printer.add(**key);
  }
  printer.end(true);
  return kDone;
}

}  // namespace

Run declare_ls(CLI::App& command) {
  const auto list = std::make_shared<List>();
  command.alias("scan");
  command.add_option("PREFIX", list->prefix, "Only keys that begin with this");
  command.add_option("--limit", list->limit, "At most this many")->check(CLI::PositiveNumber);
  CLI::Option* conflicts = command.add_flag("--conflicts", list->conflicts, "Only keys with concurrent values");
  command.add_flag("--tombstones", list->tombstones, "Only keys that were deleted, and of which that is still known")
      ->excludes(conflicts);
  command.footer(
      "Keys are streamed in the order of their hashes, not of their names, each once however many replicas\n"
      "hold it; pipe through sort where order matters.\n\n"
      "  shoal ls user: | sort\n  shoal ls --limit 10\n"
      "  shoal ls --conflicts");
  return [list](Session& session) { return run(session, *list); };
}

}  // namespace shoal::cli
