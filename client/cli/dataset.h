// A real data set that every Debian machine has: its package descriptions.
#pragma once

#include <string>
#include <vector>

#include "node/base/result.h"

namespace shoal::cli {

struct Item {
  std::string key;
  std::string value;
};

struct Dataset {
  std::string title;
  std::vector<Item> items;  // keys are unique
};

// The packages that the machine knows of (apt's lists), each with its whole description; where there are none, the
// words of the dictionary; where there is none, the installed packages.
Result<Dataset> find_dataset();

// Stanzas of "Field: value" lines, separated by empty lines; exposed for its test.
std::vector<Item> parse_packages(const std::string& text);

}  // namespace shoal::cli
