// How a cluster comes together, and how its voters change it: joins, names, addresses, the end of formation, voters,
// and documents that contradict.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/core/cluster.h"

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

const ClusterOptions kForming{.forming = true};

std::string members_of(const Membership& document) {
  std::string names;
  for (const Member& member : document.members)
    if (member.state != MemberState::removed) names += member.name;
  return names;
}

TEST(Formation, LetsNodesInThroughItsFirstMember) {
  Cluster c("a", kForming);
  const JoinReply joined = c.join('a', {.node = 'b'});
  ASSERT_TRUE(joined.document);
  EXPECT_EQ(joined.document->epoch, Epoch{2});
  EXPECT_EQ(members_of(c.document('a')), "ab");
  EXPECT_EQ(c.marks('a', Mark::join_accepted), 1U);
}

TEST(Formation, LetsNodesInThroughAnyMember) {
  Cluster c("a", kForming);
  c.join('a', {.node = 'b'});
  ASSERT_TRUE(c.join('b', {.node = 'c'}).document);
  ASSERT_TRUE(c.join('c', {.node = 'd'}).document);
  c.advance(3s);
  for (const Name name : {'a', 'b', 'c', 'd'}) EXPECT_EQ(members_of(c.document(name)), "abcd") << name;
}

// A voter may crash at any moment: what no majority has on its disks must not be in force anywhere.
TEST(Formation, PutsADocumentInForceOnlyWhenItIsOnTheVotersDisks) {
  Cluster c("a", kForming);
  c.slow_disk('a');
  EXPECT_FALSE(c.join('a', {.node = 'b'}).document);
  EXPECT_EQ(c.document('a').epoch, Epoch{1});
  c.kill('a');
  c.start('a');
  EXPECT_EQ(c.document('a').epoch, Epoch{1});
  c.fast_disk('a');
  EXPECT_EQ(c.join('a', {.node = 'c'}).document->epoch, Epoch{2});
}

TEST(Formation, LetsThoseInTogetherWhoAskTogether) {
  Cluster c("a", kForming);
  c.slow_disk('a');
  c.join('a', {.node = 'b'});
  c.join('a', {.node = 'c'});
  c.fast_disk('a');
  EXPECT_EQ(members_of(c.document('a')), "abc");
  EXPECT_EQ(c.document('a').epoch, Epoch{2});
}

TEST(Formation, AnswersAMemberThatAsksTwiceWithTheSameDocument) {
  Cluster c("a", kForming);
  c.join('a', {.node = 'b'});
  EXPECT_EQ(c.join('a', {.node = 'b'}).document->epoch, Epoch{2});
}

TEST(Formation, RefusesANameThatIsTaken) {
  Cluster c("abc", kForming);
  const JoinReply refused = c.join('b', {.node = 'd', .name = "c"});
  EXPECT_EQ(refused.outcome.code, Errc::refused);
  EXPECT_THAT(refused.outcome.message, HasSubstr("a member named \"c\" exists with another id"));
  EXPECT_THAT(refused.outcome.message, HasSubstr("--reset-identity"));
  EXPECT_EQ(c.marks('b', Mark::join_refused), 1U);
}

TEST(Formation, LetsANodeThatLostItsDiskTakeItsNameOver) {
  Cluster c("abc", kForming);
  ASSERT_TRUE(c.join('a', {.node = 'd', .name = "c", .reset_identity = true}).document);
  const Membership& document = c.document('a');
  EXPECT_EQ(document.find(id_of('c'))->state, MemberState::removed);
  EXPECT_EQ(document.find("c")->id, id_of('d'));
  c.advance(3s);
  EXPECT_THAT(c.node('c').stop_reason(), HasSubstr("was removed from the cluster"));
}

TEST(Formation, NeverLetsARemovedIdBackIn) {
  Cluster c("abc", kForming);
  c.join('a', {.node = 'd', .name = "c", .reset_identity = true});
  const JoinReply refused = c.join('a', {.node = 'c', .name = "new", .reset_identity = true});
  EXPECT_THAT(refused.outcome.message, HasSubstr("this node's id was removed from the cluster for good"));
}

// ---- the end of formation -------------------------------------------------------------------------------------------

TEST(Formation, EndsBeforeTheFirstWriteWhichWaitsForIt) {
  Cluster c("abc", kForming);
  c.slow_disk('a');
  c.slow_disk('c');
  const CallId put = c.start_put('b', {.value = "v1"});
  c.run();
  EXPECT_FALSE(c.answered(put));
  EXPECT_EQ(c.store('b').records(), 0U);
  c.fast_disk('a');
  c.fast_disk('c');
  EXPECT_EQ(c.reply<PutReply>(put).outcome.code, Errc::ok);
  for (const Name name : {'a', 'b', 'c'}) EXPECT_FALSE(c.document(name).forming);
  EXPECT_EQ(c.marks('a', Mark::formation_closed), 1U);
}

