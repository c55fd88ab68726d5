// A small reader of XML, for tests: elements that open and close in pairs, attributes in quotes, known entities only.
#pragma once

#include <string>
#include <string_view>

namespace shoal::study {

// Empty when `xml` is well formed; else what is wrong, with the text around it.
std::string why_not_well_formed(std::string_view xml);

}  // namespace shoal::study
