#include "client/cli/dataset.h"

#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>

namespace shoal::cli {
namespace {

constexpr std::size_t kFewest = 1000;  // less is no data set worth showing

std::string output_of(const char* command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command, "r"), &::pclose);
  std::string out;
  std::array<char, 65536> buffer{};
  for (std::size_t n = 0; pipe && (n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;)
    out.append(buffer.data(), n);
  return out;
}

std::vector<Item> dictionary() {
  std::ifstream file("/usr/share/dict/words");
  std::vector<Item> items;
  for (std::string word; std::getline(file, word);)
    if (!word.empty()) items.push_back(Item{"word:" + word, word});
  return items;
}

std::string field_of(const std::string& stanza, const std::string& name) {
  const std::string start = name + ": ";
  const std::size_t at = stanza.starts_with(start) ? 0 : stanza.find("\n" + start);
  if (at == std::string::npos) return "";
  const std::size_t from = at + start.size() + (at == 0 ? 0 : 1);
  return stanza.substr(from, stanza.find('\n', from) - from);
}

}  // namespace

std::vector<Item> parse_packages(const std::string& text) {
  std::map<std::string, std::string> stanzas;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", at), text.size());
    std::string stanza = text.substr(at, end - at);
    if (const std::string package = field_of(stanza, "Package"); !package.empty())
      stanzas["pkg:" + package + ":" + field_of(stanza, "Version")] = std::move(stanza);
    at = end + 2;
  }
  std::vector<Item> items;
  items.reserve(stanzas.size());
  for (auto& [key, value] : stanzas) items.push_back(Item{key, std::move(value)});
  return items;
}

Result<Dataset> find_dataset() {
  Dataset packages{"Debian packages, each with its description (apt-cache dumpavail)",
                   parse_packages(output_of("apt-cache dumpavail 2>/dev/null"))};
  if (packages.items.size() >= kFewest) return packages;
  Dataset words{"the words of the dictionary (/usr/share/dict/words)", dictionary()};
  if (words.items.size() >= kFewest) return words;
  Dataset installed{"installed packages (dpkg status)",
                    parse_packages(output_of("cat /var/lib/dpkg/status 2>/dev/null"))};
  if (!installed.items.empty()) return installed;
  return fail(Errc::io,
              "this machine has neither package lists nor a dictionary to load; on Debian, run apt-get update");
}

}  // namespace shoal::cli
