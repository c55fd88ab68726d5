// Reading and checking what people write: URIs, durations, copies, addresses. Every refusal is one sentence.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/shoal/client.hpp"

namespace shoal::client_detail {

// "250ms", "2s", "1m", or a bare number of milliseconds; above zero.
Result<Millis> parse_millis(std::string_view text);
// "1", "2", ..., "one", "majority", "all".
Result<Copies> parse_copies(std::string_view text);
// "eventual", "quorum", "session", "all".
Result<Level> parse_level(std::string_view text);
// "HOST:PORT,HOST:PORT"; IPv6 as "[::1]:7100".
Result<std::vector<std::string>> parse_seeds(std::string_view text);

Status check_options(const Options& options);
Status check_copies(Copies copies);

}  // namespace shoal::client_detail
