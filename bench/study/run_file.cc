#include "bench/study/run_file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

namespace shoal::study {
namespace {

constexpr std::string_view kHead =
    "# Everything that is needed to repeat this study: shoal study run, with the file's text and these seeds.\n";

// Several lines stand as they are, where TOML has a way to say so.
bool can_stand(const std::string& text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\n' || c == '\t' || (byte >= 0x20 && byte != 0x7f);
  });
  return plain && text.find('\n') != std::string::npos && text.find("'''") == std::string::npos &&
         !text.ends_with('\'');
}

std::string quoted(const std::string& text) {
  if (can_stand(text)) return "'''\n" + text + "'''";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string("\\") + c;
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\u{:04X}", byte);
    else
      out += c;
  }
  return out + "\"";
}

template <class T, class Say>
std::string list_of(const std::vector<T>& values, Say say) {
  std::string out;
  for (const T& value : values) out += (out.empty() ? "" : ", ") + say(value);
  return "[" + out + "]";
}

}  // namespace

std::string run_toml(const RunInfo& info) {
  std::string out(kHead);
  const auto add = [&out](const char* name, const std::string& value) { out += fmt::format("{} = {}\n", name, value); };
  add("schema", "1");
  add("name", quoted(info.name));
  add("title", quoted(info.title));
  add("about", quoted(info.about));
  add("driver", quoted(info.driver));
  add("command", quoted(info.command));
  add("version", quoted(info.version));
  add("revision", quoted(info.revision));
  add("variants", list_of(info.variants, quoted));
  // As text: TOML's integers end at 2^63 - 1.
  add("seeds", list_of(info.seeds, [](std::uint64_t seed) { return fmt::format("\"{}\"", seed); }));
  add("text", quoted(info.text));
  return out;
}

Result<RunInfo> parse_run_toml(const std::string& text) {
  try {
    const toml::table table = toml::parse(text);
    if (table["schema"].value_or(0) != 1)
      return fail(Errc::invalid, "run.toml was written by another version of shoal: run the study again");
    RunInfo info;
    for (auto [name, field] : {std::pair("name", &info.name),
                               {"title", &info.title},
                               {"about", &info.about},
                               {"driver", &info.driver},
                               {"command", &info.command},
                               {"version", &info.version},
                               {"revision", &info.revision},
                               {"text", &info.text}}) {
      const std::optional<std::string> said = table[name].value<std::string>();
      if (!said) return fail(Errc::invalid, std::string("run.toml is damaged: it has no ") + name);
      *field = *said;
    }
    if (const toml::array* variants = table["variants"].as_array(); variants != nullptr)
      for (const toml::node& name : *variants) info.variants.push_back(name.value_or(std::string()));
    if (const toml::array* seeds = table["seeds"].as_array(); seeds != nullptr)
      for (const toml::node& seed : *seeds) {
        std::istringstream number(seed.value_or(std::string()));
        number >> info.seeds.emplace_back();
        if (!number) return fail(Errc::invalid, "run.toml is damaged: its seeds are no numbers");
      }
    return info;
  } catch (const toml::parse_error& problem) {
    return fail(Errc::invalid, "run.toml is damaged: " + std::string(problem.description()));
  }
}

}  // namespace shoal::study
