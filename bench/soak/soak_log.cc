#include "bench/soak/soak_log.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

namespace shoal {

void declare(CLI::App& app, SoakOptions& options) {
  app.add_option("--minutes", options.minutes, "run for this long")->check(CLI::PositiveNumber);
  app.add_option("--log", options.log, "append a line per slice; the next call goes on after its last seed");
  app.add_option("--commit", options.commit, "what is being run, for the log");
}

SoakLog::SoakLog(SoakOptions options)
    : options_(std::move(options)),
      until_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double, std::ratio<60>>(options_.minutes))) {}

Result<std::uint64_t> SoakLog::first_seed() const {
  if (options_.first_seed > 0) return options_.first_seed;
  std::ifstream log(options_.log);
  std::string last;
  for (std::string line; std::getline(log, line);)
    if (!line.empty()) last = line;
  if (last.empty()) return std::uint64_t{1};
  const auto parsed = nlohmann::json::parse(last, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("last_seed") || !parsed["last_seed"].is_number_unsigned())
    return fail(Errc::corrupt, "the last line of " + options_.log + " is not of this program; name another --log file");
  return parsed["last_seed"].get<std::uint64_t>() + 1;
}

Status SoakLog::append(const nlohmann::ordered_json& facts) {
  nlohmann::ordered_json line = {{"commit", options_.commit}};
  line.update(facts);
  line["seconds"] = std::chrono::duration<double>(Clock::now() - line_began_).count();
  line_began_ = Clock::now();
  const std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::printf("%s\n", text.c_str());
  std::fflush(stdout);
  if (options_.log.empty() || (std::ofstream(options_.log, std::ios::app) << text << '\n')) return Unit{};
  return fail(Errc::io, "cannot write to " + options_.log);
}

}  // namespace shoal