TEST(Formation, IsNotEndedByReads) {
  Cluster c("abc", kForming);
  EXPECT_EQ(c.get('b').outcome.code, Errc::ok);
  EXPECT_EQ(c.list('b', {.partition = {0}}).outcome.code, Errc::ok);
  EXPECT_TRUE(c.document('a').forming);
}

TEST(Formation, ThatEndedLetsNobodyIn) {
  Cluster c("abc", kForming);
  c.put('b', {});
  const JoinReply refused = c.join('b', {.node = 'd'});
  EXPECT_EQ(refused.outcome.code, Errc::refused);
  EXPECT_THAT(refused.outcome.message, HasSubstr("start all nodes before the first write"));
  EXPECT_TRUE(c.join('b', {.node = 'b'}).document);  // a member may always ask
}

TEST(Formation, KeepsWritesWaitingWhileVotersAreAwayAndThenRefusesThem) {
  Cluster c("abc", kForming);
  c.kill('a');
  c.kill('c');
  const CallId put = c.start_put('b', {.timeout = 500ms});
  c.advance(499ms);
  EXPECT_FALSE(c.answered(put));
  c.advance(1ms);
  const Error& outcome = c.reply<PutReply>(put).outcome;
  EXPECT_EQ(outcome.code, Errc::unavailable);
  EXPECT_THAT(outcome.message, HasSubstr("no majority of its voters answers; nothing was written"));
  EXPECT_EQ(c.store('b').records(), 0U);
}

TEST(Formation, LetsAWaitingWriteThroughWhenTheVotersComeBack) {
  Cluster c("abc", kForming);
  c.kill('a');
  c.kill('c');
  const CallId put = c.start_put('b', {.timeout = 5s});
  c.advance(1s);
  c.start('a');
  c.advance(1s);
  EXPECT_EQ(c.reply<PutReply>(put).outcome.code, Errc::ok);
}

// B missed the news while it was cut off: a voter answers its question with the document.
TEST(Formation, TellsAMemberThatMissedItsEnd) {
  Cluster c("abc", kForming);
  c.isolate('b');
  c.put('c', {});
  EXPECT_TRUE(c.document('b').forming);
  c.heal();
  EXPECT_EQ(c.put('b', {}).outcome.code, Errc::ok);
  EXPECT_FALSE(c.document('b').forming);
}

TEST(Formation, KeepsOnlySoManyWritesWaiting) {
  Cluster c("abc", kForming);
  c.isolate('b');
  std::vector<CallId> puts;
  for (int i = 0; i < 1025; ++i) puts.push_back(c.start_put('b', {}));
  EXPECT_FALSE(c.answered(puts[1023]));
  ASSERT_TRUE(c.answered(puts[1024]));
  EXPECT_EQ(c.reply<PutReply>(puts[1024]).outcome.code, Errc::overloaded);
  c.heal();
  c.advance(100ms);
  EXPECT_EQ(c.reply<PutReply>(puts[0]).outcome.code, Errc::ok);
}

// ---- addresses and how documents spread
// -------------------------------------------------------------------------------

TEST(Formation, FollowsAMemberToItsNewAddress) {
  Cluster c("abc");
  c.kill('c');
  c.start('c', "elsewhere:7000");
  c.advance(2s);
  for (const Name name : {'a', 'b', 'c'}) EXPECT_EQ(c.document(name).find(id_of('c'))->address, "elsewhere:7000");
  EXPECT_EQ(c.marks('c', Mark::address_changed), 1U);
}

TEST(Formation, FollowsTheFounderToItsNewAddress) {
  Cluster c("abc");
  c.kill('a');
  c.start('a', "elsewhere:7000");
  c.advance(2s);
  for (const Name name : {'a', 'b', 'c'}) EXPECT_EQ(c.document(name).find(id_of('a'))->address, "elsewhere:7000");
}

