#include "bench/sim/linearizability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "node/base/rng.h"

namespace shoal::linearizability {
namespace {

using ::testing::HasSubstr;

Operation get(std::uint64_t process, std::int64_t from, std::int64_t to, std::optional<std::string> result) {
  return {.process = process, .function = Function::get, .result = std::move(result), .invoked = from, .returned = to};
}
Operation put(std::uint64_t process, std::int64_t from, std::int64_t to, std::string value) {
  return {.process = process, .function = Function::put, .argument = std::move(value), .invoked = from, .returned = to};
}
Operation del(std::uint64_t process, std::int64_t from, std::int64_t to) {
  return {.process = process, .function = Function::del, .invoked = from, .returned = to};
}
Operation cas(std::uint64_t process, std::int64_t from, std::int64_t to, std::optional<std::string> expected,
              std::string value) {
  return {.process = process,
          .function = Function::cas,
          .argument = std::move(value),
          .expected = std::move(expected),
          .invoked = from,
          .returned = to};
}
Operation lost(Operation operation) {
  operation.lost = true;
  return operation;
}
Operation unknown(Operation operation) {
  operation.outcome = Outcome::info;
  return operation;
}
Operation failed(Operation operation) {
  operation.outcome = Outcome::fail;
  return operation;
}
Operation at_version(Operation operation, std::uint64_t version) {
  operation.version = version;
  return operation;
}
Operation if_version(Operation operation, std::uint64_t version) {
  operation.expected_version = version;
  return operation;
}

const auto kNothing = std::nullopt;
using History = std::vector<Operation>;

Judgement judge(const History& history) { return check(history).judgement; }

// ---- known good ------------------------------------------------------------------------------------------------

TEST(Linearizability, NothingIsLinearizable) { EXPECT_EQ(judge({}), Judgement::linearizable); }

TEST(Linearizability, OneAfterTheOtherIsLinearizable) {
  EXPECT_EQ(judge({get(1, 0, 1, kNothing), put(1, 2, 3, "a"), get(2, 4, 5, "a"), cas(1, 6, 7, "a", "b"),
                   lost(cas(2, 8, 9, "a", "c")), get(2, 10, 11, "b"), del(1, 12, 13), get(1, 14, 15, kNothing),
                   cas(2, 16, 17, kNothing, "d"), get(1, 18, 19, "d")}),
            Judgement::linearizable);
}

TEST(Linearizability, ConcurrentReadsMayEachFallOnASideOfTheWrite) {
  EXPECT_EQ(judge({put(1, 0, 1, "a"), put(1, 10, 20, "b"), get(2, 11, 12, "a"), get(3, 11, 13, "b")}),
            Judgement::linearizable);
}

TEST(Linearizability, WritesThatOverlapComeInEitherOrder) {
  for (const char* last : {"a", "b"})
    EXPECT_EQ(judge({put(1, 0, 10, "a"), put(2, 5, 15, "b"), get(3, 20, 21, last)}), Judgement::linearizable);
}

TEST(Linearizability, OperationsThatTouchAreConcurrent) {
  EXPECT_EQ(judge({put(1, 0, 10, "a"), get(2, 10, 11, kNothing)}), Judgement::linearizable);
}

TEST(Linearizability, TheUnknownMayHappenLongAfterwardsOrNever) {
  const Operation a = unknown(put(1, 0, 1, "a"));
  EXPECT_EQ(judge({a, put(2, 10, 11, "b"), get(2, 20, 21, "b")}), Judgement::linearizable);
  EXPECT_EQ(judge({a, put(2, 10, 11, "b"), get(2, 20, 21, "b"), get(2, 30, 31, "a")}), Judgement::linearizable);
  EXPECT_EQ(judge({unknown(cas(1, 0, 1, "x", "y")), get(2, 2, 3, kNothing)}), Judgement::linearizable);
}

TEST(Linearizability, WhatAnUnknownReadWouldHaveSeenMattersToNobody) {
  EXPECT_EQ(judge({put(1, 0, 1, "a"), unknown(get(2, 2, 3, "z")), get(3, 4, 5, "a")}), Judgement::linearizable);
}

// ---- known bad -------------------------------------------------------------------------------------------------

TEST(Linearizability, AStaleReadIsNot) {
  const History history = {put(1, 0, 1, "a"), put(1, 2, 3, "b"), get(2, 4, 5, "a")};
  const Verdict verdict = check(history);
  EXPECT_EQ(verdict.judgement, Judgement::violated);
  EXPECT_EQ(verdict.order, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(verdict.stuck, 2U);
  EXPECT_THAT(verdict.explanation, HasSubstr("put b by 1, from 2 to 3 (ok)"));
  EXPECT_THAT(verdict.explanation, HasSubstr("has no place for\n    get by 2, from 4 to 5 (ok, returned a)"));
}

TEST(Linearizability, ALostUpdateIsNot) {
  EXPECT_EQ(judge({put(1, 0, 1, "a"), cas(2, 2, 5, "a", "b"), cas(3, 3, 6, "a", "c")}), Judgement::violated);
}

TEST(Linearizability, AFailedCompareAndSetThatIsSeenIsNot) {
  const Operation a = put(1, 0, 1, "a");
  EXPECT_EQ(judge({a, lost(cas(2, 2, 3, "x", "b")), get(3, 4, 5, "b")}), Judgement::violated);
  EXPECT_EQ(judge({a, failed(cas(2, 2, 3, "a", "b")), get(3, 4, 5, "b")}), Judgement::violated);
  EXPECT_EQ(judge({a, lost(cas(2, 2, 3, "a", "b"))}), Judgement::violated) << "it had no reason to lose";
}

TEST(Linearizability, OldNewOldIsNot) {
  EXPECT_EQ(judge({put(1, 0, 1, "old"), put(1, 2, 100, "new"), get(2, 10, 11, "old"), get(2, 20, 21, "new"),
                   get(2, 30, 31, "old")}),
            Judgement::violated);
}

TEST(Linearizability, OldNewOldIsNotWhoeverReads) {
  EXPECT_EQ(judge({put(1, 0, 1, "old"), put(1, 2, 100, "new"), get(2, 10, 11, "new"), get(3, 20, 21, "old")}),
            Judgement::violated);
}

TEST(Linearizability, AnUnknownWriteThatIsSeenAndThenUnseenIsNot) {
  EXPECT_EQ(judge({put(1, 0, 1, "a"), unknown(put(2, 2, 3, "b")), get(3, 10, 11, "b"), get(3, 20, 21, "a")}),
            Judgement::violated);
}

TEST(Linearizability, AnUnknownWriteIsNotSeenBeforeItIsInvoked) {
  EXPECT_EQ(judge({get(3, 0, 1, "b"), unknown(put(2, 2, 3, "b"))}), Judgement::violated);
}

TEST(Linearizability, ARetriedWriteThatIsAppliedTwiceIsNot) {
  const History history = {put(1, 0, 1, "a"), put(2, 2, 3, "b"), get(3, 10, 11, "a")};
  EXPECT_EQ(judge(history), Judgement::violated);
}

TEST(Linearizability, AValueThatNobodyWroteIsNot) { EXPECT_EQ(judge({get(1, 0, 1, "a")}), Judgement::violated); }

TEST(Linearizability, WhatReturnsBeforeItIsInvokedIsNot) { EXPECT_EQ(judge({put(1, 5, 4, "a")}), Judgement::violated); }

// ---- versions --------------------------------------------------------------------------------------------------

TEST(Linearizability, VersionsTellWhatValuesDoNot) {
  EXPECT_EQ(judge({put(1, 0, 1, "a"), at_version(get(2, 2, 3, "a"), 1)}), Judgement::linearizable);
  EXPECT_EQ(judge({put(1, 0, 1, "a"), at_version(get(2, 2, 3, "a"), 2)}), Judgement::violated) << "applied twice";
  EXPECT_EQ(judge({at_version(put(1, 0, 9, "a"), 2), at_version(put(2, 0, 9, "b"), 1), get(3, 10, 11, "a")}),
            Judgement::linearizable);
  EXPECT_EQ(judge({at_version(put(1, 0, 9, "a"), 2), at_version(put(2, 0, 9, "b"), 1), get(3, 10, 11, "b")}),
            Judgement::violated);
}

TEST(Linearizability, AWriteMayDemandAVersion) {
  const Operation a = put(1, 0, 1, "a");
  EXPECT_EQ(judge({a, if_version(put(2, 2, 3, "b"), 1), get(3, 4, 5, "b")}), Judgement::linearizable);
  EXPECT_EQ(judge({a, if_version(put(2, 2, 3, "b"), 0), get(3, 4, 5, "b")}), Judgement::violated);
  EXPECT_EQ(judge({a, lost(if_version(put(2, 2, 3, "b"), 0)), get(3, 4, 5, "a")}), Judgement::linearizable);
  EXPECT_EQ(judge({a, lost(if_version(del(2, 2, 3), 1))}), Judgement::violated);
  EXPECT_EQ(judge({a, del(1, 2, 3), cas(1, 4, 5, kNothing, "a"), if_version(put(2, 6, 7, "b"), 1)}),
            Judgement::violated)
      << "the same value is another version";
}

// ---- the bound -------------------------------------------------------------------------------------------------

// Many concurrent writes that nobody can tell apart until the last read, which nothing explains.
TEST(Linearizability, MoreWorkThanAllowedIsUndecided) {
  History history;
  for (std::uint64_t i = 0; i < 12; ++i) history.push_back(put(i, 0, 100, std::to_string(i)));
  history.push_back(get(20, 200, 201, "nobody's"));
  const Verdict verdict = check(history, 1000);
  EXPECT_EQ(verdict.judgement, Judgement::undecided);
  EXPECT_FALSE(verdict.stuck);
  EXPECT_THAT(verdict.explanation, HasSubstr("undecided: 13 operations"));
  EXPECT_EQ(check(history).judgement, Judgement::violated);
}

TEST(Linearizability, LongHistoriesAreNoTrouble) {
  History history;
  for (std::int64_t i = 0; i < 3000; ++i) {
    const std::string value = std::to_string(i);
    history.push_back(put(1, 10 * i, 10 * i + 6, value));
    history.push_back(get(2, 10 * i + 5, 10 * i + 8, value));
    if (i % 100 == 0) history.push_back(unknown(cas(3, 10 * i, 0, "never", "unseen")));
  }
  EXPECT_EQ(judge(history), Judgement::linearizable);
}

// Deletes that nobody was told of may each come anywhere or never, but none is better than another.
TEST(Linearizability, ManyUnknownThatDoTheSameAreNoTrouble) {
  History history{at_version(put(1, 0, 1, "a"), 1)};
  for (std::int64_t i = 0; i < 60; ++i) history.push_back(unknown(put(2, 10 + i, 0, "unseen " + std::to_string(i))));
  for (std::int64_t i = 0; i < 60; ++i) history.push_back(unknown(del(3, 10 + i, 0)));
  history.push_back(at_version(get(4, 200, 201, kNothing), 40));
  EXPECT_EQ(judge(history), Judgement::linearizable);
  history.push_back(at_version(get(4, 202, 203, "a"), 50));
  EXPECT_EQ(judge(history), Judgement::violated);
}

// ---- laws ------------------------------------------------------------------------------------------------------

// The definition, word for word: some order of all that is ok and some that is not known, in which nothing comes
// before what had returned before it was invoked, is a run of a register.
class Reference {
 public:
  explicit Reference(const History& history) : history_(history), used_(history.size()) {}
  bool linearizable() { return go(kNothing, 0); }

 private:
  bool go(const std::optional<std::string>& value, std::uint64_t version) {
    bool done = true;
    for (std::size_t i = 0; i < history_.size(); ++i) done = done && (used_[i] || history_[i].outcome != Outcome::ok);
    if (done) return true;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (used_[i] || history_[i].outcome == Outcome::fail || !may_be_next(i)) continue;
      used_[i] = true;
      const bool found = try_one(history_[i], value, version);
      used_[i] = false;
      if (found) return true;
    }
    return false;
  }
  [[nodiscard]] bool may_be_next(std::size_t index) const {
    for (std::size_t i = 0; i < history_.size(); ++i)
      if (!used_[i] && history_[i].outcome == Outcome::ok && history_[i].returned < history_[index].invoked)
        return false;
    return true;
  }
  bool try_one(const Operation& op, const std::optional<std::string>& value, std::uint64_t version) {
    const bool known = op.outcome == Outcome::ok;
    if (op.function == Function::get) {
      const bool right = op.result == value && (!op.version || *op.version == version);
      return (right || !known) && go(value, version);
    }
    const bool holds =
        op.function == Function::cas ? op.expected == value : !op.expected_version || *op.expected_version == version;
    if (known && holds == op.lost) return false;
    const std::uint64_t after = version + (holds ? 1 : 0);
    if (op.version && *op.version != after) return false;
    return holds ? go(op.argument, after) : go(value, after);
  }

  const History& history_;
  std::vector<bool> used_;
};

// A run of a register by processes that overlap, told with a lie now and then.
History draw_history(Rng& rng) {
  History history;
  std::optional<std::string> value;
  std::uint64_t version = 0;
  const auto some_value = [&]() -> std::optional<std::string> {
    if (rng.chance(200'000)) return kNothing;
    return std::string(1, static_cast<char>('a' + rng.below(3)));
  };
  const std::uint64_t count = rng.between(1, 7);
  for (std::uint64_t i = 0; i < count; ++i) {
    Operation op{.process = i, .function = static_cast<Function>(rng.below(4))};
    const auto instant = static_cast<std::int64_t>(4 * i);
    op.invoked = instant - static_cast<std::int64_t>(rng.below(12));
    op.returned = instant + static_cast<std::int64_t>(rng.below(12));
    const std::uint64_t outcome = rng.below(6);
    op.outcome = outcome == 0 ? Outcome::info : outcome == 1 ? Outcome::fail : Outcome::ok;
    if (op.function == Function::get) op.result = value;
    if (op.function == Function::cas) op.expected = rng.chance(600'000) ? value : some_value();
    if (op.function == Function::put || op.function == Function::cas) op.argument = some_value().value_or("a");
    const bool conditional = op.function == Function::put || op.function == Function::del;
    if (conditional && rng.chance(300'000)) op.expected_version = rng.chance(600'000) ? version : rng.below(4);
    const bool holds =
        op.function == Function::cas ? op.expected == value : !op.expected_version || *op.expected_version == version;
    const bool happens = op.outcome == Outcome::ok || (op.outcome == Outcome::info && rng.chance(500'000));
    if (op.outcome == Outcome::ok && op.function != Function::get) op.lost = !holds;
    if (op.function != Function::get && holds && happens) {
      value = op.argument;
      version += 1;
    }
    if (op.outcome == Outcome::ok && rng.chance(300'000)) op.version = version;
    if (rng.chance(80'000)) op.result = some_value();
    if (rng.chance(40'000)) op.lost = op.function != Function::get && op.outcome == Outcome::ok && !op.lost;
    history.push_back(std::move(op));
  }
  for (std::size_t i = history.size() - 1; i > 0; --i) std::swap(history[i], history[rng.below(i + 1)]);
  return history;
}

std::string in_words(const History& history) {
  std::string text;
  for (const Operation& operation : history) text += describe(operation) + "\n";
  return text;
}

TEST(LinearizabilityLaws, AgreesWithTheDefinition) {
  Rng rng(7);
  int violated = 0;
  constexpr int kHistories = 20'000;
  for (int i = 0; i < kHistories; ++i) {
    const History history = draw_history(rng);
    const bool expected = Reference(history).linearizable();
    const Verdict verdict = check(history);
    ASSERT_EQ(verdict.judgement, expected ? Judgement::linearizable : Judgement::violated) << in_words(history);
    violated += expected ? 0 : 1;
  }
  EXPECT_GT(violated, kHistories / 20);
  EXPECT_LT(violated, kHistories / 2);
}

// What it names as an order is one: it holds all that is ok, and says so of itself when the operations stand in it.
TEST(LinearizabilityLaws, TheOrderItNamesExplainsTheHistory) {
  Rng rng(8);
  for (int i = 0; i < 2'000; ++i) {
    const History history = draw_history(rng);
    const Verdict verdict = check(history);
    if (verdict.judgement != Judgement::linearizable) continue;
    History serial;
    for (const std::size_t at : verdict.order) {
      serial.push_back(history[at]);
      serial.back().outcome = Outcome::ok;
      serial.back().invoked = static_cast<std::int64_t>(2 * serial.size());
      serial.back().returned = serial.back().invoked + 1;
    }
    EXPECT_EQ(judge(serial), Judgement::linearizable) << in_words(history);
    EXPECT_GE(verdict.order.size(),
              static_cast<std::size_t>(std::ranges::count(history, Outcome::ok, &Operation::outcome)));
  }
}

}  // namespace
}  // namespace shoal::linearizability
