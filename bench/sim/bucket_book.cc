#include "bench/sim/bucket_book.h"

#include <fmt/format.h>

#include <algorithm>

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kBucketsMax = 2;
constexpr std::uint32_t kTriesMax = 10;
constexpr milliseconds kPause{700};

std::int32_t draw_number(std::uint32_t replicas, Rng& rng) {
  const auto of_replicas = static_cast<std::int32_t>(rng.between(1, replicas));
  const std::int32_t choices[] = {0, 0, 1, -1, of_replicas};
  return choices[rng.below(std::size(choices))];
}

Duration part_of(Duration horizon, Rng& rng) {
  return Duration(static_cast<Duration::rep>(rng.below(static_cast<std::uint64_t>(horizon.count()))));
}

}  // namespace

BucketPlan strong_bucket() { return BucketPlan{.bucket = {.name = "strong", .kind = Kind::strong}}; }

std::vector<BucketPlan> draw_buckets(std::uint32_t replicas, Duration horizon, Rng rng) {
  std::vector<BucketPlan> plans;
  for (std::uint64_t left = rng.below(kBucketsMax + 1); left > 0; --left) {
    const auto number = [&] { return draw_number(replicas, rng); };
    BucketPlan plan;
    plan.bucket.name = fmt::format("bucket-{}", plans.size());
    plan.bucket.kind = rng.chance(600'000) ? Kind::lww : Kind::siblings;
    plan.bucket.r = number();
    plan.bucket.w = number();
    plan.create_at = part_of(horizon / 4, rng);
    plan.change_after = part_of(horizon / 2, rng);
    if (rng.chance(500'000)) plan.later = Bucket{plan.bucket.name, plan.bucket.kind, number(), number()};
    plans.push_back(std::move(plan));
  }
  return plans;
}

std::string describe(const BucketPlan& plan) {
  const auto ms = [](Duration time) { return std::chrono::duration_cast<milliseconds>(time).count(); };
  const Bucket& bucket = plan.bucket;
  std::string text = fmt::format("bucket    {} kind={} r={} w={} created at {} ms", bucket.name, name_of(bucket.kind),
                                 bucket.r, bucket.w, ms(plan.create_at));
  if (plan.later)
    text += fmt::format(", r={} w={} when it is {} ms old", plan.later->r, plan.later->w, ms(plan.change_after));
  return text;
}

BucketBook::BucketBook(const std::vector<BucketPlan>& plans, Instant load_began) {
  for (const BucketPlan& plan : plans) {
    Page page;
    page.plan = plan;
    page.due = load_began + plan.create_at;
    pages_.push_back(std::move(page));
  }
}

std::optional<BucketRequest> BucketBook::take_due(Instant now) {
  const auto due = [&](const Page& page) { return !page.under_way && page.due <= now; };
  const auto page = std::ranges::find_if(pages_, due);
  if (page == pages_.end()) return std::nullopt;
  page->under_way = true;
  page->tries += 1;
  const bool create = !page->told;
  const Bucket& wanted = create ? page->plan.bucket : *page->plan.later;
  if (page->asked.empty() || page->asked.back() != wanted) page->asked.push_back(wanted);
  return BucketRequest{CallId{}, wanted, create};
}

void BucketBook::ended(const BucketRequest& request, bool ok, Instant now) {
  const auto named = [&](const Page& page) { return page.plan.bucket.name == request.bucket.name; };
  Page& page = *std::ranges::find_if(pages_, named);
  page.under_way = false;
  page.due = page.tries < kTriesMax ? now + kPause : kNever;
  if (!ok) return;
  page.told = request.bucket;
  page.tries = 0;
  page.due = request.create && page.plan.later ? now + page.plan.change_after : kNever;
}

const BucketBook::Page* BucketBook::find(std::string_view name) const {
  const auto page =
      std::ranges::find(pages_, name, [](const Page& p) -> std::string_view { return p.plan.bucket.name; });
  return page != pages_.end() ? &*page : nullptr;
}

bool BucketBook::exists(std::string_view name) const {
  const Page* page = find(name);
  return page == nullptr || page->told.has_value();
}

const Bucket* BucketBook::told(std::string_view name) const {
  const Page* page = find(name);
  return page != nullptr && page->told ? &*page->told : nullptr;
}

std::span<const Bucket> BucketBook::asked(std::string_view name) const {
  const Page* page = find(name);
  return page != nullptr ? std::span<const Bucket>(page->asked) : std::span<const Bucket>();
}

std::vector<std::string> BucketBook::names() const {
  std::vector<std::string> names;
  for (const Page& page : pages_) names.push_back(page.plan.bucket.name);
  return names;
}

}  // namespace shoal::sim
