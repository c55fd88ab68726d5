// Files that the page is made of, as they were when the program was built; embed.cmake makes a source of each.
#pragma once

#include <string_view>

namespace shoal::study::assets {

std::string_view page_html();
std::string_view report_css();
std::string_view plot_js();
std::string_view report_js();
std::string_view d3_licence();
std::string_view d3();

}  // namespace shoal::study::assets
