#include "node/base/rng.h"

#include "node/base/check.h"

namespace shoal {
namespace {

std::uint64_t splitmix64(std::uint64_t& x) {
  x += 0x9e3779b97f4a7c15u;
  std::uint64_t z = x;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t rotate_left(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

}  // namespace

Rng::Rng(std::uint64_t seed) {
  for (auto& word : state_) word = splitmix64(seed);
}

std::uint64_t Rng::next() {
  const std::uint64_t result = rotate_left(state_[1] * 5, 7) * 9;
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = rotate_left(state_[3], 45);
  return result;
}

std::uint64_t Rng::below(std::uint64_t bound) {
  SHOAL_CHECK(bound > 0);
  const std::uint64_t reject_under = (0 - bound) % bound;  // 2^64 mod bound: reject these, or low results are likelier
  std::uint64_t x = next();
  while (x < reject_under) x = next();
  return x % bound;
}

Rng Rng::fork(std::string_view name) const {
  std::uint64_t mixed = state_[0] ^ rotate_left(state_[3], 23);
  for (const char c : name) {
    mixed ^= static_cast<unsigned char>(c);
    mixed = splitmix64(mixed);
  }
  return Rng(mixed);
}

}  // namespace shoal
