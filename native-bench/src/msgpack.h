// MessagePack as frame bodies use it: a map of names to integers, strings and byte strings.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "bytes.h"

namespace bench {

/** Appends to a string it does not own. The caller announces the size of a map and then writes its pairs. */
class MsgpackWriter {
 public:
  explicit MsgpackWriter(std::string& out) : out_(out) {}

  void map(uint32_t pairs) {
    if (pairs < 16) return append(out_, 0x80 | pairs, 1);
    append(out_, 0xde, 1), append(out_, pairs, 2);
  }

  void text(std::string_view s) {
    if (s.size() < 32) append(out_, 0xa0 | s.size(), 1);
    else if (s.size() < 256) append(out_, 0xd9, 1), append(out_, s.size(), 1);
    else if (s.size() < 65536) append(out_, 0xda, 1), append(out_, s.size(), 2);
    else append(out_, 0xdb, 1), append(out_, s.size(), 4);
    out_.append(s);
  }

  void integer(uint64_t v) {
    if (v < 128) append(out_, v, 1);
    else if (v < 256) append(out_, 0xcc, 1), append(out_, v, 1);
    else if (v < 65536) append(out_, 0xcd, 1), append(out_, v, 2);
    else if (v >> 32 == 0) append(out_, 0xce, 1), append(out_, v, 4);
    else append(out_, 0xcf, 1), append(out_, v, 8);
  }

 private:
  std::string& out_;
};

/** Walks one map in place, in whatever order and form its maker chose. Every call answers false on bytes that are not
 *  what was asked for (or end too early); the reader is then of no further use. Same shape as JsonReader. */
class MsgpackReader {
 public:
  MsgpackReader(const uint8_t* p, size_t n) : p_(p), end_(p + n) {}

  bool enterMap();
  /** @returns false at the end of the map (then `ok()`) or on broken bytes. */
  bool nextKey(std::string_view& key);
  bool integer(uint64_t& value);
  /** A str or a bin, as a view of the input. Any other value is skipped and leaves `value` empty. */
  bool text(std::string_view& value);
  bool skip() { return skip(0); }
  bool ok() const { return ok_; }

 private:
  bool skip(int depth);
  bool fail() { return ok_ = false; }
  bool have(size_t n) const { return static_cast<size_t>(end_ - p_) >= n; }
  bool take(int width, uint64_t& value);
  bool length(uint8_t type, uint64_t& bytes);

  const uint8_t* p_;
  const uint8_t* end_;
  uint64_t pairsLeft_ = 0;
  bool ok_ = true;
};

}  // namespace bench
