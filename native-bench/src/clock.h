// Time is CLOCK_MONOTONIC in nanoseconds everywhere; only the report speaks of milliseconds.
#pragma once
#include <time.h>

#include <cstdint>

namespace bench {

using Nanos = int64_t;

constexpr Nanos kMicrosecond = 1'000;
constexpr Nanos kMillisecond = 1'000'000;
constexpr Nanos kSecond = 1'000'000'000;
constexpr Nanos kNever = INT64_MAX;

inline Nanos readClock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

inline Nanos nowNs() { return readClock(CLOCK_MONOTONIC); }

inline Nanos seconds(double s) { return static_cast<Nanos>(s * 1e9); }
inline double toSeconds(Nanos ns) { return static_cast<double>(ns) / 1e9; }
inline double toMillis(Nanos ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace bench
