// The frame codec: one command in either of the two formats.
//   binary:  u32 length (of what follows) | u16 command | u16 flags | u32 seq | MessagePack map     big-endian
//   JSON:    {"cmd":"ROOM-CHAT","seq":7,"body":{...}}, several in one text message parted by \n
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "command.h"

namespace bench {

enum class Format : uint8_t { BINARY, JSON };
constexpr int kFormats = 2;

constexpr size_t kFrameHeader = 12;

/** What came in one frame: every field that any scenario looks at, absent ones zero. Views point into the input. */
struct Message {
  Command command = Command::UNKNOWN;
  uint32_t seq = 0;
  uint64_t uid = 0, suid = 0, duid = 0, rid = 0, gid = 0, msgid = 0, code = 0;
  std::string_view text, data, errmsg;
};

/** Bytes of the first binary frame in `p`, header included; 0 when the header is not complete yet. */
size_t binaryFrameSize(const uint8_t* p, size_t n);

/** @returns false when the bytes are not a command; `message` is then of no use. */
bool decodeBinary(const uint8_t* p, size_t n, Message& message);
bool decodeJson(std::string_view line, Message& message);

/** Writes one command, field by field, in the format of the session. The field count must be right: MessagePack
 *  announces it. Appends to `out`. */
class FrameWriter {
 public:
  FrameWriter(std::string& out, Format format, Command command, uint32_t seq, uint32_t fields);
  void text(std::string_view name, std::string_view value);
  void integer(std::string_view name, uint64_t value);
  void finish();

 private:
  void jsonName(std::string_view name);

  std::string& out_;
  const Format format_;
  const size_t start_;
  bool first_ = true;
};

}  // namespace bench
