#include "websocket.h"

#include "bytes.h"

namespace bench {

namespace {

/** Masks need to differ from frame to frame, not to withstand an attacker: nobody stands between us and loopback. */
uint32_t nextMask() {
  static uint32_t state = 0x9e3779b9;
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return state;
}

}  // namespace

void appendWsFrame(std::string& out, Opcode opcode, std::string_view payload) {
  append(out, 0x80 | static_cast<uint8_t>(opcode), 1);
  if (payload.size() < 126) append(out, 0x80 | payload.size(), 1);
  else if (payload.size() < 65536) append(out, 0x80 | 126, 1), append(out, payload.size(), 2);
  else append(out, 0x80 | 127, 1), append(out, payload.size(), 8);
  char mask[4];
  store32(mask, nextMask());
  out.append(mask, 4);
  const size_t start = out.size();
  out.append(payload);
  for (size_t i = 0; i < payload.size(); i++) out[start + i] = static_cast<char>(out[start + i] ^ mask[i & 3]);
}

std::string wsUpgradeRequest(std::string_view host, std::string_view path) {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  request.append("Sec-WebSocket-Key: aW1nYXRlLWJlbmNoLTAwMQ==\r\n\r\n");
  return request;
}

}  // namespace bench
