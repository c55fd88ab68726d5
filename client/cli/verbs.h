// The commands of `shoal`. Each lives in a file of its own: it declares its arguments and says what to run.
#pragma once

#include <functional>

#include "client/cli/session.h"

namespace CLI {
class App;
}

namespace shoal::cli {

// Returns the exit code.
using Run = std::function<int(Session&)>;

Run declare_get(CLI::App& command);
Run declare_put(CLI::App& command);
Run declare_cas(CLI::App& command);
Run declare_del(CLI::App& command);
Run declare_resolve(CLI::App& command);
Run declare_ls(CLI::App& command);
Run declare_load(CLI::App& command);
Run declare_dump(CLI::App& command);
Run declare_status(CLI::App& command);
Run declare_members(CLI::App& command);
Run declare_where(CLI::App& command);
Run declare_explain(CLI::App& command);
Run declare_events(CLI::App& command);
Run declare_hints(CLI::App& command);
Run declare_repair(CLI::App& command);
Run declare_diff(CLI::App& command);
Run declare_snapshot(CLI::App& command);
Run declare_bucket(CLI::App& command);
Run declare_voters(CLI::App& command);
Run declare_faults(CLI::App& command);
Run declare_study(CLI::App& command);
Run declare_demo(CLI::App& command);
Run declare_version(CLI::App& command);

}  // namespace shoal::cli
