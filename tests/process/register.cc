#include "tests/process/register.h"

#include <algorithm>
#include <charconv>

#include "node/base/rng.h"

namespace shoal::test {
namespace {

std::string named(const std::string& key, std::size_t number) { return key + " value " + std::to_string(number); }

// Mostly small, now and then some pages.
std::size_t padding_bytes(Rng& rng) { return rng.below(20) == 0 ? rng.below(20'000) : rng.below(200); }

}  // namespace

std::string Register::value_of(std::size_t number) const {
  Rng rng = Rng(number).fork(key_);
  std::string value = std::to_string(number) + "|" + key_ + "|";
  const std::size_t bytes = padding_bytes(rng);
  while (value.size() < bytes) value.push_back(static_cast<char>(rng.below(256)));
  return value;
}

std::optional<std::size_t> Register::number_of(const std::string& value) const {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || number >= versions_.size() || value != value_of(number)) return std::nullopt;
  return number;
}

Register::Write Register::begin_write() {
  versions_.push_back(Version{Fate::unsure, seen_});
  return {value_of(versions_.size() - 1), context_};
}

void Register::end_write(const Result<Receipt>& outcome) {
  const std::size_t number = versions_.size() - 1;
  if (!outcome) {
    versions_.back().fate = outcome.error().maybe_applied() ? Fate::unsure : Fate::refused;
    in_doubt_ = true;
    return;
  }
  versions_.back().fate = Fate::acknowledged;
  in_doubt_ = outcome->siblings != 1;
  if (in_doubt_) return;
  context_ = outcome->context;
  seen_.insert(number);
}

std::optional<std::string> Register::strange(std::span<const std::string> values) const {
  Numbers found;
  for (const std::string& value : values) {
    const std::optional<std::size_t> number = number_of(value);
    if (!number) return key_ + " holds bytes that were never written: \"" + value.substr(0, 60) + "\"";
    if (versions_[*number].fate == Fate::refused)
      return named(key_, *number) + " is there, though the write was refused as certainly not applied";
    if (!found.insert(*number).second) return named(key_, *number) + " is there twice";
  }
  return std::nullopt;
}

Register::Numbers Register::covered(bool by_unsure_too) const {
  Numbers covered;
  for (const Version& version : versions_)
    if (version.fate == Fate::acknowledged || (by_unsure_too && version.fate == Fate::unsure))
      covered.insert(version.covers.begin(), version.covers.end());
  return covered;
}

std::optional<std::string> Register::complaint(std::span<const std::string> values) const {
  if (std::optional<std::string> wrong = strange(values)) return wrong;
  Numbers found;
  for (const std::string& value : values) found.insert(*number_of(value));
  const Numbers may_be_gone = covered(true);
  for (std::size_t number = 0; number < versions_.size(); ++number)
    if (versions_[number].fate == Fate::acknowledged && !may_be_gone.contains(number) && !found.contains(number))
      return named(key_, number) + " was acknowledged and is lost";
  const Numbers gone = covered(false);
  const auto back = std::ranges::find_if(found, [&](std::size_t number) { return gone.contains(number); });
  if (!retries_ && back != found.end()) return named(key_, *back) + " was replaced and is back";
  return std::nullopt;
}

void Register::saw(std::span<const std::string> values, Context context) {
  seen_.clear();
  for (const std::string& value : values) {
    const std::size_t number = *number_of(value);
    seen_.insert(number);
    seen_.insert(versions_[number].covers.begin(), versions_[number].covers.end());
  }
  context_ = std::move(context);
  in_doubt_ = false;
}

}  // namespace shoal::test
