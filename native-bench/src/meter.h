// What the receiving side counts. Latency is kept only for messages whose intended send time lies in the window.
#pragma once
#include <algorithm>
#include <cstdint>

#include "clock.h"
#include "histogram.h"

namespace bench {

constexpr Nanos kSlowConnect = 900 * kMillisecond;

struct Meter {
  uint64_t deliveries = 0;  // one message at one member
  uint64_t frames = 0;      // WebSocket messages, or TCP reads
  uint64_t bytes = 0;
  uint64_t acks = 0;
  uint64_t foreign = 0;     // room messages of some other run, not ours to judge
  uint64_t forgiven = 0;    // deliveries that cannot come: to members that were lost, of messages that were refused
  Nanos roundMaxNs = 0;     // the longest epoll round: how long a delivery may have waited for us, not for the server
  Nanos from = kNever;
  Nanos to = kNever;
  Histogram latency;
  Histogram connect;        // of every connection: until TCP stands,
  Histogram signIn;         // and until the member has joined its rooms
  uint64_t slowConnects = 0;

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
  /** The kernel repeats a SYN that found the listen queue full after 1, 3, 7 s; nothing else takes as long. */
  void connected(Nanos took) {
    connect.record(took);
    slowConnects += took > kSlowConnect;
  }
  void round(Nanos ns) { roundMaxNs = std::max(roundMaxNs, ns); }
};

}  // namespace bench
