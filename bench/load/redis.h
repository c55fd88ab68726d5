// redis-server and its own load generator, for a comparison on the same machine in the same run.
#pragma once

#include <filesystem>
#include <string>

#include "bench/load/local_cluster.h"

namespace shoal {

struct RedisFigures {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

class Redis {
 public:
  // `appendonly_always`: every write synced before it is answered; else nothing is written to disk.
  static Result<Redis> start(const std::filesystem::path& dir, bool appendonly_always);

  // SET or GET of `value_bytes` over `keys` keys with `connections` connections, one request each at a time.
  Result<RedisFigures> run(const std::string& command, int connections, std::uint64_t requests, std::uint64_t keys,
                           std::size_t value_bytes) const;

  [[nodiscard]] double cpu_seconds() const { return server_.cpu_time().count(); }

 private:
  ChildProcess server_;
  FreePorts ports_;
};

}  // namespace shoal
