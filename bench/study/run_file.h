// run.toml: everything that is needed to repeat a study.
#pragma once

#include <string>

#include "bench/study/results.h"

namespace shoal::study {

std::string run_toml(const RunInfo& info);
// Errc::invalid says what is wrong.
Result<RunInfo> parse_run_toml(const std::string& text);

// The source's revision when this was built, as git names it; "unknown" outside of a repository.
std::string_view source_revision();

}  // namespace shoal::study