// Found while this was written: a repeated write depends on an older commit than a document that was saved since.
TEST(Formation, OfANewAddressMayWaitForTheDiskTogetherWithRepeatedWrites) {
  Cluster c("abc");
  c.put('a', {.value = "v1", .w = 3});
  c.slow_disk('a');
  const CallId put = c.start_put('b', {.value = "v2", .w = 3});
  c.run();
  c.kill('c');
  c.start('c', "elsewhere:7000");
  c.advance(900ms);  // b asks a again meanwhile
  EXPECT_FALSE(c.answered(put));
  c.fast_disk('a');
  c.advance(2s);
  EXPECT_EQ(c.reply<PutReply>(put).outcome.code, Errc::ok);
  EXPECT_EQ(c.document('b').find(id_of('c'))->address, "elsewhere:7000");
}

TEST(Formation, SpreadsDocumentsAmongMembersWhileTheFounderIsAway) {
  Cluster c("abc", kForming);
  c.isolate('c');
  c.join('a', {.node = 'd'});
  c.kill('a');
  c.heal();
  c.advance(4s);
  EXPECT_EQ(members_of(c.document('c')), "abcd");
  EXPECT_EQ(c.store('c').document()->epoch, c.document('c').epoch);
}

TEST(Formation, RemembersItsDocumentOverARestart) {
  Cluster c("a", kForming);
  c.join('a', {.node = 'b'});
  c.put('a', {.w = 1});
  c.kill('a');
  c.start('a');
  EXPECT_FALSE(c.document('a').forming);
  EXPECT_EQ(members_of(c.document('a')), "ab");
}

// A founder's folder was copied and both copies went on: nobody can say which side is right.
TEST(Formation, StopsBothNodesWhenTwoDocumentsHaveOneNumber) {
  Cluster c("abc");
  Membership other = c.document('b');
  other.members.back().zone = "elsewhere";
  c.store('b').save_document(other);
  c.kill('b');
  c.store('b').save_document(other);
  c.start('b');
  c.advance(2s);
  EXPECT_THAT(c.node('b').stop_reason(), HasSubstr("two membership documents of epoch 1 differ"));
  const bool others = !c.node('a').stop_reason().empty() || !c.node('c').stop_reason().empty();
  EXPECT_TRUE(others);
}

TEST(Formation, IgnoresDocumentsOfAnotherClusterAndOlderOnes) {
  Cluster c("abc", kForming);
  Membership foreign = c.document('b');
  foreign.cluster = {78};
  foreign.epoch = {9};
  c.inject('b', 'a', DocumentPush{foreign});
  c.run();
  EXPECT_EQ(c.document('a').epoch, Epoch{1});
  const Membership old = c.document('a');
  c.put('a', {});
  c.inject('b', 'a', DocumentPush{old});
  c.run();
  EXPECT_EQ(c.document('a').epoch, Epoch{2});
  EXPECT_THAT(c.node('a').stop_reason(), IsEmpty());
}

TEST(Formation, StopsANodeThatWasRemoved) {
  Cluster c("abc");
  Membership next = c.document('a');
  next.epoch = {2};
  next.members[1].state = MemberState::removed;
  c.inject('a', 'b', DocumentPush{next});
  c.run();
  EXPECT_THAT(c.node('b').stop_reason(), HasSubstr("--reset-identity"));
  EXPECT_EQ(c.document('b').epoch, Epoch{1});
  c.ask('b', StatusRequest{});  // a stopped node says no more
  c.run();
}

// ---- voters -------------------------------------------------------------------------------------------------------

class Voters : public testing::Test {
 protected:
  BucketReply create(Name via, const std::string& bucket) {
    return ask<BucketReply>(via, BucketRequest{{}, {bucket}, true});
  }
  VotersReply name(Name via, std::vector<std::string> voters) {
    return ask<VotersReply>(via, VotersRequest{{}, std::move(voters), false});
  }
  VotersReply break_glass(Name via) { return ask<VotersReply>(via, VotersRequest{{}, {}, true}); }
  static std::string voters_of(const Membership& document) {
    std::string names;
    for (const NodeId voter : document.voters) names += name_of(voter);
    return names;
  }

  Cluster c{"abcde"};

 private:
  template <class Reply>
  Reply ask(Name via, Message question) {
    const CallId call = c.ask(via, std::move(question));
    c.run();
    for (int i = 0; i < 20 && !c.answered(call); ++i) c.advance(100ms);
    return c.reply<Reply>(call);
  }
};

TEST_F(Voters, AreChosenWhenMembersHaveComeTogether) {
  Cluster young("a", kForming);
  young.join('a', {.node = 'b'});
  young.advance(5s);
  EXPECT_EQ(voters_of(young.document('a')), "a") << "with two, more must be there and no more may fail";
  young.join('b', {.node = 'c'});
  young.advance(5s);
  for (const Name node : {'a', 'b', 'c'}) EXPECT_EQ(voters_of(young.document(node)), "abc") << node;
  EXPECT_EQ(young.marks('a', Mark::voters_chosen), 1U);
}

