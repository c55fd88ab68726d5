// A 3-node etcd cluster and h2load (nghttp2), which speaks gRPC's wire format well enough for one request that is sent
// again and again: a comparison on the same machine in the same run.
//
// All puts are of one key. etcd orders everything in one log, so that many keys would be no faster.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bench/load/histogram.h"
#include "bench/load/local_cluster.h"

namespace shoal {

struct EtcdFigures {
  double per_second = 0;
  Histogram latency;
};

class Etcd {
 public:
  // Three members, every write synced by a majority before it is answered (etcd's only mode).
  static Result<Etcd> start(const std::filesystem::path& dir);

  // `inflight` puts at a time over one connection to the leader. Errc::io unless each was made and is in the key's
  // version afterwards.
  Result<EtcdFigures> put(int inflight, std::uint64_t requests, std::size_t value_bytes);

  [[nodiscard]] double cpu_seconds() const;

 private:
  explicit Etcd(std::filesystem::path dir) : dir_(std::move(dir)) {}
  [[nodiscard]] std::string etcdctl(const std::string& arguments) const;
  Status find_leader();
  [[nodiscard]] std::uint64_t version() const;  // of the key that is put; 0: never

  std::filesystem::path dir_;
  FreePorts ports_;
  std::vector<ChildProcess> members_;
  std::vector<std::string> clients_at_;  // addresses
  std::string leader_;
};

}  // namespace shoal
