// Several failure detectors in a world: broken links, pauses, isolation, restarts, and a thousand seeds of all of it.
#include "bench/gossip/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "bench/gossip/studies.h"

namespace shoal::gossip_sim {
namespace {

using namespace std::chrono_literals;

using Cut = std::function<bool(std::uint32_t from, std::uint32_t to)>;

// How often each observer has called each subject what it should not.
struct Alarms {
  explicit Alarms(World& world) {
    world.on_change = [this](std::uint32_t observer, std::uint32_t subject, Liveness liveness) {
      if (liveness == Liveness::dead) deaths[{observer, subject}] += 1;
      if (liveness == Liveness::suspect) suspicions[{observer, subject}] += 1;
    };
  }
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> deaths;
  std::map<std::pair<std::uint32_t, std::uint32_t>, int> suspicions;
};

TEST(GossipWorld, CalmIsCalm) {
  World world({.nodes = 10, .seed = 1});
  Alarms alarms(world);
  world.run_for(10min);
  EXPECT_THAT(alarms.suspicions, testing::IsEmpty());
}

TEST(GossipWorld, ADeathIsKnownToAllWithinSeconds) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    World world({.nodes = 5, .seed = seed});
    world.run_for(10s);
    world.kill(3);
    world.run_for(6s);
    EXPECT_TRUE(world.all_views_are_true()) << "seed " << seed;
    world.start(3);
    world.run_for(3s);
    EXPECT_TRUE(world.all_views_are_true()) << "seed " << seed << ": a new life is seen sooner than a death";
  }
}

TEST(GossipWorld, TwoMembersNoticeEachOther) {
  World world({.nodes = 2, .seed = 1});
  world.run_for(10s);
  world.kill(1);
  world.run_for(5s);
  EXPECT_EQ(world.view(0, 1), Liveness::dead);
  world.start(1);
  world.run_for(2s);
  EXPECT_TRUE(world.all_views_are_true());
}

TEST(GossipWorld, ABrokenLinkIsNoDeath) {
  World world({.nodes = 5, .seed = 2});
  world.run_for(10s);
  Alarms alarms(world);
  world.cut = [](std::uint32_t from, std::uint32_t to) { return (from == 0 && to == 1) || (from == 1 && to == 0); };
  world.run_for(10min);
  EXPECT_THAT(alarms.suspicions, testing::IsEmpty());
}

// A hears B, but B does not hear A.
TEST(GossipWorld, AOneWayLinkIsNoDeath) {
  World world({.nodes = 4, .seed = 3});
  world.run_for(10s);
  Alarms alarms(world);
  world.cut = [](std::uint32_t from, std::uint32_t to) { return from == 0 && to == 1; };
  world.run_for(10min);
  EXPECT_THAT(alarms.deaths, testing::IsEmpty());
}

// Who hears all and is heard by none cannot serve; who is heard but hears nobody cannot either.
TEST(GossipWorld, AMemberThatIsDeafOrMuteIsDeadForTheOthers) {
  for (const bool mute : {true, false}) {
    World world({.nodes = 5, .seed = 4});
    world.run_for(10s);
    world.cut = [mute](std::uint32_t from, std::uint32_t to) { return (mute ? from : to) == 4; };
    world.run_for(1min);
    int dead = 0;
    for (std::uint32_t other = 0; other < 4; ++other) dead += world.view(other, 4) == Liveness::dead ? 1 : 0;
    EXPECT_EQ(dead, 4) << (mute ? "mute" : "deaf");
    world.cut = nullptr;
    world.run_for(30s);
    EXPECT_TRUE(world.all_views_are_true()) << (mute ? "mute" : "deaf");
  }
}

TEST(GossipWorld, TotalIsolationHeals) {
  World world({.nodes = 6, .seed = 5});
  world.run_for(10s);
  world.cut = [](std::uint32_t from, std::uint32_t to) { return from != to; };
  world.run_for(5min);
  for (std::uint32_t a = 0; a < 6; ++a)
    for (std::uint32_t b = 0; b < 6; ++b)
      EXPECT_TRUE(a == b || world.view(a, b) == Liveness::dead) << "nobody hears anybody";
  world.cut = nullptr;
  world.run_for(15s);
  EXPECT_TRUE(world.all_views_are_true());
}

TEST(GossipWorld, AStoppedProcessBlamesNobodyWhenItGoesOn) {
  World world({.nodes = 5, .seed = 6});
  world.run_for(10s);
  Alarms alarms(world);
  world.stop_until(2, world.now() + 1min);
  world.run_for(59s);
  for (std::uint32_t other = 0; other < 5; ++other) EXPECT_TRUE(other == 2 || world.view(other, 2) == Liveness::dead);
  world.run_for(15s);
  EXPECT_TRUE(world.all_views_are_true());
  for (const auto& [pair, times] : alarms.suspicions) EXPECT_EQ(pair.second, 2U) << "node " << pair.first;
}

// Up and down every few seconds, for ten minutes: the others see the last word, and nobody else is harmed.
TEST(GossipWorld, AFlappingMemberHarmsNobody) {
  World world({.nodes = 5, .seed = 7});
  world.run_for(10s);
  Alarms alarms(world);
  bool down = false;
  world.cut = [&down](std::uint32_t from, std::uint32_t to) { return down && (from == 4 || to == 4); };
  for (int i = 0; i < 100; ++i) {
    down = !down;
    world.run_for(down ? 4s : 2s);
  }
  down = false;
  world.run_for(15s);
  EXPECT_TRUE(world.all_views_are_true());
  for (const auto& [pair, times] : alarms.deaths) EXPECT_TRUE(pair.first == 4 || pair.second == 4) << pair.second;
}