TEST_F(Voters, ChangeTheClusterWithoutAMinority) {
  c.kill('a');
  c.kill('b');
  EXPECT_EQ(create('e', "carts").outcome.code, Errc::ok);
  EXPECT_NE(c.document('c').bucket("carts"), nullptr);
  c.kill('c');
  EXPECT_EQ(create('e', "more").outcome.code, Errc::unavailable);
  for (const Name gone : {'a', 'b', 'c'}) c.believe(gone, Liveness::dead);
  EXPECT_EQ(c.put('e', {.w = 1}).outcome.code, Errc::ok) << "data need no voters";
}

TEST_F(Voters, MakeTwoChangesAtOnceBoth) {
  const CallId one = c.ask('a', BucketRequest{{}, {"one"}, true});
  const CallId two = c.ask('e', BucketRequest{{}, {"two"}, true});
  c.run();
  for (int i = 0; i < 7; ++i) c.advance(100ms);
  EXPECT_EQ(c.reply<BucketReply>(one).outcome.code, Errc::ok);
  EXPECT_EQ(c.reply<BucketReply>(two).outcome.code, Errc::ok);
  for (const Name node : {'a', 'b', 'c', 'd', 'e'}) {
    EXPECT_NE(c.document(node).bucket("one"), nullptr) << node;
    EXPECT_NE(c.document(node).bucket("two"), nullptr) << node;
  }
}

// It dies when one voter has accepted: whoever proposes next finds that, and must not take it for nothing.
TEST_F(Voters, FinishWhatAProposerHasLeftHalfDone) {
  c.lose([](const Cluster::Flight& f) { return std::holds_alternative<AcceptDocument>(f.message) && f.to != 'a'; });
  c.ask('e', BucketRequest{{}, {"carts"}, true});
  c.run();
  c.kill('e');
  c.heal();
  EXPECT_EQ(c.document('a').bucket("carts"), nullptr);
  EXPECT_EQ(create('a', "more").outcome.code, Errc::ok);
  EXPECT_NE(c.document('b').bucket("carts"), nullptr);
  EXPECT_EQ(c.marks('a', Mark::document_finished_for_another), 1U);
}

TEST_F(Voters, FinishItByThemselves) {
  c.lose([](const Cluster::Flight& f) { return std::holds_alternative<AcceptDocument>(f.message) && f.to != 'a'; });
  c.ask('e', BucketRequest{{}, {"carts"}, true});
  c.run();
  c.kill('e');
  c.heal();
  c.advance(2s);
  EXPECT_NE(c.document('d').bucket("carts"), nullptr);
}

// Its client was told that the bucket is there, and asks it again after a power cut.
TEST_F(Voters, AnswerOnlyWhenTheOneWhoAnswersHasTheDocumentOnItsDisk) {
  c.slow_disk('e');
  const CallId call = c.ask('e', BucketRequest{{}, {"carts"}, true});
  c.run();
  EXPECT_NE(c.document('e').bucket("carts"), nullptr);
  EXPECT_FALSE(c.answered(call));
  c.fast_disk('e');
  c.run();
  EXPECT_EQ(c.reply<BucketReply>(call).outcome.code, Errc::ok);
}

TEST_F(Voters, CanBeNamed) {
  const VotersReply reply = name('e', {"e", "d", to_string(id_of('c'))});
  EXPECT_EQ(reply.outcome.code, Errc::ok);
  for (const Name node : {'a', 'b', 'c', 'd', 'e'}) EXPECT_EQ(voters_of(c.document(node)), "cde") << node;
  c.advance(10s);
  EXPECT_EQ(voters_of(c.document('a')), "cde") << "a person's choice stays";
  EXPECT_EQ(name('a', {}).outcome.code, Errc::ok);
  c.advance(10s);
  EXPECT_EQ(voters_of(c.document('a')), "abcde");
}

TEST_F(Voters, AreRefusedWhenTheyCannotBe) {
  EXPECT_THAT(name('a', {"a", "x"}).outcome.message, HasSubstr("there is no member \"x\""));
  EXPECT_THAT(name('a', {"a", "a", "b"}).outcome.message, HasSubstr("named twice"));
  EXPECT_THAT(name('a', std::vector<std::string>(8, "a")).outcome.message, HasSubstr("at most 7 voters"));
  c.believe('d', Liveness::dead);
  c.believe('e', Liveness::dead);
  EXPECT_THAT(name('a', {"a", "d", "e"}).outcome.message, HasSubstr("needs 2 of its 3 voters"));
  EXPECT_EQ(c.document('a').epoch, Epoch{1});
}

