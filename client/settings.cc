#include "client/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "node/base/endpoint.h"
#include "node/ring/membership.h"

namespace shoal::client_detail {
namespace {

constexpr std::int64_t kMillisMax = 24 * 3'600'000;

template <class T>
bool read_number(std::string_view text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 80)) + "\""; }

// The first piece up to `separator`; takes it off `rest`.
std::string_view cut(std::string_view& rest, char separator) {
  const std::size_t end = rest.find(separator);
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return piece;
}

Status check_seed(std::string_view seed) {
  const Result<Endpoint> endpoint = parse_endpoint(seed);
  if (!endpoint) return endpoint.error();
  if (endpoint->host == "*" || endpoint->host.find_first_of("/@; ") != std::string::npos)
    return fail(Errc::invalid, quoted(seed) + " is not the address of a node; write HOST:PORT, or [V6]:PORT");
  return Unit{};
}

template <class T>
Status assign(T& field, Result<T> value) {
  if (!value) return value.error();
  field = *std::move(value);
  return Unit{};
}

Result<int> parse_count(std::string_view text) {
  int count = 0;
  if (!read_number(text, count) || count < 0) return fail(Errc::invalid, quoted(text) + " is not a number from 0 on");
  return count;
}

Result<bool> parse_flag(std::string_view text) {
  if (text == "true" || text == "false") return text == "true";
  return fail(Errc::invalid, quoted(text) + " is neither true nor false");
}

Status set_parameter(Options& options, std::string_view name, std::string_view value) {
  if (name == "r") return assign(options.r, parse_copies(value));
  if (name == "w") return assign(options.w, parse_copies(value));
  if (name == "level") return assign(options.level, parse_level(value));
  if (name == "timeout") return assign(options.timeout, parse_millis(value));
  if (name == "backoff") return assign(options.backoff, parse_millis(value));
  if (name == "max_inflight") return assign(options.max_inflight, parse_count(value));
  if (name == "retries") return assign(options.retries, parse_count(value));
  if (name == "seeds_only") return assign(options.seeds_only, parse_flag(value));
  return fail(
      Errc::invalid,
      quoted(name) + " is not a parameter; there are r, w, level, timeout, backoff, max_inflight, retries, seeds_only");
}

}  // namespace

Result<Millis> parse_millis(std::string_view text) {
  const Error wrong = fail(Errc::invalid, quoted(text) + " is not a duration; write 250ms, 2s or 1m, up to a day");
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view unit = text.substr(digits);
  const std::int64_t scale = unit.empty() || unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  std::int64_t number = 0;
  if (scale == 0 || !read_number(text.substr(0, digits), number)) return wrong;
  if (number <= 0 || number > kMillisMax / scale) return wrong;
  return Millis(number * scale);
}

Result<Copies> parse_copies(std::string_view text) {
  if (text == "one") return Copies::one();
  if (text == "majority" || text == "quorum") return Copies::majority();
  if (text == "all") return Copies::all();
  int count = 0;
  if (read_number(text, count) && count >= 1 && check_copies(count)) return Copies(count);
  return fail(Errc::invalid, quoted(text) + " is not a number of replicas; write 1 to " + std::to_string(kReplicasMax) +
                                 ", majority or all");
}

Result<Level> parse_level(std::string_view text) {
  if (const std::optional<Level> level = level_of(text)) return *level;
  return fail(Errc::invalid, quoted(text) + " is not a level; there are eventual, quorum, session, all, strong");
}

Status check_copies(Copies copies) {
  if (copies.n >= Copies::majority().n && copies.n <= static_cast<int>(kReplicasMax)) return Unit{};
  return fail(Errc::invalid, std::to_string(copies.n) + " replicas cannot be asked for; a key has at most " +
                                 std::to_string(kReplicasMax));
}

Result<std::vector<std::string>> parse_seeds(std::string_view text) {
  std::vector<std::string> seeds;
  while (!text.empty()) {
    const std::string_view seed = cut(text, ',');
    if (seed.empty()) continue;
    if (const Status checked = check_seed(seed); !checked) return checked.error();
    seeds.push_back(std::string(seed));
  }
  if (seeds.empty()) return fail(Errc::invalid, "no seed is named; write HOST:PORT of any node of the cluster");
  return seeds;
}

Status check_options(const Options& options) {
  if (options.seeds.empty()) return fail(Errc::invalid, "no seed is named; write HOST:PORT of any node of the cluster");
  for (const std::string& seed : options.seeds)
    if (Status checked = check_seed(seed); !checked) return checked;
  if (options.timeout <= Millis{0}) return fail(Errc::invalid, "the timeout must be above zero");
  if (options.backoff < Millis{0}) return fail(Errc::invalid, "the backoff must not be negative");
  if (options.max_inflight < 1) return fail(Errc::invalid, "max_inflight must be at least 1");
  if (options.retries < 0 || options.retries > 100) return fail(Errc::invalid, "retries must be from 0 to 100");
  if (options.level == Level::session)
    return fail(Errc::invalid, "the level session is not for a whole client: it comes with a Session");
  if (Status checked = check_copies(options.r); !checked) return checked;
  return check_copies(options.w);
}

}  // namespace shoal::client_detail

namespace shoal {

Result<Options> Options::parse(std::string_view uri) {
  constexpr std::string_view kScheme = "shoal://";
  if (!uri.starts_with(kScheme))
    return fail(Errc::invalid, "\"" + std::string(uri.substr(0, 80)) +
                                   "\" is not a shoal URI; write shoal://HOST:PORT,HOST:PORT?timeout=200ms");
  uri.remove_prefix(kScheme.size());
  Options options;
  auto seeds = client_detail::parse_seeds(client_detail::cut(uri, '?'));
  if (!seeds) return seeds.error();
  options.seeds = *std::move(seeds);
  while (!uri.empty()) {
    std::string_view value = client_detail::cut(uri, '&');
    const std::string_view name = client_detail::cut(value, '=');
    if (const Status set = client_detail::set_parameter(options, name, value); !set) return set.error();
  }
  if (const Status checked = client_detail::check_options(options); !checked) return checked.error();
  return options;
}

}  // namespace shoal