TEST(GossipWorld, MessagesPerMemberDoNotGrowWithTheCluster) {
  for (const std::uint32_t nodes : {3U, 30U, 100U}) {
    World world({.nodes = nodes, .seed = 8});
    world.run_for(30s);
    const std::uint64_t before = world.traffic().messages;
    world.run_for(10s);
    EXPECT_NEAR(static_cast<double>(world.traffic().messages - before) / (10.0 * nodes), 4.1, 0.3) << nodes;
  }
}

TEST(GossipWorld, SlowMembersHarmHealthyOnesTenTimesLessOftenWithLifeguard) {
  FalsePositiveOptions options{.nodes = 40, .slow = 4, .seeds = {1, 2}, .lasts = 60s};
  options.slowness = {.blocked_min = 100ms, .blocked_max = 32s, .free_min = 10ms, .free_max = 2s};
  const double with = false_positives(options).deaths_at_healthy.mean();
  options.lifeguard = false;
  const double without = false_positives(options).deaths_at_healthy.mean();
  EXPECT_GT(without, 100);
  EXPECT_GT(without, 10 * with);
}

TEST(GossipWorld, ASeedDecidesEverything) {
  const auto run = [](std::uint64_t seed) {
    World world({.nodes = 5, .seed = seed, .links = {.loss_per_million = 100'000}});
    world.run_for(60s);
    return world.traffic().bytes;
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

// ---- a thousand seeds ----

// After everything is healed, a living member that nobody stops is dead to nobody for longer than this.
constexpr std::chrono::seconds kRevivedWithin{10};
// And after this, all views are true.
constexpr std::chrono::seconds kAgreedWithin{40};

class Trial {
 public:
  explicit Trial(std::uint64_t seed)
      : chance_(Rng(seed).fork("trial")),
        world_({.nodes = static_cast<std::uint32_t>(chance_.between(2, 7)), .seed = seed}) {}

  void run() {
    world_.run_for(5s);
    for (std::uint64_t troubles = chance_.between(1, 4); troubles > 0; --troubles) {
      begin_trouble();
      for (std::uint64_t steps = chance_.between(1, 20); steps > 0; --steps) step();
    }
    heal();
    for (const Instant healed = world_.now(); world_.now() < healed + kRevivedWithin;) step();
    expect_no_false_deaths();
    world_.run_for(kAgreedWithin - kRevivedWithin);
    EXPECT_TRUE(world_.all_views_are_true());
  }

 private:
  void step() {
    world_.run_for(1s);
    for (std::uint32_t node = 0; node < world_.nodes(); ++node) {
      if (!world_.runs(node)) continue;
      for (const Swim::PeerView& view : world_.swim(node).members()) {
        PeerState& before = known_[{node, view.node}];
        EXPECT_GE(view.state, before) << "belief only rises";
        before = view.state;
      }
    }
  }

  std::uint32_t any() { return static_cast<std::uint32_t>(chance_.below(world_.nodes())); }

  void begin_trouble() {
    const std::uint32_t one = any();
    const std::uint32_t other = any();
    const std::uint64_t sides = chance_.next();
    switch (chance_.below(8)) {
      case 0: world_.set_loss(static_cast<std::uint32_t>(chance_.between(10'000, 500'000))); return;
      case 1: world_.cut = [=](std::uint32_t from, std::uint32_t to) { return from == one && to == other; }; return;
      case 2: world_.cut = [=](std::uint32_t from, std::uint32_t to) { return from == one || to == one; }; return;
      case 3:
        world_.cut = [=](std::uint32_t from, std::uint32_t to) { return side(sides, from) != side(sides, to); };
        return;
      case 4: world_.cut = [=](std::uint32_t from, std::uint32_t) { return from == one; }; return;
      case 5: world_.stop_until(one, world_.now() + std::chrono::seconds(chance_.between(1, 30))); return;
      case 6:
        world_.make_slow(one, {.blocked_min = 100ms, .blocked_max = 10s, .free_min = 10ms, .free_max = 2s});
        return;
      default: restart_or_kill(one); return;
    }
  }

  static bool side(std::uint64_t sides, std::uint32_t node) { return (sides >> node & 1) != 0; }

  void restart_or_kill(std::uint32_t node) {
    if (world_.runs(node)) world_.kill(node);
    for (std::uint32_t other = 0; other < world_.nodes(); ++other) known_.erase({node, World::id(other)});
    if (chance_.chance(500'000)) world_.start(node);
  }

  void heal() {
    world_.cut = nullptr;
    world_.set_loss(0);
    for (std::uint32_t node = 0; node < world_.nodes(); ++node) {
      world_.make_well(node);
      world_.stop_until(node, world_.now());
      if (!world_.runs(node) && chance_.chance(500'000)) restart_or_kill(node);
    }
  }

  void expect_no_false_deaths() {
    for (std::uint32_t a = 0; a < world_.nodes(); ++a)
      for (std::uint32_t b = 0; b < world_.nodes(); ++b) {
        const bool both_run = a != b && world_.runs(a) && world_.runs(b);
        EXPECT_FALSE(both_run && world_.view(a, b) == Liveness::dead) << a << " takes " << b << " for dead";
      }
  }

  Rng chance_;
  World world_;
  std::map<std::pair<std::uint32_t, NodeId>, PeerState> known_;
};

class ThousandSeeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(ThousandSeeds, HealAndAgree) {
  for (std::uint64_t seed = GetParam(); seed < GetParam() + 100 && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Trial(seed).run();
  }
}

INSTANTIATE_TEST_SUITE_P(From, ThousandSeeds, testing::Range<std::uint64_t>(1, 1001, 100));

}  // namespace
}  // namespace shoal::gossip_sim
