// resolve: settles concurrent values by picking one, by time, or by a program of the user's.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <memory>

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/verbs.h"

namespace shoal::cli {
namespace {

struct Resolve {
  std::string key;
  std::size_t pick = 0;
  bool lww = false;
  std::string exec;
};

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

Error io_error(const std::string& what) { return fail(Errc::io, what + ": " + std::strerror(errno)); }

// One line for each sibling: {"value": ..., "written": ...}.
Result<File> siblings_file(const Object& object) {
  File file(std::tmpfile(), std::fclose);
  if (!file) return io_error("cannot make a temporary file");
  for (std::size_t i = 0; i < object.siblings().size(); ++i) {
    const Json line{{"value", json_of_bytes(object.siblings()[i])}, {"written", rfc3339(object.written()[i])}};
    std::fprintf(file.get(), "%s\n", line.dump().c_str());
  }
  std::rewind(file.get());
  return file;
}

struct Child {
  pid_t pid = -1;
  File output;
};

Result<Child> start(const std::string& command, int input) {
  int ends[2];
  if (::pipe(ends) != 0) return io_error("cannot make a pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  posix_spawn_file_actions_addclose(&actions, ends[1]);
  std::string shell = "sh";
  std::string flag = "-c";
  std::string script = command;
  char* const arguments[] = {shell.data(), flag.data(), script.data(), nullptr};
  pid_t pid = -1;
  errno = ::posix_spawn(&pid, "/bin/sh", &actions, nullptr, arguments, environ);
  const bool started = errno == 0;
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  File output(::fdopen(ends[0], "rb"), std::fclose);
  if (!started) return io_error("cannot start /bin/sh");
  return Child{pid, std::move(output)};
}

// What the user's program makes of the siblings; one newline at its end is not part of the value.
Result<std::string> merged_by(const std::string& command, const Object& object) {
  Result<File> input = siblings_file(object);
  if (!input) return input.error();
  Result<Child> child = start(command, ::fileno(input->get()));
  if (!child) return child.error();
  Result<std::string> value = read_value(child->output.get(), "the program's output");
  child->output.reset();
  int status = 0;
  while (::waitpid(child->pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!value) return value;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(Errc::conflict, "the --exec program failed; the conflict is as it was");
  if (value->ends_with('\n')) value->pop_back();
  return value;
}

Result<std::string> choose(const Resolve& resolve, const Object& object) {
  const auto siblings = object.siblings();
  if (!resolve.exec.empty()) return merged_by(resolve.exec, object);
  if (resolve.lww) return resolve::last_writer()(siblings);
  if (resolve.pick >= 1 && resolve.pick <= siblings.size()) return siblings[resolve.pick - 1];
  return fail(Errc::invalid, "--pick " + std::to_string(resolve.pick) + " makes no sense: there are values 1 to " +
                                 std::to_string(siblings.size()));
}

int write_back(Session& session, const Resolve& resolve, const Object& seen, const std::string& value) {
  WriteOptions writing = session.writing();
  writing.context = seen.context();
  const Result<Receipt> receipt = session.db().put(resolve.key, value, writing);
  if (!receipt) return session.report(receipt.error());
  if (receipt->siblings > 1)
    return session.report(fail(Errc::conflict, "another writer got in between: resolve " + resolve.key + " again"));
  if (session.is_json())
    print_json(Json{{"schema", kSchema},
                    {"key", json_of_bytes(resolve.key)},
                    {"value", json_of_bytes(value)},
                    {"context", receipt->context.token()}});
  session.say("resolved: " + preview(value, 80));
  return kDone;
}

int run(Session& session, const Resolve& resolve) {
  const bool chosen = resolve.pick > 0 || resolve.lww || !resolve.exec.empty();
  const Result<Object> seen = session.db().get(resolve.key, session.reading());
  if (!seen) return session.report(seen.error());
  if (!seen->exists()) {
    session.say("no such key: " + shown(resolve.key));
    return kAbsent;
  }
  if (!seen->conflicted()) {
    session.say(shown(resolve.key) + " holds one value; there is nothing to resolve");
    return kDone;
  }
  if (!chosen) {
    show_conflict(session, resolve.key, *seen);
    return kConflict;
  }
  if (session.has_context() && seen->context() != session.writing().context)
    return session.report(fail(Errc::conflict, "the values are no longer those of this --context; look at them again"));
  const Result<std::string> value = choose(resolve, *seen);
  if (!value) return session.report(value.error());
  return write_back(session, resolve, *seen, *value);
}

}  // namespace

Run declare_resolve(CLI::App& command) {
  const auto resolve = std::make_shared<Resolve>();
  command.add_option("KEY", resolve->key)->required();
  auto* pick = command.add_option("--pick", resolve->pick, "Keep value N, as `shoal get KEY` numbers them")
                   ->check(CLI::PositiveNumber);
  auto* lww = command.add_flag("--lww", resolve->lww, "Keep the value that was written last, lose the others");
  auto* exec = command.add_option("--exec", resolve->exec, "Let a shell command merge them");
  pick->excludes(lww)->excludes(exec);
  lww->excludes(exec);
  command.footer(
      "--exec gets one line {\"value\":...,\"written\":...} for each value and prints the merged value; one\n"
      "newline at its end is cut off. With --context TOKEN the values must still be those of that read.\n\n"
      "  shoal resolve cart:9 --pick 1\n"
      "  shoal resolve cart:9 --exec \"jq -sr 'map(.value) | join(\\\",\\\")'\"");
  return [resolve](Session& session) { return run(session, *resolve); };
}

}  // namespace shoal::cli
