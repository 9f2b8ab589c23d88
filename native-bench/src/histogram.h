// A log-linear histogram (HDR): 3 significant digits from 1 us to over 3 hours, one add per value.
#pragma once
#include <cstdint>
#include <vector>

#include "clock.h"

namespace bench {

/** Values are kept in microseconds. Bucket b holds 2048 steps of 2^b us each (the lower half of every bucket but the first belongs to the one
 *  before), so a step is never more than 1/1024 of its value. */
class Histogram {
 public:
  Histogram() : counts_((kBuckets + 1) * kHalf) {}

  void record(Nanos ns) {
    step(ns);
    count_++;
    if (ns > max_) max_ = ns;
  }

  /** Values that come in a run: what is one number for all of them is written once, at the end of the run. */
  class Run {
   public:
    explicit Run(Histogram& histogram) : histogram_(histogram), max_(histogram.max_) {}
    ~Run() { histogram_.count_ += count_, histogram_.max_ = max_; }
    Run(const Run&) = delete;
    void record(Nanos ns) {
      histogram_.step(ns);
      count_++;
      if (ns > max_) max_ = ns;
    }

   private:
    Histogram& histogram_;
    uint64_t count_ = 0;
    Nanos max_;
  };

  uint64_t count() const { return count_; }
  Nanos max() const { return max_; }
  /** The smallest recorded step that at least `percent` of all values do not exceed; 0 when empty. */
  Nanos percentile(double percent) const;
  void clear();

 private:
  static constexpr int kStepBits = 11;
  static constexpr size_t kHalf = 1u << (kStepBits - 1);
  static constexpr size_t kBuckets = 24;
  static constexpr uint64_t kMaxUs = (1ull << (kStepBits + kBuckets - 1)) - 1;

  void step(Nanos ns) {
    uint64_t us = ns <= 0 ? 0 : static_cast<uint64_t>(ns) / 1000;
    if (us > kMaxUs) us = kMaxUs;
    counts_[indexOf(us)]++;
  }
  static size_t indexOf(uint64_t us) {
    const int bucket = us < 2 * kHalf ? 0 : 64 - __builtin_clzll(us) - kStepBits;
    return static_cast<size_t>(bucket) * kHalf + (us >> bucket);
  }
  static uint64_t highestAt(size_t index);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  Nanos max_ = 0;
};

}  // namespace bench
