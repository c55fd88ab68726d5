#include "bench/load/etcd.h"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "bench/load/output_of.h"

namespace shoal {
namespace {

constexpr int kMembers = 3;
constexpr const char* kKey = "key:1000000000";

// Protocol Buffers: a field of type bytes.
std::string bytes_field(int number, const std::string& bytes) {
  std::string field(1, static_cast<char>(number << 3 | 2));
  std::size_t left = bytes.size();
  for (; left > 127; left >>= 7) field.push_back(static_cast<char>((left & 127) | 128));
  field.push_back(static_cast<char>(left));
  return field + bytes;
}

// gRPC: a byte that says "not compressed", the length in four bytes, big-endian, and etcdserverpb.PutRequest.
std::string put_message(std::size_t value_bytes) {
  const std::string put = bytes_field(1, kKey) + bytes_field(2, std::string(value_bytes, 'v'));
  std::string message(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>(put.size() >> shift & 255));
  return message + put;
}

// A line a request: start in us, HTTP status, duration in us.
Result<Histogram> read_log(const std::filesystem::path& path, std::uint64_t requests) {
  std::ifstream in(path);
  Histogram latency;
  std::uint64_t start = 0;
  int status = 0;
  std::uint64_t took_us = 0;
  std::uint64_t lines = 0;
  for (; in >> start >> status >> took_us; ++lines) {
    if (status != 200) return fail(Errc::io, fmt::format("etcd has answered with HTTP status {}", status));
    latency.record(std::chrono::microseconds(took_us));
  }
  if (lines != requests) return fail(Errc::io, fmt::format("h2load has made {} of {} requests", lines, requests));
  return latency;
}

}  // namespace

Result<Etcd> Etcd::start(const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  Result<FreePorts> ports = find_free_ports(kMembers);
  if (!ports) return ports.error();
  const auto port = [&](int member, int which) { return ports->first + 10 * member + which; };
  std::string members;
  for (int i = 0; i < kMembers; ++i)
    members += fmt::format("{}e{}=http://127.0.0.1:{}", i > 0 ? "," : "", i, port(i, 1));
  Etcd etcd(dir);
  for (int i = 0; i < kMembers; ++i) {
    const std::string name = fmt::format("e{}", i);
    const std::string client = fmt::format("127.0.0.1:{}", port(i, 0));
    const std::string peer = fmt::format("http://127.0.0.1:{}", port(i, 1));
    // Its log goes to standard output, and the first line is enough: who is not ready yet is asked again below.
    Result<ChildProcess> member = ChildProcess::start(
        {"etcd", "--name", name, "--data-dir", (dir / name).string(), "--listen-client-urls", "http://" + client,
         "--advertise-client-urls", "http://" + client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
         peer, "--initial-cluster", members, "--logger", "zap", "--log-outputs", "stdout"},
        dir / (name + ".log"), "etcd", std::chrono::seconds(20));
    if (!member) return member.error();
    etcd.members_.push_back(*std::move(member));
    etcd.clients_at_.push_back(client);
  }
  etcd.ports_ = *std::move(ports);
  if (const Status led = etcd.find_leader(); !led) return led.error();
  return etcd;
}

std::string Etcd::etcdctl(const std::string& arguments) const {
  return output_of("ETCDCTL_API=3 etcdctl --endpoints " + clients_at_.front() + "," + clients_at_.at(1) + "," +
                   clients_at_.at(2) + " " + arguments + " 2>>" + (dir_ / "etcdctl.log").string());
}

Status Etcd::find_leader() {
  for (int tries = 0; tries < 100; ++tries) {
    const auto status = nlohmann::json::parse(etcdctl("endpoint status -w json"), nullptr, false);
    for (const auto& member : status.is_array() ? status : nlohmann::json::array()) {
      if (member["Status"]["leader"] != member["Status"]["header"]["member_id"]) continue;
      leader_ = member["Endpoint"];
      return Unit{};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return fail(Errc::io, "etcd has elected no leader within 10 s");
}

std::uint64_t Etcd::version() const {
  const auto got = nlohmann::json::parse(etcdctl(std::string("get -w json ") + kKey), nullptr, false);
  const bool there = got.is_object() && got.contains("kvs");
  return there ? got["kvs"][0]["version"].get<std::uint64_t>() : 0;
}

Result<EtcdFigures> Etcd::put(int inflight, std::uint64_t requests, std::size_t value_bytes) {
  const std::filesystem::path body = dir_ / "put.bin";
  const std::filesystem::path log = dir_ / "h2load.log";
  std::ofstream(body, std::ios::binary) << put_message(value_bytes);
  std::filesystem::remove(log);
  const std::uint64_t before = version();
  const auto started = std::chrono::steady_clock::now();
  const std::string said =
      output_of(fmt::format("h2load -n {} -c 1 -m {} -d {} -H 'content-type: application/grpc' -H 'te: trailers' "
                            "--log-file {} http://{}/etcdserverpb.KV/Put 2>&1",
                            requests, inflight, body.string(), log.string(), leader_));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  Result<Histogram> latency = read_log(log, requests);
  if (!latency) return fail(Errc::io, latency.error().message + ": " + said);
  if (version() != before + requests) return fail(Errc::io, "etcd has not made all puts: " + said);
  return EtcdFigures{static_cast<double>(requests) / took.count(), *std::move(latency)};
}

double Etcd::cpu_seconds() const {
  double sum = 0;
  for (const ChildProcess& member : members_) sum += member.cpu_time().count();
  return sum;
}

}  // namespace shoal
