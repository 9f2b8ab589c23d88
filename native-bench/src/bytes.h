// Big-endian loads, stores and appends: the byte order of frames, MessagePack and WebSocket headers alike.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bench {

inline uint16_t load16(const uint8_t* p) { return static_cast<uint16_t>(p[0] << 8 | p[1]); }

inline uint32_t load32(const uint8_t* p) {
  uint32_t v;
  std::memcpy(&v, p, 4);
  return __builtin_bswap32(v);
}

inline uint64_t load64(const uint8_t* p) {
  uint64_t v;
  std::memcpy(&v, p, 8);
  return __builtin_bswap64(v);
}

/** Appends the low `width` bytes of `value`, most significant first. */
inline void append(std::string& out, uint64_t value, int width) {
  for (int shift = (width - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

inline void store32(char* p, uint32_t value) {
  value = __builtin_bswap32(value);
  std::memcpy(p, &value, 4);
}

inline std::string_view asText(const uint8_t* p, size_t n) { return {reinterpret_cast<const char*>(p), n}; }
inline const uint8_t* asBytes(std::string_view s) { return reinterpret_cast<const uint8_t*>(s.data()); }

}  // namespace bench
