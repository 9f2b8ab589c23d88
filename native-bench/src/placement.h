// Which worker of imgate owns a room. The same rule as the gateway's src/contract/placement.ts and hashId of src/util/id.ts.
#pragma once
#include <cstdint>

namespace bench {

/** A 32-bit mix of all 64 bits. */
inline uint32_t hashId(uint64_t id) {
  const auto low = static_cast<uint32_t>(id), high = static_cast<uint32_t>(id >> 32);
  uint32_t h = (low ^ 0x9e3779b9u) * 0x85ebca6bu ^ (high + 0x7f4a7c15u) * 0xc2b2ae35u;
  h = (h ^ (h >> 15)) * 0x2c1b3c6du;
  h = (h ^ (h >> 12)) * 0x297a2d39u;
  return h ^ (h >> 15);
}

inline uint64_t ownerOf(uint64_t rid, uint64_t workers) { return hashId(rid) % workers; }

}  // namespace bench
