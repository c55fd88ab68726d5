#include "node/io/laboratory.h"

#include <sodium.h>
#include <spdlog/spdlog.h>

#include <array>
#include <fstream>

namespace shoal {
namespace {

constexpr std::uintmax_t kTokenFileMax = 4096;

Error useless(const std::filesystem::path& file, const std::string& why) {
  return fail(Errc::invalid, "the file of the faults' token, " + file.string() + ", " + why +
                                 "; write one line of at least " + std::to_string(Laboratory::kTokenMin) +
                                 " characters into it, for instance of: openssl rand -hex 16");
}

using Fingerprint = std::array<unsigned char, crypto_generichash_BYTES>;

Fingerprint fingerprint(std::string_view text) {
  Fingerprint out{};
  crypto_generichash(out.data(), out.size(), reinterpret_cast<const unsigned char*>(text.data()), text.size(), nullptr,
                     0);
  return out;
}

// Of hashes, so that neither content nor length shows in the time that it takes.
bool same_secret(std::string_view a, std::string_view b) {
  const Fingerprint first = fingerprint(a);
  const Fingerprint second = fingerprint(b);
  return sodium_memcmp(first.data(), second.data(), first.size()) == 0;
}

}  // namespace

Result<std::string> read_faults_token(const std::filesystem::path& file) {
  std::error_code trouble;
  if (!std::filesystem::exists(file, trouble)) return useless(file, "is missing");
  if (!std::filesystem::is_regular_file(file, trouble)) return useless(file, "is no file");
  if (std::filesystem::file_size(file, trouble) > kTokenFileMax) return useless(file, "is larger than 4 KiB");
  std::ifstream in(file);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) return useless(file, "cannot be read");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return useless(file, "is empty");
  if (text.find('\n') != std::string::npos) return useless(file, "has more than one line");
  if (text.size() < Laboratory::kTokenMin)
    return useless(file, "holds a token of " + std::to_string(text.size()) + " characters, which is too short");
  return text;
}

Status Laboratory::admit(std::string_view token) {
  if (!token_)
    return fail(Errc::refused,
                "this node does not take orders about faults; a node for a laboratory is started with --allow-faults "
                "FILE, where FILE holds a token");
  if (same_secret(token, *token_)) return Unit{};
  if (wrong_tokens_++ % 1000 == 0) spdlog::warn("faults: an order came with a wrong token");
  return fail(Errc::refused,
              "this is not the token of this node; it is in the file that shoald was given with --allow-faults");
}

Status Laboratory::obey(const FaultsRequest& request, const Membership& document, Instant now) {
  if (const Status admitted = admit(request.token); !admitted) return admitted;
  switch (request.op) {
    case FaultsOp::list: return Unit{};
    case FaultsOp::add: return faults_.add(request.rules, document, now);
    case FaultsOp::clear: return faults_.clear(request.ids, now);
  }
  return Unit{};
}

FaultsReply Laboratory::answer(const FaultsRequest& request, const Membership& document, Instant now) {
  FaultsReply reply;
  reply.call = request.call;
  reply.node = self_;
  const Status obeyed = obey(request, document, now);
  if (!obeyed) {
    reply.outcome = obeyed.error();
    return reply;
  }
  reply.outcome.code = Errc::ok;
  reply.faults = faults_.in_force(now);
  return reply;
}

ObserveReply Laboratory::refusal(const ObserveRequest& request, Error why) const {
  ObserveReply reply;
  reply.call = request.call;
  reply.node = self_;
  reply.outcome = std::move(why);
  return reply;
}

void Laboratory::add_to(StatusReply& status, Instant now) const {
  if (!open()) return;
  status.faults_allowed = true;
  status.faults = static_cast<std::uint32_t>(faults_.count(now));
  for (Counter& counter : faults_.counters()) status.counters.push_back(std::move(counter));
}

}  // namespace shoal
