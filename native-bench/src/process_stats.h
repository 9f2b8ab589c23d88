// CPU time and memory of the server process, from /proc, and our own CPU time.
#pragma once
#include <cstdint>
#include <map>

#include "clock.h"

namespace bench {

struct CpuSample {
  Nanos total = 0;
  std::map<int64_t, Nanos> threads;
};

/** All zero when the process is not there (or pid is 0). Resolution: one clock tick, 10 ms. */
CpuSample readCpu(int64_t pid);

/** Bytes resident; 0 when unknown. */
uint64_t readRss(int64_t pid);

inline Nanos ownCpu() { return readClock(CLOCK_PROCESS_CPUTIME_ID); }

/** Cores used between two samples. */
struct CpuUse {
  double cores = 0;
  double busiestThread = 0;
};
CpuUse cpuBetween(const CpuSample& from, const CpuSample& to, Nanos elapsed);

}  // namespace bench
