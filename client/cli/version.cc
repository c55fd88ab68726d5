#include <CLI/CLI.hpp>

#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {

Run declare_version(CLI::App&) {
  return [](Session& session) {
    if (session.is_json()) {
      print_json(Json{{"schema", kSchema}, {"version", SHOAL_VERSION}});
    } else {
      print_line("shoal " SHOAL_VERSION);
    }
    return static_cast<int>(kDone);
  };
}

}  // namespace shoal::cli
