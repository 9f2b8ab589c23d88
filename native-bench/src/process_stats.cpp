#include "process_stats.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace bench {

namespace {

std::string readFile(const std::string& path) {
  std::string content;
  if (FILE* file = std::fopen(path.c_str(), "r")) {
    char chunk[4096];
    for (size_t n; (n = std::fread(chunk, 1, sizeof chunk, file)) > 0;) content.append(chunk, n);
    std::fclose(file);
  }
  return content;
}

// Cores: the noise floor of an otherwise quiet machine, with the harness and its shell.
constexpr double kOthersMax = 0.10;

constexpr int64_t kKernelThreads = 2;  // pid of kthreadd, the parent of all of them

Nanos ofTicks(uint64_t ticks) { return static_cast<Nanos>(ticks) * (kSecond / sysconf(_SC_CLK_TCK)); }

/** The fields of a /proc stat line that matter here. */
struct Stat {
  long parent = 0;
  Nanos own = 0;       // utime + stime
  Nanos children = 0;  // of children that have ended and were waited for
};

Stat parseStat(const std::string& line) {
  // The name, in parentheses, may hold anything; so count from where it ends.
  const size_t nameEnd = line.rfind(')');
  unsigned long user = 0, system = 0, childUser = 0, childSystem = 0;
  Stat stat;
  if (nameEnd == std::string::npos) return stat;
  std::sscanf(line.c_str() + nameEnd + 2, "%*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu", &stat.parent, &user,
              &system, &childUser, &childSystem);
  stat.own = ofTicks(user + system);
  stat.children = ofTicks(childUser + childSystem);
  return stat;
}

/** Calls `visit(id)` for every number that names an entry of a /proc folder. */
template <class Visit>
void eachId(const std::string& folder, Visit visit) {
  DIR* entries = opendir(folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = readdir(entries)) {
    if (const int64_t id = std::atoll(entry->d_name); id > 0) visit(id);
  }
  closedir(entries);
}

}  // namespace

CpuSample readCpu(int64_t pid) {
  CpuSample sample;
  if (pid == 0) return sample;
  const std::string base = "/proc/" + std::to_string(pid);
  sample.total = readCpuTotal(pid);
  eachId(base + "/task", [&](int64_t tid) {
    sample.threads[tid] = parseStat(readFile(base + "/task/" + std::to_string(tid) + "/stat")).own;
  });
  return sample;
}

Nanos readCpuTotal(int64_t pid) {
  clockid_t clock;
  if (pid == 0) return 0;
  if (clock_getcpuclockid(static_cast<pid_t>(pid), &clock) == 0) {
    if (const Nanos used = readClock(clock); used > 0) return used;
  }
  return parseStat(readFile("/proc/" + std::to_string(pid) + "/stat")).own;
}

MachineSample readMachine(int64_t serverPid) {
  MachineSample sample;
  sample.at = nowNs();
  eachId("/proc", [&](int64_t pid) {
    if (pid == serverPid || pid == getpid()) return;
    const Stat stat = parseStat(readFile("/proc/" + std::to_string(pid) + "/stat"));
    if (stat.parent != kKernelThreads) sample.others += stat.own + stat.children;
  });
  unsigned long stolen = 0;
  std::sscanf(readFile("/proc/stat").c_str(), "cpu %*u %*u %*u %*u %*u %*u %*u %lu", &stolen);
  sample.others += ofTicks(stolen);
  return sample;
}

double othersBetween(const MachineSample& from, const MachineSample& to) {
  // Less than nothing: a process ended and nobody waited for it, so its time is in no sum any more.
  return to.at <= from.at ? 0 : std::max(0.0, static_cast<double>(to.others - from.others) / static_cast<double>(to.at - from.at));
}

bool disturbs(double othersCores) {
  // A core each for server and client is ours; of the rest others may have half before they must get in the way.
  const double spare = std::max(0L, sysconf(_SC_NPROCESSORS_ONLN) - 2);
  return othersCores > kOthersMax + spare / 2;
}

uint64_t readRss(int64_t pid) {
  unsigned long pages = 0;
  if (pid != 0) std::sscanf(readFile("/proc/" + std::to_string(pid) + "/statm").c_str(), "%*u %lu", &pages);
  return static_cast<uint64_t>(pages) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

CpuUse cpuBetween(const CpuSample& from, const CpuSample& to, Nanos elapsed) {
  CpuUse use;
  if (elapsed <= 0) return use;
  use.cores = static_cast<double>(to.total - from.total) / static_cast<double>(elapsed);
  for (const auto& [tid, cpu] : to.threads) {
    const auto before = from.threads.find(tid);
    const Nanos used = cpu - (before == from.threads.end() ? 0 : before->second);
    use.busiestThread = std::max(use.busiestThread, static_cast<double>(used) / static_cast<double>(elapsed));
  }
  return use;
}

double limitShare(const CpuUse& use, int64_t pid) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (pid == 0 || sched_getaffinity(static_cast<pid_t>(pid), sizeof allowed, &allowed) != 0) return use.busiestThread;
  return std::max(use.busiestThread, use.cores / CPU_COUNT(&allowed));
}

}  // namespace bench
