// Scan: walks all partitions, each page by page, with a window of pages on their way. Keys of different partitions are
// different, and the pages of one partition follow each other by slot, so every key comes once.
#include <algorithm>
#include <deque>
#include <utility>

#include "client/engine.h"
#include "client/shoal/client.hpp"
#include "node/base/limits.h"

namespace shoal {

namespace client_detail {

struct ScanState {
  struct Page {
    ListRequest request;
    Pending<ListReply> reply;
  };

  std::shared_ptr<Engine> engine;
  ListRequest question;  // partition and position are filled in for every page
  std::size_t window = 1;
  std::optional<Error> error;
  std::optional<std::uint32_t> partitions;  // unknown until a node has told
  std::uint32_t next_partition = 0;
  std::deque<Page> pages;
  std::deque<std::string> names;

  void ask(ListRequest request) {
    Pending<ListReply> reply = engine->ask<ListReply>(
        request, request.timeout, [](Reply answer) { return std::get<ListReply>(std::move(answer)); });
    pages.push_back(Page{std::move(request), std::move(reply)});
  }

  void learn_partitions() {
    const Result<Ring> ring =
        engine->ask<Ring>(AskRing{}, question.timeout, [](Reply answer) { return std::get<Ring>(std::move(answer)); })
            .get();
    if (ring) {
      partitions = (*ring)->document().partitions;
    } else {
      error = ring.error();
    }
  }

  void fill_window() {
    while (pages.size() < window && next_partition < *partitions) {
      ListRequest request = question;
      request.partition = {next_partition++};
      ask(std::move(request));
    }
  }

  void take_page() {
    Page page = std::move(pages.front());
    pages.pop_front();
    Result<ListReply> reply = page.reply.get();
    if (!reply) {
      error = reply.error();
      return;
    }
    for (std::string& name : reply->names) names.push_back(std::move(name));
    if (!reply->next) return;
    page.request.after = reply->next;
    ask(std::move(page.request));
  }
};

}  // namespace client_detail

Scan::Scan(std::unique_ptr<client_detail::ScanState> state) : state_(std::move(state)) {}
Scan::Scan(Scan&&) noexcept = default;
Scan& Scan::operator=(Scan&&) noexcept = default;
Scan::~Scan() = default;

Result<std::optional<std::string>> Scan::next() {
  if (!state_->error && !state_->partitions) state_->learn_partitions();
  while (!state_->error && state_->names.empty()) {
    state_->fill_window();
    if (state_->pages.empty()) return std::optional<std::string>();
    state_->take_page();
  }
  if (state_->names.empty()) return *state_->error;
  std::optional<std::string> name = std::move(state_->names.front());
  state_->names.pop_front();
  return name;
}

Scan::iterator& Scan::iterator::operator++() {
  std::optional<std::string> name = scan_->next().value();
  if (name) {
    key_ = *std::move(name);
  } else {
    scan_ = nullptr;
  }
  return *this;
}

namespace {

// A listing asks r replicas: what the level means for it, where nobody names a number.
Copies replicas_for(const ScanOptions& options, const Options& own) {
  const Copies named = options.r.value_or(own.r);
  if (named != Copies{}) return named;
  switch (options.level.value_or(own.level)) {
    case Level::eventual: return Copies::one();
    case Level::all: return Copies::all();
    case Level::quorum:
    case Level::session:
    case Level::strong: return {};
  }
  return {};
}

KeyFilter filter_of(Keys keys) {
  switch (keys) {
    case Keys::live: return KeyFilter::live;
    case Keys::conflicts: return KeyFilter::conflicts;
    case Keys::tombstones: return KeyFilter::tombstones;
  }
  return KeyFilter::live;
}

Status check_scan(std::string_view prefix, const ScanOptions& options) {
  if (options.level == Level::session)
    return fail(Errc::invalid, "a listing knows no session: a session remembers single keys; list at the level quorum");
  if (options.level == Level::strong)
    return fail(Errc::invalid,
                "a listing cannot be linearizable; list at the level quorum and read the keys at the level strong");
  return check_key(Key{std::string(options.bucket), prefix.empty() ? "any" : std::string(prefix)});
}

}  // namespace

Scan Client::scan(std::string_view prefix, ScanOptions options) {
  auto state = std::make_unique<client_detail::ScanState>();
  state->engine = engine_;
  state->question = {.call = {},
                     .bucket = std::string(options.bucket),
                     .prefix = std::string(prefix),
                     .partition = {},
                     .after = {},
                     .limit = std::clamp<std::uint32_t>(options.page, 1, kListLimitMax),
                     .r = replicas_for(options, engine_->options()).n,
                     .timeout = options.timeout.value_or(engine_->options().timeout),
                     .filter = filter_of(options.keys)};
  state->window = static_cast<std::size_t>(std::clamp(options.window, 1, engine_->options().max_inflight));
  const Status checked = check_scan(prefix, options);
  if (!checked) state->error = checked.error();
  return Scan(std::move(state));
}

}  // namespace shoal
