// Reads scenario files: TOML, every setting of which has a default, and nothing else may stand in them.
//
// A study has variants when the file says [variants.NAME]: each is the whole file with the settings of its table laid
// over it. docs/study.md lists all settings.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "bench/study/scenario.h"
#include "node/base/result.h"

namespace shoal::study {

// Errc::invalid with a sentence that names line, column and what was meant. Files of measured delays are looked for
// beside the file.
Result<StudyFile> read_study(const std::filesystem::path& file);
Result<StudyFile> parse_study(std::string_view text, const std::filesystem::path& folder);

}  // namespace shoal::study
