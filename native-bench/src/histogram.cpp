#include "histogram.h"

#include <algorithm>
#include <cmath>

namespace bench {

/** The highest value that falls into the step. */
uint64_t Histogram::highestAt(size_t index) {
  if (index < 2 * kHalf) return index;
  const size_t bucket = index / kHalf - 1;
  return ((index - bucket * kHalf + 1) << bucket) - 1;
}

Nanos Histogram::percentile(double percent) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(percent / 100 * static_cast<double>(count_)));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); i++) {
    seen += counts_[i];
    if (seen >= std::max<uint64_t>(rank, 1)) return std::min<Nanos>(static_cast<Nanos>(highestAt(i)) * kMicrosecond, max_);
  }
  return max_;
}

void Histogram::clear() {
  std::fill(counts_.begin(), counts_.end(), 0);
  count_ = 0;
  max_ = 0;
}

}  // namespace bench
