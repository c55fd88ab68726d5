// The client's brain with a clock made of numbers.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/dispatcher.h"

namespace shoal::client_detail {

inline constexpr Duration kMs = std::chrono::milliseconds(1);

inline Membership document_of(std::size_t nodes, std::uint64_t epoch = 1) {
  Membership document;
  document.cluster = {7};
  document.epoch = {epoch};
  document.partitions = kPartitionsMin;
  document.founder = {1};
  for (std::uint64_t i = 1; i <= nodes; ++i) {
    const std::string name = "n" + std::to_string(i);
    document.members.push_back({.id = {i}, .name = name, .address = name + ":1", .zone = ""});
  }
  document.buckets.push_back({.name = "locks", .kind = shoal::Kind::strong});
  return document;
}

// Says things like: tell the placement, put, the second owner answers.
class DispatcherTest : public testing::Test {
 protected:
  explicit DispatcherTest(std::vector<std::string> seeds = {"seed:1"})
      : dispatcher_({.seeds = std::move(seeds), .retries = 2, .backoff = 20 * kMs, .client = 99}, Rng(1)) {}

  void learn(std::size_t nodes = 3) {
    dispatcher_.receive("seed:1", Welcome{.call = {}, .node = {1}, .document = document_of(nodes)}, now_);
    ring_ = std::make_shared<const PreferenceLists>(document_of(nodes));
  }

  // Owners' addresses of key "k".
  std::string owner(std::size_t rank, const std::string& bucket = "default") const {
    const Slot slot = slot_of(ring_->document().cluster_key, Key{bucket, "k"});
    const NodeId id = ring_->ranked(ring_->partition_of(slot))[rank];
    return ring_->document().find(id)->address;
  }

  void submit(Request request, Duration timeout = 300 * kMs) {
    result_.reset();
    dispatcher_.submit({.request = std::move(request),
                        .only = {},
                        .started = now_,
                        .deadline = now_ + timeout,
                        .done = [this](Result<Reply> result) { result_ = std::move(result); }},
                       now_);
  }
  void put(Duration timeout = 300 * kMs) {
    submit(PutRequest{.call = {}, .request = {}, .key = {"default", "k"}}, timeout);
  }
  void get(Duration timeout = 300 * kMs) { submit(GetRequest{.call = {}, .key = {"default", "k"}}, timeout); }

  // Of this node and no other.
  void ask_status_of(const std::string& address, Duration timeout = 300 * kMs) {
    result_.reset();
    dispatcher_.submit({.request = StatusRequest{},
                        .only = address,
                        .started = now_,
                        .deadline = now_ + timeout,
                        .done = [this](Result<Reply> result) { result_ = std::move(result); }},
                       now_);
  }

  // What the connection to `address` takes: the questions, without greetings.
  std::vector<Message> take(const std::string& address) {
    std::vector<Message> questions;
    for (Message& message : dispatcher_.take(address, now_))
      if (!std::holds_alternative<Hello>(message)) questions.push_back(std::move(message));
    return questions;
  }
  PutRequest take_put(const std::string& address) {
    const auto questions = take(address);
    EXPECT_EQ(questions.size(), 1U) << address;
    return questions.empty() ? PutRequest{} : std::get<PutRequest>(questions.front());
  }
  bool asked(const std::string& address) { return !take(address).empty(); }

  void answer_put(const std::string& from, CallId call, Errc code, std::uint64_t since = 0) {
    PutReply reply;
    reply.call = call;
    reply.since = since;
    reply.outcome = fail(code, "said " + from);
    dispatcher_.receive(from, reply, now_);
  }
  // Puts that are answered by the first owner, one after the other.
  void answer_puts(int count, Duration took) {
    for (int i = 0; i < count; ++i) {
      put(10'000 * kMs);
      const PutRequest request = take_put(owner(0));
      pass(took);
      answer_put(owner(0), request.call, Errc::ok);
      pass({});
    }
  }
  // A hello that is answered: the process lives.
  bool greets(const std::string& address) {
    const std::vector<Message> messages = dispatcher_.take(address, now_);
    const auto hellos =
        std::ranges::count_if(messages, [](const Message& message) { return std::holds_alternative<Hello>(message); });
    EXPECT_LE(hellos, 1);
    if (hellos > 0) dispatcher_.receive(address, Welcome{.call = {}, .node = {1}, .document = document_of(3)}, now_);
    return hellos > 0;
  }
  void pass(Duration span) {
    now_ += span;
    dispatcher_.tick(now_);
  }
  Errc code() const { return !result_ ? Errc::ok : result_->has_value() ? Errc::ok : result_->error().code; }

  Dispatcher dispatcher_;
  Instant now_{};
  Ring ring_;
  std::optional<Result<Reply>> result_;
};

}  // namespace shoal::client_detail
