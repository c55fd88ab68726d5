// Session: one run of the shoal command: what the global flags said, the client, and the ways to speak.
//
// Data goes to standard output, words to standard error. Without -o, a terminal gets tables and everything else plain
// lines.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/cli/exit_codes.h"
#include "client/shoal/client.hpp"

namespace shoal::cli {

// As typed, or from the environment, or the default.
struct Globals {
  std::string seeds = "127.0.0.1:7100";
  std::string output;
  std::string timeout = "2s";
  std::string level;
  std::string r;
  std::string w;
  std::string pr;
  std::string pw;
  std::string session;  // a file
  std::string bucket = "default";
  std::string context;
  bool context_given = false;
  std::string color = "auto";
  std::string progress = "auto";
  bool seeds_only = false;
  bool quiet = false;
  bool verbose = false;
};

enum class Format : std::uint8_t { table, wide, json, ndjson, csv, plain };
enum class Paint : std::uint8_t { good, bad, dim, bold };

class Session {
 public:
  // Errc::invalid names the flag that makes no sense.
  static Result<Session> open(const Globals& globals);

  Client& db() { return *db_; }
  [[nodiscard]] Format format() const { return format_; }
  // For people: values are shown, not handed on.
  [[nodiscard]] bool is_table() const { return format_ == Format::table || format_ == Format::wide; }
  [[nodiscard]] bool is_json() const { return format_ == Format::json || format_ == Format::ndjson; }
  [[nodiscard]] bool quiet() const { return globals_.quiet; }
  [[nodiscard]] bool verbose() const { return globals_.verbose; }
  [[nodiscard]] const Globals& globals() const { return globals_; }
  [[nodiscard]] Millis timeout() const { return timeout_; }
  [[nodiscard]] bool has_context() const { return globals_.context_given; }

  [[nodiscard]] ReadOptions reading() const {
    return {.bucket = globals_.bucket, .level = level_, .pr = pr_, .session = seen()};
  }
  [[nodiscard]] WriteOptions writing() const {
    return {.context = context_, .bucket = globals_.bucket, .level = level_, .pw = pw_, .session = seen()};
  }
  [[nodiscard]] ScanOptions listing() const { return {.bucket = globals_.bucket, .level = level_}; }
  // Writes what was seen back to the --session file, all of it or nothing.
  [[nodiscard]] Status save_session() const;

  // A sentence on standard error; nothing with -q.
  void say(std::string_view sentence) const;
  // A failure: a sentence on standard error, the same as JSON on standard output where that was asked for. Returns the
  // exit code.
  int report(const Error& error) const;
  // The sentence alone, for who prints JSON of their own.
  int report_in_words(const Error& error) const;
  // `text` in colour where standard output (or error) takes colours.
  [[nodiscard]] std::string paint(Paint paint, std::string_view text) const;
  [[nodiscard]] std::string paint_words(Paint paint, std::string_view text) const;

 private:
  [[nodiscard]] shoal::Session* seen() const { return session_.get(); }
  Status take_flags();
  Status load_session();

  Globals globals_;
  Format format_ = Format::plain;
  Millis timeout_{};
  Context context_;
  std::optional<Level> level_;
  Copies pr_;
  Copies pw_;
  std::unique_ptr<shoal::Session> session_;  // of --session
  bool colours_out_ = false;
  bool colours_err_ = false;
  std::unique_ptr<Client> db_;
};

}  // namespace shoal::cli
