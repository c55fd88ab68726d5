#include "bench/load/local_cluster.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>
#include <utility>

namespace shoal {
namespace {

constexpr std::chrono::seconds kReadyTimeout{60};
constexpr std::chrono::milliseconds kLookAgain{2};
constexpr int kPortsApart = 10;

bool port_is_free(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool is_free = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_free;
}

// Held by name in the kernel and gone with the process, however it ends; null when somebody else has one of them.
std::shared_ptr<const void> claim_ports(std::uint16_t first, int ranges) {
  const auto close_all = [](const std::vector<int>* sockets) {
    for (const int fd : *sockets) ::close(fd);
    delete sockets;
  };
  const std::shared_ptr<std::vector<int>> sockets(new std::vector<int>, close_all);
  for (int range = 0; range < ranges; ++range) {
    sockets->push_back(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const std::string name = "shoal-ports-" + std::to_string(first + range * kPortsApart);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    name.copy(address.sun_path + 1, sizeof address.sun_path - 1);  // a zero byte first: no file
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (::bind(sockets->back(), reinterpret_cast<sockaddr*>(&address), length) != 0) return nullptr;
  }
  return sockets;
}

std::string last_line(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string last;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) last = line;
  return last;
}

// In the child: never returns.
[[noreturn]] void become(const std::vector<std::string>& command, int output, const std::filesystem::path& log,
                         bool outlives) {
  if (outlives) {
    ::setsid();  // an interrupt typed at our terminal is not for it
  } else {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  const int errors = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

// Reads until a line contains `ready`; that line, or nothing at the end of the output or of the time.
std::string read_until(int fd, const std::string& ready, std::chrono::milliseconds timeout) {
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  std::string line;
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(give_up - std::chrono::steady_clock::now()).count();
    pollfd wait{fd, POLLIN, 0};
    char c = 0;
    if (left <= 0 || ::poll(&wait, 1, static_cast<int>(left)) <= 0 || ::read(fd, &c, 1) != 1) return "";
    if (c != '\n') {
      line.push_back(c);
    } else if (line.find(ready) != std::string::npos) {
      return line;
    } else {
      line.clear();
    }
  }
}

}  // namespace

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      ready_line_(std::move(other.ready_line_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(output_, other.output_);
  std::swap(ready_line_, other.ready_line_);
  return *this;
}

ChildProcess::~ChildProcess() {
  if (running()) end(SIGKILL);
  if (output_ >= 0) ::close(output_);
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& command, const std::filesystem::path& log,
                                         const std::string& ready, std::chrono::milliseconds timeout, bool outlives) {
  int pipe_ends[2];
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) return fail(Errc::io, "cannot make a pipe");
  ChildProcess child;
  child.output_ = pipe_ends[0];
  child.pid_ = ::fork();
  if (child.pid_ == 0) become(command, pipe_ends[1], log, outlives);
  ::close(pipe_ends[1]);
  if (child.pid_ < 0) return fail(Errc::io, "cannot start another process");
  child.ready_line_ = read_until(child.output_, ready, timeout);
  if (!child.ready_line_.empty()) return child;
  child.end(SIGKILL);
  return fail(Errc::io, command[0] + " did not become ready: " + last_line(log));
}

void ChildProcess::signal(int number) const {
  if (running()) ::kill(pid_, number);
}

int ChildProcess::end(int number, std::chrono::milliseconds patience) {
  signal(number);
  signal(SIGCONT);
  return wait(patience);
}

int ChildProcess::wait(std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  siginfo_t ended{};
  while (running() && ended.si_pid == 0 && std::chrono::steady_clock::now() < give_up) {
    if (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) != 0) break;
    if (ended.si_pid == 0) std::this_thread::sleep_for(kLookAgain);
  }
  if (ended.si_pid == 0) signal(SIGKILL);
  int status = 0;
  if (!running() || ::waitpid(std::exchange(pid_, -1), &status, 0) < 0) return -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

std::chrono::duration<double> ChildProcess::cpu_time() const {
  std::ifstream stat("/proc/" + std::to_string(pid_) + "/stat");
  std::string text;
  std::getline(stat, text);
  // Fields 14 and 15, in clock ticks; the second field is a name in parentheses that may hold spaces.
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return std::chrono::duration<double>((user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

std::uint64_t ChildProcess::resident_bytes() const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6)) << 10;
  return 0;
}

pid_t ChildProcess::let_go() { return std::exchange(pid_, -1); }

Result<FreePorts> find_free_ports(int ranges) {
  std::random_device chance;
  for (int attempt = 0; attempt < 200; ++attempt) {
    const auto first = static_cast<std::uint16_t>(20'000 + chance() % 1'200 * kPortsApart);  // below ephemeral ports
    std::shared_ptr<const void> claim = claim_ports(first, ranges);
    bool all_free = claim != nullptr;
    for (int i = 0; i < ranges * kPortsApart && all_free; ++i)
      all_free = i % kPortsApart > 3 || port_is_free(static_cast<std::uint16_t>(first + i));
    if (all_free) return FreePorts{first, std::move(claim)};
  }
  return fail(Errc::io, "no range of free ports was found on the loopback address");
}

Result<LocalCluster> LocalCluster::start(LocalClusterOptions options) {
  FreePorts ports;
  if (options.first_port == 0) {
    Result<FreePorts> found = find_free_ports(options.nodes);
    if (!found) return found.error();
    ports = *std::move(found);
    options.first_port = ports.first;
  }
  LocalCluster cluster(std::move(options));
  cluster.ports_ = std::move(ports);
  for (int node = 0; node < cluster.options_.nodes; ++node) {
    Result<ChildProcess> process = cluster.launch(node, node > 0);
    if (!process) return process.error();
    cluster.nodes_.push_back(*std::move(process));
  }
  return cluster;
}

std::string LocalCluster::address(int node) const {
  return "127.0.0.1:" + std::to_string(options_.first_port + node * kPortsApart);
}

std::vector<std::string> LocalCluster::seeds() const {
  std::vector<std::string> addresses;
  addresses.reserve(nodes_.size());
  for (int node = 0; node < size(); ++node) addresses.push_back(address(node));
  return addresses;
}

std::filesystem::path LocalCluster::data_dir(int node) const { return options_.dir / name(node); }

std::filesystem::path LocalCluster::log_file(int node) const { return options_.dir / (name(node) + ".log"); }

Result<ChildProcess> LocalCluster::launch(int node, bool joins) {
  std::error_code ignored;
  std::filesystem::create_directories(options_.dir, ignored);
  std::vector<std::string> command{
      options_.shoald.string(), "--data", data_dir(node).string(), "--listen", address(node), "--name", name(node)};
  if (joins) command.insert(command.end(), {"--join", address(0)});
  for (std::string argument : options_.arguments) {
    if (const std::size_t at = argument.find("{name}"); at != std::string::npos) argument.replace(at, 6, name(node));
    command.push_back(std::move(argument));
  }
  return ChildProcess::start(command, log_file(node), "shoald ready", kReadyTimeout, options_.outlives);
}

void LocalCluster::kill(int node) { process(node).end(SIGKILL); }

Status LocalCluster::restart(int node) {
  Result<ChildProcess> started = launch(node, false);
  if (!started) return started.error();
  process(node) = *std::move(started);
  return Unit{};
}

Status LocalCluster::stop() {
  for (ChildProcess& node : nodes_) node.signal(SIGTERM);
  Status result = Unit{};
  for (int node = 0; node < size(); ++node) {
    if (!process(node).running()) continue;
    const int code = process(node).wait();
    if (code != 0) result = fail(Errc::io, name(node) + " ended with " + std::to_string(code));
  }
  return result;
}

std::filesystem::path program_dir() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

}  // namespace shoal
