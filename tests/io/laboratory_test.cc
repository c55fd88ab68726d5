// Who may order faults: those who know the token, at a node that was given one.
#include "node/io/laboratory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sodium.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace shoal {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr NodeId kA{1};
const std::string kToken = "0123456789abcdef";

Membership two_members() {
  Membership document;
  document.members = {Member{.id = kA, .name = "a"}, Member{.id = {2}, .name = "b"}};
  return document;
}

class LaboratoryTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_GE(sodium_init(), 0); }

  static FaultsReply order(Laboratory& laboratory, const std::string& token, FaultsOp op) {
    FaultsRequest request{.call = {5}, .token = token, .op = op, .rules = {}, .ids = {}};
    if (op == FaultsOp::add) request.rules = {FaultRule{.kind = FaultKind::cut, .lasts = 1s}};
    return laboratory.answer(request, two_members(), Instant(10s));
  }

  Laboratory closed{std::nullopt, kA, 1};
  Laboratory open{kToken, kA, 1};
};

TEST_F(LaboratoryTest, ANodeWithoutATokenTakesNoOrders) {
  for (const FaultsOp op : {FaultsOp::list, FaultsOp::add, FaultsOp::clear}) {
    const FaultsReply reply = order(closed, kToken, op);
    EXPECT_EQ(reply.call, CallId{5});
    EXPECT_EQ(reply.outcome.code, Errc::refused);
    EXPECT_THAT(reply.outcome.message, HasSubstr("is started with --allow-faults FILE"));
  }
  EXPECT_EQ(order(closed, "", FaultsOp::add).outcome.code, Errc::refused);
  EXPECT_EQ(closed.faults().count(Instant(10s)), 0U);
  StatusReply status;
  closed.add_to(status, Instant(10s));
  EXPECT_FALSE(status.faults_allowed);
}

TEST_F(LaboratoryTest, AWrongTokenIsRefused) {
  for (const std::string token : {"", "0123456789abcdeF", "0123456789abcde", "0123456789abcdef0"}) {
    EXPECT_EQ(order(open, token, FaultsOp::add).outcome.code, Errc::refused) << token;
    EXPECT_THAT(order(open, token, FaultsOp::list).outcome.message, HasSubstr("not the token")) << token;
  }
  EXPECT_EQ(open.faults().count(Instant(10s)), 0U);
}

TEST_F(LaboratoryTest, WhoKnowsTheTokenIsObeyed) {
  const FaultsReply added = order(open, kToken, FaultsOp::add);
  EXPECT_EQ(added.outcome.code, Errc::ok);
  EXPECT_EQ(added.node, kA);
  ASSERT_THAT(added.faults, SizeIs(1));
  EXPECT_EQ(added.faults[0].left, 1s);
  StatusReply status;
  open.add_to(status, Instant(10s));
  EXPECT_TRUE(status.faults_allowed);
  EXPECT_EQ(status.faults, 1U);
  EXPECT_THAT(order(open, kToken, FaultsOp::list).faults, SizeIs(1));
  EXPECT_THAT(order(open, kToken, FaultsOp::clear).faults, IsEmpty());
}

class TokenFile : public testing::Test {
 protected:
  ~TokenFile() override { std::filesystem::remove(file_); }
  std::string complaint_about(const std::string& text) {
    std::ofstream(file_, std::ios::trunc) << text;
    const Result<std::string> token = read_faults_token(file_);
    return token ? "" : token.error().message;
  }
  const std::filesystem::path file_ = testing::TempDir() + "faults-token-" + std::to_string(::getpid());
};

TEST_F(TokenFile, HoldsOneLine) {
  EXPECT_EQ(complaint_about(kToken + "\n"), "");
  EXPECT_EQ(*read_faults_token(file_), kToken);
}

TEST_F(TokenFile, ThatIsOfNoUseGetsASentence) {
  const Result<std::string> missing = read_faults_token(file_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr(file_.string() + ", is missing; write one line of at least 16"));
  EXPECT_THAT(read_faults_token(testing::TempDir()).error().message, HasSubstr("is no file"));
  EXPECT_THAT(complaint_about(""), HasSubstr("is empty"));
  EXPECT_THAT(complaint_about("\n\n"), HasSubstr("is empty"));
  EXPECT_THAT(complaint_about("0123456789abcde\n"), HasSubstr("holds a token of 15 characters, which is too short"));
  EXPECT_THAT(complaint_about("drop n1 please\ndrop n2 please\n"), HasSubstr("has more than one line"));
  EXPECT_THAT(complaint_about(std::string(5000, 'x')), HasSubstr("is larger than 4 KiB"));
}

}  // namespace
}  // namespace shoal
