#include "client/cli/session.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/settings.h"

namespace shoal::cli {
namespace {

Result<Format> parse_format(const std::string& text) {
  static const std::map<std::string, Format> kFormats{{"table", Format::table}, {"wide", Format::wide},
                                                      {"json", Format::json},   {"ndjson", Format::ndjson},
                                                      {"csv", Format::csv},     {"plain", Format::plain}};
  if (text.empty()) return isatty(STDOUT_FILENO) != 0 ? Format::table : Format::plain;
  const auto known = kFormats.find(text);
  if (known != kFormats.end()) return known->second;
  return fail(Errc::invalid,
              "\"" + text + "\" is not an output format; there are table, wide, json, ndjson, csv, plain");
}

Result<bool> parse_color(const std::string& text, int stream) {
  const char* no_color = std::getenv("NO_COLOR");
  if (text == "always") return true;
  if (text == "never") return false;
  if (text == "auto") return isatty(stream) != 0 && (no_color == nullptr || *no_color == '\0');
  return fail(Errc::invalid, "--color is auto, always or never, not \"" + text + "\"");
}

Status check_progress(const std::string& text) {
  if (text == "auto" || text == "always" || text == "never" || text == "json") return Unit{};
  return fail(Errc::invalid, "--progress is auto, always, never or json, not \"" + text + "\"");
}

Result<Context> parse_context(const Globals& globals) {
  if (globals.context_given && globals.context.empty())
    return fail(Errc::bad_context, "--context is empty; leave it out, or pass the token that a read returned");
  return Context::parse(globals.context);
}

// Empty: what level and bucket say.
Result<Copies> parse_optional_copies(const std::string& text) {
  return text.empty() ? Result<Copies>(Copies{}) : client_detail::parse_copies(text);
}

std::string painted(bool colours, Paint paint, std::string_view text) {
  if (!colours) return std::string(text);
  static constexpr const char* kCodes[] = {"\x1b[32m", "\x1b[31m", "\x1b[2m", "\x1b[1m"};  // in the order of Paint
  return kCodes[static_cast<std::size_t>(paint)] + std::string(text) + "\x1b[0m";
}

}  // namespace

Result<Session> Session::open(const Globals& globals) {
  Session session;
  session.globals_ = globals;
  const Result<Format> format = parse_format(globals.output);
  if (!format) return format.error();
  const Result<bool> colours_out = parse_color(globals.color, STDOUT_FILENO);
  if (!colours_out) return colours_out.error();
  if (const Status checked = check_progress(globals.progress); !checked) return checked.error();
  const Result<Context> context = parse_context(globals);
  if (!context) return context.error();
  session.format_ = *format;
  session.colours_out_ = *colours_out;
  session.colours_err_ = *parse_color(globals.color, STDERR_FILENO);
  session.context_ = *context;

  if (const Status taken = session.take_flags(); !taken) return taken.error();
  if (const Status loaded = session.load_session(); !loaded) return loaded.error();

  Options options;
  auto seeds = client_detail::parse_seeds(globals.seeds);
  if (!seeds) return seeds.error();
  const auto timeout = client_detail::parse_millis(globals.timeout);
  if (!timeout) return timeout.error();
  const auto r = parse_optional_copies(globals.r);
  if (!r) return r.error();
  const auto w = parse_optional_copies(globals.w);
  if (!w) return w.error();
  options.seeds = *std::move(seeds);
  session.timeout_ = options.timeout = *timeout;
  options.seeds_only = globals.seeds_only;
  options.r = *r;
  options.w = *w;
  session.db_ = std::make_unique<Client>(std::move(options));
  return session;
}

Status Session::take_flags() {
  const Result<Copies> pr = parse_optional_copies(globals_.pr);
  if (!pr) return pr.error();
  const Result<Copies> pw = parse_optional_copies(globals_.pw);
  if (!pw) return pw.error();
  pr_ = *pr;
  pw_ = *pw;
  if (globals_.level.empty()) return Unit{};
  const Result<Level> level = client_detail::parse_level(globals_.level);
  if (!level) return level.error();
  level_ = *level;
  if (level_ == Level::session && globals_.session.empty())
    return fail(Errc::invalid, "--level session needs --session FILE, where it is kept what was seen");
  if (level_ != Level::session && !globals_.session.empty())
    return fail(Errc::invalid, "--session works at the level session; leave --level out");
  return Unit{};
}

Status Session::load_session() {
  if (globals_.session.empty()) return Unit{};
  level_ = Level::session;
  session_ = std::make_unique<shoal::Session>();
  const Result<std::optional<std::string>> text = read_text_file(globals_.session);
  if (!text) return text.error();
  if (!*text) return Unit{};  // begins now
  std::string token = **text;
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  Result<shoal::Session> session = shoal::Session::parse(token);
  if (!session) return fail(Errc::bad_context, globals_.session + ": " + session.error().message);
  *session_ = *std::move(session);
  return Unit{};
}

Status Session::save_session() const {
  return session_ != nullptr ? replace_file(globals_.session, session_->token() + "\n") : Status(Unit{});
}

void Session::say(std::string_view sentence) const {
  if (!globals_.quiet) std::fprintf(stderr, "%.*s\n", static_cast<int>(sentence.size()), sentence.data());
}

int Session::report(const Error& error) const {
  if (is_json()) {
    print_json(Json{{"schema", kSchema}, {"error", json_of(error)}});
  }
  return report_in_words(error);
}

int Session::report_in_words(const Error& error) const {
  std::fprintf(stderr, "%s %s\n", paint_words(Paint::bad, "shoal:").c_str(), shown(error.message).c_str());
  return exit_code_of(error.code);
}

std::string Session::paint(Paint paint, std::string_view text) const { return painted(colours_out_, paint, text); }
std::string Session::paint_words(Paint paint, std::string_view text) const {
  return painted(colours_err_, paint, text);
}

}  // namespace shoal::cli
