// The laws of merge over states that real histories reach: writes with old contexts, states that arrive late and
// twice, records lost, nodes restarted and rolled back.
#include <gtest/gtest.h>

#include <vector>

#include "tests/vclock/replica.h"
#include "tests/vclock/world.h"

namespace shoal {
namespace {

constexpr std::uint64_t kSeeds = 150;
constexpr int kSteps = 60;

// One history by chance. `seen_` collects every state that ever existed, as messages and backups would.
class History {
 public:
  History(Kind kind, std::uint64_t seed) : rng_(seed), world_(kind, 3) { seen_.push_back(Copy{}); }

  void step() {
    const auto replica = static_cast<std::size_t>(rng_.below(world_.replicas()));
    const std::uint64_t what = rng_.below(100);
    if (what < 45 && !world_.full()) {
      write(replica);
    } else if (what < 85) {
      world_.merge(replica, any_state());
    } else if (what < 90) {
      world_.lose(replica);
    } else if (what < 95) {
      world_.restart(replica);
    } else if (!own_[replica].empty()) {
      world_.roll_back(replica, own_[replica][static_cast<std::size_t>(rng_.below(own_[replica].size()))]);
    }
    own_[replica].push_back(world_.at(replica));
    seen_.push_back(world_.at(replica));
  }

  [[nodiscard]] const std::vector<Copy>& states() const { return seen_; }
  const Copy& any_state() { return seen_[static_cast<std::size_t>(rng_.below(seen_.size()))]; }
  World& world() { return world_; }

 private:
  void write(std::size_t replica) {
    const std::uint64_t wall = rng_.between(1, 20);  // clocks disagree: late writes may carry early times
    const bool blind = rng_.chance(300'000);
    const bool stale = rng_.chance(500'000);
    const ReadContext context = blind ? ReadContext{} : World::read(stale ? any_state() : world_.at(replica));
    world_.put(replica, context, wall, rng_.chance(200'000));
  }

  Rng rng_;
  World world_;
  std::vector<Copy> seen_;
  std::vector<Copy> own_[3];
};

class MergeLaws : public testing::TestWithParam<Kind> {
 protected:
  // Calls check(history) for many histories, once each has come to its end.
  template <class Check>
  void for_histories(Check check) {
    for (std::uint64_t seed = 1; seed <= kSeeds && !HasFatalFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      History history(GetParam(), seed);
      for (int i = 0; i < kSteps; ++i) history.step();
      check(history);
    }
  }
  [[nodiscard]] Record join(const Record& a, const Record& b) const { return merged(a, b, GetParam()); }
};

TEST_P(MergeLaws, EveryReachedStateSaysWhatTheOracleSays) {
  for_histories([](History& history) {
    for (const Copy& copy : history.states()) ASSERT_EQ(history.world().disagreement(copy), "") << text(copy.record);
  });
}

TEST_P(MergeLaws, Commutative) {
  for_histories([this](History& history) {
    for (int i = 0; i < 60; ++i) {
      const Record a = history.any_state().record;
      const Record b = history.any_state().record;
      ASSERT_EQ(join(a, b), join(b, a)) << text(a) << " | " << text(b);
    }
  });
}

TEST_P(MergeLaws, Associative) {
  for_histories([this](History& history) {
    for (int i = 0; i < 60; ++i) {
      const Record a = history.any_state().record;
      const Record b = history.any_state().record;
      const Record c = history.any_state().record;
      ASSERT_EQ(join(join(a, b), c), join(a, join(b, c))) << text(a) << " | " << text(b) << " | " << text(c);
    }
  });
}

TEST_P(MergeLaws, Idempotent) {
  for_histories([this](History& history) {
    for (const Copy& copy : history.states()) ASSERT_EQ(join(copy.record, copy.record), copy.record);
    const Record a = history.any_state().record;
    const Record b = history.any_state().record;
    ASSERT_EQ(join(join(a, b), b), join(a, b));
  });
}

TEST_P(MergeLaws, MonotoneInTheClock) {
  for_histories([this](History& history) {
    for (int i = 0; i < 60; ++i) {
      const Record a = history.any_state().record;
      const Record b = history.any_state().record;
      const Record both = join(a, b);
      ASSERT_TRUE(both.clock.descends(a.clock) && both.clock.descends(b.clock));
      for (const Sibling& sibling : both.siblings) ASSERT_TRUE(both.clock.covers(sibling.dot));
    }
  });
}

// Replicas that exchange everything end equal, in whatever order, and with a value if there ever was one.
TEST_P(MergeLaws, EverybodyConverges) {
  for_histories([](History& history) {
    World& world = history.world();
    world.merge_everybody();
    for (std::size_t i = 1; i < world.replicas(); ++i) ASSERT_EQ(world.at(i).record, world.at(0).record);
    ASSERT_EQ(world.at(0).record.siblings.empty(), world.at(0).known == 0);
    ASSERT_EQ(world.disagreement(world.at(0)), "");
  });
}

// A digest of causal bytes can stand for a record: equal exactly when the records are.
TEST_P(MergeLaws, CausalBytesAreEqualExactlyWhenStatesAre) {
  for_histories([](History& history) {
    for (int i = 0; i < 60; ++i) {
      const Record a = history.any_state().record;
      const Record b = history.any_state().record;
      ASSERT_EQ(causal_bytes(a) == causal_bytes(b), a == b) << text(a) << " | " << text(b);
    }
  });
}

// Merging without values and dropping values afterwards is the same: causality never looks into a value.
TEST_P(MergeLaws, ValuesDoNotMatter) {
  for_histories([this](History& history) {
    for (int i = 0; i < 30; ++i) {
      const Record a = history.any_state().record;
      const Record b = history.any_state().record;
      ASSERT_EQ(join(without_values(a), without_values(b)), without_values(join(a, b)));
    }
  });
}

std::string kind_name(const testing::TestParamInfo<Kind>& tested) { return std::string(name_of(tested.param)); }
INSTANTIATE_TEST_SUITE_P(Kinds, MergeLaws, testing::Values(Kind::siblings, Kind::lww), kind_name);

}  // namespace
}  // namespace shoal
