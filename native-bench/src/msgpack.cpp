#include "msgpack.h"

namespace bench {

// Deeper nesting than this is nothing that a gateway sends; the bound keeps a broken peer off the stack.
constexpr int kDepthMax = 32;

bool MsgpackReader::take(int width, uint64_t& value) {
  if (!have(width)) return fail();
  value = 0;
  while (width-- > 0) value = value << 8 | *p_++;
  return true;
}

/** Byte count of the str or bin whose type byte was just read; false when the type is neither. */
bool MsgpackReader::length(uint8_t type, uint64_t& bytes) {
  if (type >> 5 == 0b101) return bytes = type & 31, true;
  switch (type) {
    case 0xc4: case 0xd9: return take(1, bytes);
    case 0xc5: case 0xda: return take(2, bytes);
    case 0xc6: case 0xdb: return take(4, bytes);
    default: return false;
  }
}

bool MsgpackReader::enterMap() {
  if (!have(1)) return fail();
  const uint8_t type = *p_++;
  if (type >> 4 == 0x8) return pairsLeft_ = type & 15, true;
  if (type == 0xde) return take(2, pairsLeft_);
  if (type == 0xdf) return take(4, pairsLeft_);
  return fail();
}

bool MsgpackReader::nextKey(std::string_view& key) {
  if (!ok_ || pairsLeft_ == 0) return false;
  pairsLeft_--;
  return text(key);
}

bool MsgpackReader::integer(uint64_t& value) {
  if (!have(1)) return fail();
  const uint8_t type = *p_++;
  if (type < 0x80) return value = type, true;
  if (type >= 0xe0) return value = static_cast<uint64_t>(static_cast<int8_t>(type)), true;
  switch (type) {
    case 0xcc: return take(1, value);
    case 0xcd: return take(2, value);
    case 0xce: return take(4, value);
    case 0xcf: case 0xd3: return take(8, value);
    case 0xd0: return take(1, value) && (value = static_cast<uint64_t>(static_cast<int8_t>(value)), true);
    case 0xd1: return take(2, value) && (value = static_cast<uint64_t>(static_cast<int16_t>(value)), true);
    case 0xd2: return take(4, value) && (value = static_cast<uint64_t>(static_cast<int32_t>(value)), true);
    default: return fail();  // an id that came as a float has been rounded on its way: that is a defect to report
  }
}

bool MsgpackReader::text(std::string_view& value) {
  if (!have(1)) return fail();
  uint64_t bytes = 0;
  if (!length(*p_++, bytes)) return ok_ && (p_--, value = {}, skip());
  if (!have(bytes)) return fail();
  value = asText(p_, bytes);
  p_ += bytes;
  return true;
}

bool MsgpackReader::skip(int depth) {
  if (depth > kDepthMax || !have(1)) return fail();
  const uint8_t type = *p_++;
  uint64_t bytes = 0, items = 0;
  if (type < 0x80 || type >= 0xe0) return true;
  if (type >> 4 == 0x8) items = 2 * (type & 15);
  else if (type >> 4 == 0x9) items = type & 15;
  else if (length(type, bytes)) ;
  else if (!ok_) return false;
  else switch (type) {
    case 0xc0: case 0xc2: case 0xc3: return true;                         // nil, false, true
    case 0xcc: case 0xd0: bytes = 1; break;                               // integers and floats by width
    case 0xcd: case 0xd1: bytes = 2; break;
    case 0xca: case 0xce: case 0xd2: bytes = 4; break;
    case 0xcb: case 0xcf: case 0xd3: bytes = 8; break;
    case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: bytes = 1 + (1u << (type - 0xd4)); break;  // fixext
    case 0xc7: if (!take(1, bytes)) return false; bytes++; break;         // ext: one type byte before the data
    case 0xc8: if (!take(2, bytes)) return false; bytes++; break;
    case 0xc9: if (!take(4, bytes)) return false; bytes++; break;
    case 0xdc: if (!take(2, items)) return false; break;
    case 0xdd: if (!take(4, items)) return false; break;
    case 0xde: if (!take(2, items)) return false; items *= 2; break;
    case 0xdf: if (!take(4, items)) return false; items *= 2; break;
    default: return fail();
  }
  if (!have(bytes)) return fail();
  p_ += bytes;
  while (items-- > 0) {
    if (!skip(depth + 1)) return false;
  }
  return true;
}

}  // namespace bench
