// WebSocket framing (RFC 6455), the client's side: masked out, unmasked and unfragmented in.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

enum class Opcode : uint8_t { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

struct WsFrame {
  Opcode opcode = Opcode::BINARY;
  bool final = true;
  const uint8_t* payload = nullptr;
  size_t payloadBytes = 0;
  size_t wholeBytes = 0;  // header and payload
};

enum class WsParse { FRAME, INCOMPLETE, BROKEN };

/** Reads the frame at the start of `p` in place. */
inline WsParse parseWsFrame(const uint8_t* p, size_t n, WsFrame& frame);

/** Appends one masked message to `out`. */
void appendWsFrame(std::string& out, Opcode opcode, std::string_view payload);

std::string wsUpgradeRequest(std::string_view host, std::string_view path);

// In the header, because every received message passes through it.
inline WsParse parseWsFrame(const uint8_t* p, size_t n, WsFrame& frame) {
  if (n < 2) return WsParse::INCOMPLETE;
  // A server never masks; no extension was asked for, so no reserved bit may be set.
  if ((p[0] & 0x70) != 0 || (p[1] & 0x80) != 0) return WsParse::BROKEN;
  size_t header = 2;
  uint64_t bytes = p[1];
  if (bytes >= 126) {
    const int width = bytes == 126 ? 2 : 8;
    header = static_cast<size_t>(2 + width);
    if (n < header) return WsParse::INCOMPLETE;
    bytes = 0;
    for (int i = 0; i < width; i++) bytes = bytes << 8 | p[2 + i];
  }
  if (n - header < bytes) return WsParse::INCOMPLETE;
  frame = {static_cast<Opcode>(p[0] & 15), (p[0] & 0x80) != 0, p + header, bytes, header + bytes};
  return WsParse::FRAME;
}

}  // namespace bench
