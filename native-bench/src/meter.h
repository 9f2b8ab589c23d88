// What the receiving side counts. Latency is kept only for messages whose intended send time lies in the window.
#pragma once
#include <algorithm>
#include <cstdint>

#include "clock.h"
#include "histogram.h"

namespace bench {

struct Meter {
  uint64_t deliveries = 0;  // one message at one member
  uint64_t frames = 0;      // WebSocket messages, or TCP reads
  uint64_t bytes = 0;
  uint64_t acks = 0;
  uint64_t foreign = 0;     // room messages of some other run, not ours to judge
  Nanos roundMaxNs = 0;     // the longest epoll round: how long a delivery may have waited for us, not for the server
  Nanos from = kNever;
  Nanos to = kNever;
  Histogram latency;

  void open(Nanos windowFrom, Nanos windowTo) {
    from = windowFrom, to = windowTo;
    roundMaxNs = 0;
    latency.clear();
  }
  bool measures(Nanos intendedNs) const { return intendedNs >= from && intendedNs < to; }
  void delivered(Nanos intendedNs, Nanos now) {
    deliveries++;
    if (measures(intendedNs)) latency.record(now - intendedNs);
  }
  void round(Nanos ns) { roundMaxNs = std::max(roundMaxNs, ns); }
};

}  // namespace bench