// The old majority alone would choose it, and then nobody that is left might know.
TEST_F(Voters, AreReplacedByAMajorityOfTheOldAndOfTheNewOnes) {
  ASSERT_EQ(name('a', {"a", "b", "c"}).outcome.code, Errc::ok);
  c.cut('a', 'd');
  c.cut('a', 'e');
  const CallId call = c.ask('a', VotersRequest{{}, {"c", "d", "e"}, false});
  c.run();
  EXPECT_EQ(voters_of(c.document('a')), "abc");
  c.heal();
  c.advance(400ms);
  EXPECT_EQ(c.reply<VotersReply>(call).outcome.code, Errc::ok);
  c.kill('a');
  c.kill('b');
  EXPECT_EQ(create('d', "carts").outcome.code, Errc::ok);
}

TEST_F(Voters, MajorityLostForEverIsReplacedByBreakingTheGlass) {
  EXPECT_THAT(break_glass('d').outcome.message, HasSubstr("5 of the 5 voters, which is a majority"));
  for (const Name gone : {'a', 'b', 'c'}) {
    c.kill(gone);
    c.believe(gone, Liveness::dead);
  }
  const VotersReply reply = break_glass('d');
  ASSERT_EQ(reply.outcome.code, Errc::ok);
  EXPECT_GT(reply.document->epoch, Epoch{1ULL << 32});
  EXPECT_EQ(create('e', "carts").outcome.code, Errc::ok);
  EXPECT_EQ(c.marks('d', Mark::glass_broken), 1U);
  c.start('a');
  c.believe('a', Liveness::alive);
  c.advance(5s);
  EXPECT_EQ(c.document('a').epoch, c.document('d').epoch) << "who comes back follows the new generation";
  EXPECT_EQ(voters_of(c.document('d')), "ade");
}

// A change of the old generation is under way on the very node: what its voters still accept must not come into force.
TEST_F(Voters, AnOldChangeDoesNotUndoANewGeneration) {
  c.lose([](const Cluster::Flight& f) { return std::holds_alternative<AcceptedDocument>(f.message); });
  c.ask('d', BucketRequest{{}, {"carts"}, true});
  c.run();
  for (const Name gone : {'a', 'b', 'c'}) c.believe(gone, Liveness::dead);
  c.heal();
  c.lose([](const Cluster::Flight& f) { return std::holds_alternative<DocumentPush>(f.message) && f.from == 'd'; });
  ASSERT_EQ(break_glass('d').outcome.code, Errc::ok);
  c.advance(200ms);
  EXPECT_GT(c.document('d').epoch, Epoch{1ULL << 32});
}

// Nobody follows a generation that a power cut can take back.
TEST_F(Voters, ANewGenerationIsOnTheDiskBeforeAnybodyHearsOfIt) {
  for (const Name gone : {'a', 'b', 'c'}) {
    c.kill(gone);
    c.believe(gone, Liveness::dead);
  }
  c.slow_disk('d');
  const CallId call = c.ask('d', VotersRequest{{}, {}, true});
  c.advance(2s);
  EXPECT_FALSE(c.answered(call));
  EXPECT_EQ(c.document('d').epoch, Epoch{1});
  EXPECT_EQ(c.document('e').epoch, Epoch{1});
  c.fast_disk('d');
  c.run();
  EXPECT_EQ(c.reply<VotersReply>(call).outcome.code, Errc::ok);
  EXPECT_EQ(c.document('e').epoch, c.document('d').epoch);
}

TEST_F(Voters, GlassBrokenOnTwoNodesStopsWhoMeetsTheOther) {
  for (const Name gone : {'a', 'b', 'c'}) {
    c.kill(gone);
    c.believe(gone, Liveness::dead);
  }
  c.isolate('d');
  ASSERT_EQ(break_glass('d').outcome.code, Errc::ok);
  ASSERT_EQ(break_glass('e').outcome.code, Errc::ok);
  c.heal();
  c.advance(5s);
  EXPECT_THAT(c.node('d').stop_reason(), HasSubstr("breaking the glass on two nodes"));
}

TEST_F(Voters, AMemberThatIsTheOnlyOneIsNotReplaced) {
  Cluster two("a", kForming);
  two.join('a', {.node = 'b'});
  const JoinReply refused = two.join('b', {.node = 'c', .name = "a", .reset_identity = true});
  EXPECT_THAT(refused.outcome.message, HasSubstr("is the only voter"));
}

}  // namespace
}  // namespace shoal
