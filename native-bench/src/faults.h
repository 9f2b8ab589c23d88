// Everything that may go wrong in a run, counted by kind, with the first few told in words.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace bench {

enum class Fault {
  ORDER_BREAK,    // a message at another place than for the other members
  DUPLICATE,      // a message a second time
  GAP,            // a message passed over (if it comes later, that is an order break as well)
  MSGID,          // not rising, or not the same for everybody
  SENDER_ORDER,   // two messages of one sender the wrong way round
  MALFORMED,      // bytes that are no frame, no MessagePack, no JSON
  REFUSED,        // an ACK or an HTTP reply whose code is not 0
  ERROR_FRAME,
  KICK,
  CLOSED,         // the server closed a connection
  CONNECT,        // a connection, a sign-in or a join failed
  PUSH_TOTAL,     // a push reply whose `total` is not the number of members
  BUSY,           // an ACK that refuses a message because there is too much to do
  SLOW_CONSUMER,  // the server closed a connection because too much waited for it
};

constexpr const char* kFaultNames[] = {"order_breaks", "duplicates",   "gaps",  "msgid",  "sender_order", "malformed",
                                       "refused",      "error_frames", "kicks", "closed", "connect",      "push_total",
                                       "busy",         "slow_consumers"};
constexpr size_t kFaultKinds = sizeof kFaultNames / sizeof *kFaultNames;

class Faults {
 public:
  void note(Fault kind, std::string what) {
    counts_[static_cast<size_t>(kind)]++;
    if (examples_.size() < kExamplesMax) examples_.push_back(std::string(nameOf(kind)) + ": " + std::move(what));
  }

  uint64_t count(Fault kind) const { return counts_[static_cast<size_t>(kind)]; }
  /** Of all kinds that are not tolerated. */
  uint64_t total() const {
    uint64_t sum = 0;
    for (size_t i = 0; i < kFaultKinds; i++) sum += tolerated_[i] ? 0 : counts_[i];
    return sum;
  }
  /** What this run provokes is counted, but is no failure. */
  void tolerate(Fault kind) { tolerated_[static_cast<size_t>(kind)] = true; }
  const std::vector<std::string>& examples() const { return examples_; }
  static const char* nameOf(Fault kind) { return kFaultNames[static_cast<size_t>(kind)]; }

 private:
  static constexpr size_t kExamplesMax = 10;
  std::array<uint64_t, kFaultKinds> counts_{};
  std::array<bool, kFaultKinds> tolerated_{};
  std::vector<std::string> examples_;
};

}  // namespace bench
