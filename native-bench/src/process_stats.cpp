#include "process_stats.h"

#include <dirent.h>
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

/** utime + stime: the fields 14 and 15 of a stat line, counted after the name, which may hold anything. */
Nanos cpuOfStat(const std::string& stat) {
  const size_t nameEnd = stat.rfind(')');
  unsigned long user = 0, system = 0;
  if (nameEnd == std::string::npos) return 0;
  if (std::sscanf(stat.c_str() + nameEnd + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return 0;
  return static_cast<Nanos>(user + system) * (kSecond / sysconf(_SC_CLK_TCK));
}

}  // namespace

CpuSample readCpu(int64_t pid) {
  CpuSample sample;
  if (pid == 0) return sample;
  const std::string base = "/proc/" + std::to_string(pid);
  sample.total = cpuOfStat(readFile(base + "/stat"));
  if (DIR* tasks = opendir((base + "/task").c_str())) {
    while (const dirent* entry = readdir(tasks)) {
      const int64_t tid = std::atoll(entry->d_name);
      if (tid > 0) sample.threads[tid] = cpuOfStat(readFile(base + "/task/" + entry->d_name + "/stat"));
    }
    closedir(tasks);
  }
  return sample;
}

uint64_t readRss(int64_t pid) {
  const std::string status = readFile("/proc/" + std::to_string(pid) + "/status");
  const char* line = std::strstr(status.c_str(), "VmRSS:");
  return line == nullptr ? 0 : std::strtoull(line + 6, nullptr, 10) * 1024;
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

}  // namespace bench
