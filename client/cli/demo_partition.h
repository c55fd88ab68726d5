// The demo's second act: the cluster is cut in two, both sides go on, and what they wrote apart comes together.
//
// The cut is ordered at the nodes (client/laboratory.h): each loses what goes to and comes from the other side.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "bench/load/local_cluster.h"
#include "client/cli/session.h"
#include "client/shoal/client.hpp"

namespace shoal::cli {

class PartitionAct {
 public:
  struct Outcome {
    std::size_t keys = 0;
    std::size_t apart = 0;     // keys whose owners held different states when the cut was healed
    std::size_t siblings = 0;  // keys that show both values afterwards
    double seconds = 0;        // from healing until all owners were equal
  };

  // Of the faults' token, which the nodes are started with.
  static std::filesystem::path token_file(const std::filesystem::path& dir) { return dir / "faults-token"; }

  PartitionAct(LocalCluster& cluster, std::string token, Session& session)
      : cluster_(cluster), token_(std::move(token)), session_(session) {}

  Result<Outcome> play();

 private:
  struct Side {
    std::string name;
    std::vector<int> nodes;
  };
  [[nodiscard]] Client client_of(const Side& side) const;
  [[nodiscard]] std::string names_of(const Side& side) const;
  Status cut(const Client& db);
  Status heal(const Client& db);
  bool believes_dead(Client& db, const Side& other);
  Status wait_until_noticed();
  Status write(const Side& side);
  [[nodiscard]] std::size_t keys_apart(Client& db) const;
  Status watch(Client& db);
  void count_siblings(Client& db);

  LocalCluster& cluster_;
  const std::string token_;
  Session& session_;
  Side left_{.name = "left", .nodes = {0, 1}};
  Side right_{.name = "right", .nodes = {}};
  Outcome outcome_;
};

}  // namespace shoal::cli
