// Balance and movement of the placement, compared with a table that a model in floating point produced.
//
// The model draws from other hashes than a cluster does: BLAKE2b with 8 bytes of output over the partition number
// (little-endian, 4 bytes) and the name "n<i>". With the same hashes, the integer costs and the zone rule must give the
// model's table: the load of the fullest and of the emptiest member against the mean, and the replicas that move when
// one member is added against the least possible, without zones and with three.
#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "node/ring/rendezvous.h"

namespace shoal {
namespace {

constexpr std::uint32_t kReplicas = 3;
constexpr std::uint32_t kPartitions = 4096;  // the first 256 and 1024 of them are the smaller tables
constexpr double kTolerance = 0.01;          // the table is rounded to two digits

struct Figures {
  double fullest, emptiest, moved;
};

struct Row {
  std::uint32_t partitions;
  Figures plain, zoned;
};

struct Table {
  std::uint32_t members;
  std::array<Row, 3> rows;
};

void PrintTo(const Table& table, std::ostream* out) { *out << table.members << " members"; }

const Table kTables[] = {
    {5,
     {{{256, {1.06, 0.96, 1.09}, {1.67, 0.74, 0.99}},
       {1024, {1.05, 0.98, 1.01}, {1.67, 0.81, 1.00}},
       {4096, {1.02, 0.99, 1.01}, {1.67, 0.83, 1.01}}}}},
    {10,
     {{{256, {1.08, 0.83, 0.89}, {1.20, 0.73, 0.73}},
       {1024, {1.14, 0.90, 0.97}, {1.18, 0.79, 0.87}},
       {4096, {1.04, 0.95, 1.00}, {1.15, 0.81, 0.89}}}}},
    {20,
     {{{256, {1.28, 0.70, 1.07}, {1.28, 0.57, 0.98}},
       {1024, {1.24, 0.90, 0.90}, {1.17, 0.77, 0.86}},
       {4096, {1.06, 0.94, 0.96}, {1.13, 0.88, 1.02}}}}},
    {50,
     {{{256, {1.50, 0.52, 0.86}, {1.76, 0.39, 1.20}},
       {1024, {1.43, 0.70, 0.86}, {1.32, 0.75, 0.90}},
       {4096, {1.11, 0.81, 0.88}, {1.15, 0.80, 0.91}}}}},
};

std::uint64_t model_hash(std::uint32_t partition, std::uint32_t member) {
  std::string input;
  for (int shift = 0; shift < 32; shift += 8) input.push_back(static_cast<char>(partition >> shift));
  input += 'n';
  input += std::to_string(member);
  std::array<unsigned char, 8> out{};
  const int status = crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(input.data()),
                                        input.size(), nullptr, 0);
  if (status != 0) ADD_FAILURE() << "BLAKE2b with 8 bytes of output is not available";
  std::uint64_t hash = 0;
  for (int i = 7; i >= 0; --i) hash = hash << 8 | out[static_cast<std::size_t>(i)];
  return hash;
}

using Owners = std::set<std::uint32_t>;

// The owners of every partition among members 0..count-1.
std::vector<Owners> place(std::uint32_t count, bool zoned) {
  std::vector<std::string> zones;
  for (std::uint32_t i = 0; i < count; ++i) zones.push_back(zoned ? std::to_string(i % 3) : "");
  std::vector<Owners> placed;
  std::vector<Candidate> candidates(count);
  for (std::uint32_t p = 0; p < kPartitions; ++p) {
    for (std::uint32_t i = 0; i < count; ++i) candidates[i] = Candidate{i, negative_log2(model_hash(p, i)), 100};
    const auto ranked = rank_with_zones(candidates, zones, kReplicas);
    placed.push_back(Owners(ranked.begin(), ranked.begin() + kReplicas));
  }
  return placed;
}

Figures measure(const std::vector<Owners>& before, const std::vector<Owners>& after, std::uint32_t members,
                std::uint32_t partitions) {
  std::vector<int> load(members);
  int moved = 0;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    for (const std::uint32_t owner : before[p]) ++load[owner];
    for (const std::uint32_t owner : after[p]) moved += before[p].contains(owner) ? 0 : 1;
  }
  const double replicas = static_cast<double>(partitions) * kReplicas;
  const double mean = replicas / members;
  return {*std::ranges::max_element(load) / mean, *std::ranges::min_element(load) / mean,
          moved / (replicas / (members + 1))};
}

void expect_figures(const Figures& measured, const Figures& expected) {
  EXPECT_NEAR(measured.fullest, expected.fullest, kTolerance);
  EXPECT_NEAR(measured.emptiest, expected.emptiest, kTolerance);
  EXPECT_NEAR(measured.moved, expected.moved, kTolerance);
}

TEST(ModelHash, IsTheModels) {
  EXPECT_EQ(model_hash(0, 0), 0x1ae8'2b74'2fa9'fb73u);
  EXPECT_EQ(model_hash(255, 17), 0x6cc0'8108'201e'e461u);
  EXPECT_EQ(model_hash(4095, 50), 0xa38f'9dc4'47eb'21b1u);
}

class PlacementTable : public testing::TestWithParam<Table> {};

TEST_P(PlacementTable, IsReproducedWithoutZones) {
  const auto before = place(GetParam().members, false);
  const auto after = place(GetParam().members + 1, false);
  for (const Row& row : GetParam().rows) {
    SCOPED_TRACE(std::to_string(row.partitions) + " partitions");
    expect_figures(measure(before, after, GetParam().members, row.partitions), row.plain);
  }
}

TEST_P(PlacementTable, IsReproducedWithThreeZones) {
  const auto before = place(GetParam().members, true);
  const auto after = place(GetParam().members + 1, true);
  for (const Row& row : GetParam().rows) {
    SCOPED_TRACE(std::to_string(row.partitions) + " partitions");
    expect_figures(measure(before, after, GetParam().members, row.partitions), row.zoned);
  }
}

std::string members_name(const testing::TestParamInfo<Table>& tested) {
  return "of_" + std::to_string(tested.param.members) + "_members";
}
INSTANTIATE_TEST_SUITE_P(Members, PlacementTable, testing::ValuesIn(kTables), members_name);

}  // namespace
}  // namespace shoal
