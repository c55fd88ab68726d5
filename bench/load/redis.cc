#include "bench/load/redis.h"

#include <sstream>

#include "bench/load/output_of.h"

namespace shoal {
namespace {

// "SET","123456.78","0.301","0.096","0.295","0.487","0.615","1.255": name, rps, avg, min, p50, p95, p99, max
Result<RedisFigures> parse_csv(const std::string& output, const std::string& command) {
  const std::size_t at = output.find("\"" + command + "\"");
  if (at == std::string::npos) return fail(Errc::io, "redis-benchmark gave no figures: " + output);
  std::istringstream line(output.substr(at, output.find('\n', at) - at));
  std::vector<std::string> fields;
  for (std::string field; std::getline(line, field, ',');) fields.push_back(field.substr(1, field.size() - 2));
  if (fields.size() < 7) return fail(Errc::io, "redis-benchmark gave no figures: " + output);
  return RedisFigures{std::stod(fields[1]), std::stod(fields[4]), std::stod(fields[6])};
}

}  // namespace

Result<Redis> Redis::start(const std::filesystem::path& dir, bool appendonly_always) {
  std::filesystem::create_directories(dir);
  Result<FreePorts> ports = find_free_ports(1);
  if (!ports) return ports.error();
  std::vector<std::string> command{"redis-server", "--port",    std::to_string(ports->first),
                                   "--bind",       "127.0.0.1", "--dir",
                                   dir.string(),   "--save",    "",
                                   "--daemonize",  "no"};
  if (appendonly_always) command.insert(command.end(), {"--appendonly", "yes", "--appendfsync", "always"});
  Result<ChildProcess> server =
      ChildProcess::start(command, dir / "redis.log", "Ready to accept connections", std::chrono::seconds(20));
  if (!server) return server.error();
  Redis redis;
  redis.server_ = *std::move(server);
  redis.ports_ = *std::move(ports);
  return redis;
}

Result<RedisFigures> Redis::run(const std::string& command, int connections, std::uint64_t requests, std::uint64_t keys,
                                std::size_t value_bytes) const {
  std::ostringstream line;
  line << "redis-benchmark -h 127.0.0.1 -p " << ports_.first << " -t " << command << " -c " << connections << " -n "
       << requests << " -r " << keys << " -d " << value_bytes << " --csv --precision 3 2>&1";
  return parse_csv(output_of(line.str()), command);
}

}  // namespace shoal
