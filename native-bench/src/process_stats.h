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

/** All zero when the process is not there (or pid is 0). Resolution of the threads: one clock tick, 10 ms. */
CpuSample readCpu(int64_t pid);

/** CPU time of all threads together, to the microsecond or better; for differences over a short time. */
Nanos readCpuTotal(int64_t pid);

/** Bytes resident; 0 when unknown. */
uint64_t readRss(int64_t pid);

inline Nanos ownCpu() { return readClock(CLOCK_PROCESS_CPUTIME_ID); }

/** Work of others: the CPU time of every process but the server and us, their ended children included, and the time that a
 *  hypervisor took away. Kernel threads are left out, they work for us as well. Takes milliseconds: not for a window. */
struct MachineSample {
  Nanos at = 0;
  Nanos others = 0;
};
MachineSample readMachine(int64_t serverPid);

/** Cores that others used, and whether that is more than the cores that server and client leave to them. */
double othersBetween(const MachineSample& from, const MachineSample& to);
bool disturbs(double othersCores);

/** Cores used between two samples. */
struct CpuUse {
  double cores = 0;
  double busiestThread = 0;
};

/** How near a server is to its limit, 1 at most: that of its busiest thread, or of the cores it is pinned to. A runtime that
 *  moves its work from thread to thread (Go) is at its limit though no single thread is. */
double limitShare(const CpuUse& use, int64_t pid);
CpuUse cpuBetween(const CpuSample& from, const CpuSample& to, Nanos elapsed);

}  // namespace bench
