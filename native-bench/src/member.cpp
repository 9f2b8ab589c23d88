#include "member.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "bytes.h"

namespace bench {

namespace {
// One recv empties a socket in all but the worst congestion; the buffer stays in the cache at usual sizes.
constexpr size_t kReadBytes = 256 * 1024;
// No gateway sends a single message of this size; longer means that the framing is lost.
constexpr size_t kFrameBytesMax = 64 * 1024 * 1024;
}  // namespace

void Member::connect(uint32_t source) {
  state_ = State::CONNECTING;
  if (!socket_.connect(ticket.address, source)) lose(Fault::CONNECT, std::strerror(errno));
}

void Member::onConnected() {
  if (const int error = socket_.connectResult(); error != 0) return lose(Fault::CONNECT, std::strerror(error));
  if (transport == Transport::TCP) return signIn();
  state_ = State::UPGRADING;
  sendRaw(wsUpgradeRequest(context_.host, "/im/ws"));
}

void Member::signIn() {
  state_ = State::SIGNING_IN;
  std::string frame;
  FrameWriter writer(frame, format(), Command::ONLINE, 1, 5);
  writer.integer("uid", uid);
  writer.integer("sid", ticket.sid);
  writer.text("token", ticket.token);
  writer.text("app", "imgate-bench");
  writer.text("version", "1");
  writer.finish();
  send(frame);
}

void Member::join() {
  state_ = State::JOINING;
  std::string frame;
  FrameWriter writer(frame, format(), Command::ROOM_JOIN, 2, 2);
  writer.integer("uid", uid);
  writer.integer("rid", rid);
  writer.finish();
  send(frame);
}

void Member::ready(uint64_t gid) {
  state_ = State::READY;
  audience_ = &listener_.audienceOf(rid, gid);
  audience_->join(place_);
  listener_.onReady(*this);
}

void Member::lose(Fault fault, const std::string& why) {
  if (state_ == State::CLOSED) return;
  const bool wasReady = state_ == State::READY;
  context_.faults.note(wasReady ? fault : Fault::CONNECT, name() + ": " + why);
  state_ = State::CLOSED;
  socket_.close();
  if (wasReady) audience_->leave(place_, context_.loop.now());
  listener_.onLost(*this);
}

void Member::chat(uint32_t seq, std::string_view text) {
  static std::string frame;
  frame.clear();
  FrameWriter writer(frame, format(), Command::ROOM_CHAT, seq, 3);
  writer.integer("rid", rid);
  writer.integer("level", 1);
  writer.text("text", text);
  writer.finish();
  send(frame);
}

void Member::keepAlive(Nanos before) {
  // A bare server would republish a PING frame to the room; it sends WebSocket pings itself, which we answer.
  if (!isReady() || context_.bare || lastSentNs_ > before) return;
  std::string frame;
  FrameWriter(frame, format(), Command::PING, 0, 0).finish();
  send(frame);
}

void Member::send(std::string_view frame) {
  if (transport == Transport::TCP) return sendRaw(frame);
  context_.scratch.clear();
  appendWsFrame(context_.scratch, transport == Transport::WS_JSON ? Opcode::TEXT : Opcode::BINARY, frame);
  sendRaw(context_.scratch);
}

void Member::sendRaw(std::string_view bytes) {
  lastSentNs_ = context_.loop.now();
  if (state_ != State::CLOSED && !socket_.send(bytes)) lose(Fault::CLOSED, std::strerror(errno));
}

void Member::onEvents(uint32_t events) {
  if (state_ == State::CLOSED) return;
  if (state_ == State::CONNECTING) return onConnected();
  if ((events & EPOLLOUT) != 0 && !socket_.flush()) return lose(Fault::CLOSED, std::strerror(errno));
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read();
}

void Member::read() {
  std::vector<uint8_t>& buffer = context_.received;
  const size_t kept = rest_.size();
  if (buffer.size() < kept + kReadBytes) buffer.resize(kept + kReadBytes);
  std::memcpy(buffer.data(), rest_.data(), kept);
  const ssize_t got = recv(socket_.fd(), buffer.data() + kept, kReadBytes, 0);
  // The time of a delivery is the time at which its bytes are here, before any work on them.
  const Nanos now = context_.loop.readTime();
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return lose(Fault::CLOSED, got == 0 ? "closed by the server" : std::strerror(errno));

  const size_t n = kept + static_cast<size_t>(got);
  context_.meter.bytes += static_cast<size_t>(got);
  const uint8_t* p = buffer.data();
  size_t used = 0;
  if (state_ == State::UPGRADING) used = takeUpgrade(p, n);
  if (state_ != State::UPGRADING) {
    if (transport == Transport::TCP) {
      context_.meter.frames++;
      used += takeBinary(p + used, n - used, now);
    } else used += takeWebSocket(p + used, n - used, now);
  }
  if (state_ == State::CLOSED) return;
  if (n - used > kFrameBytesMax) return lose(Fault::MALFORMED, "a frame without end");
  if (kept != 0 || used != n) rest_.assign(reinterpret_cast<const char*>(p + used), n - used);
}

size_t Member::takeUpgrade(const uint8_t* p, size_t n) {
  const std::string_view text = asText(p, n);
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  if (text.substr(0, 12) != "HTTP/1.1 101") {
    lose(Fault::CONNECT, "upgrade refused: " + std::string(text.substr(0, text.find('\r'))));
    return n;
  }
  if (context_.bare) ready(0);
  else signIn();
  return end + 4;
}

size_t Member::takeWebSocket(const uint8_t* p, size_t n, Nanos now) {
  size_t used = 0;
  WsFrame frame;
  while (used < n && state_ != State::CLOSED) {
    const WsParse parsed = parseWsFrame(p + used, n - used, frame);
    if (parsed == WsParse::INCOMPLETE) break;
    if (parsed == WsParse::BROKEN) return lose(Fault::MALFORMED, "broken WebSocket frame"), n;
    takeWsFrame(frame, now);
    used += frame.wholeBytes;
  }
  return used;
}

void Member::takeWsFrame(const WsFrame& frame, Nanos now) {
  const Opcode data = transport == Transport::WS_JSON ? Opcode::TEXT : Opcode::BINARY;
  if (frame.opcode == data && frame.final) {
    context_.meter.frames++;
    if (data == Opcode::TEXT) return takeJson(frame.payload, frame.payloadBytes, now);
    if (takeBinary(frame.payload, frame.payloadBytes, now) < frame.payloadBytes) {
      lose(Fault::MALFORMED, "a WebSocket message ends within a frame");
    }
  } else if (frame.opcode == Opcode::PING) {
    std::string pong;
    appendWsFrame(pong, Opcode::PONG, asText(frame.payload, frame.payloadBytes));
    sendRaw(pong);
  } else if (frame.opcode == Opcode::CLOSE) {
    std::string why = "close frame";
    if (frame.payloadBytes >= 2) {
      why += " " + std::to_string(load16(frame.payload)) + " ";
      why.append(asText(frame.payload + 2, frame.payloadBytes - 2));
    }
    lose(Fault::CLOSED, why);
  } else if (frame.opcode != Opcode::PONG) {
    lose(Fault::MALFORMED, "unexpected WebSocket opcode " + std::to_string(static_cast<int>(frame.opcode)));
  }
}

/** @returns bytes of whole frames taken. */
size_t Member::takeBinary(const uint8_t* p, size_t n, Nanos now) {
  size_t used = 0;
  while (state_ != State::CLOSED) {
    if (audience_ != nullptr) used += audience_->advance(place_, Format::BINARY, p + used, n - used, now);
    const size_t bytes = binaryFrameSize(p + used, n - used);
    if (bytes == 0 || bytes > n - used) break;
    Message message;
    if (!decodeBinary(p + used, bytes, message)) return lose(Fault::MALFORMED, "broken binary frame"), n;
    take(message, p + used, bytes, now);
    used += bytes;
  }
  return used;
}

void Member::takeJson(const uint8_t* p, size_t n, Nanos now) {
  size_t used = 0;
  while (state_ != State::CLOSED) {
    if (audience_ != nullptr) used += audience_->advance(place_, Format::JSON, p + used, n - used, now);
    if (used >= n) return;
    const void* lineEnd = std::memchr(p + used, '\n', n - used);
    const size_t bytes = lineEnd == nullptr ? n - used : static_cast<size_t>(static_cast<const uint8_t*>(lineEnd) - p) - used;
    Message message;
    if (!decodeJson(asText(p + used, bytes), message)) return lose(Fault::MALFORMED, "broken JSON frame");
    take(message, p + used, bytes, now);
    used += bytes + 1;
  }
}

void Member::take(const Message& message, const uint8_t* frame, size_t bytes, Nanos now) {
  switch (message.command) {
    case Command::ROOM_CHAT:
    case Command::ROOM_BC:
      if (audience_ == nullptr) return;
      if (message.rid != rid) return context_.faults.note(Fault::MALFORMED, name() + ": message of another room");
      return audience_->deliver(place_, format(), frame, bytes, message, now);
    case Command::ROOM_CHAT_ACK:
      context_.meter.acks++;
      if (message.code != 0) {
        context_.faults.note(Fault::REFUSED, "chat: code " + std::to_string(message.code) + " " + std::string(message.errmsg));
      }
      return listener_.onChatAck(*this, message);
    case Command::ONLINE_ACK:
      if (state_ != State::SIGNING_IN) return;
      if (message.code == 0 && message.uid != 0 && message.uid != uid) return lose(Fault::CONNECT, "ONLINE-ACK names another uid");
      return message.code == 0 ? join() : lose(Fault::CONNECT, "ONLINE: code " + std::to_string(message.code) + " " + std::string(message.errmsg));
    case Command::ROOM_JOIN_ACK:
      if (state_ != State::JOINING) return;
      return message.code == 0 ? ready(message.gid) : lose(Fault::CONNECT, "ROOM-JOIN: code " + std::to_string(message.code) + " " + std::string(message.errmsg));
    case Command::KICK:
      return lose(Fault::KICK, "KICK " + std::to_string(message.code) + " " + std::string(message.errmsg));
    case Command::ERROR:
      return context_.faults.note(Fault::ERROR_FRAME, name() + ": ERROR " + std::to_string(message.code) + " " + std::string(message.errmsg));
    default:
      return;  // PONG, notices, counts
  }
}

std::string Member::name() const {
  constexpr const char* kNames[] = {"ws-binary", "ws-json", "tcp"};
  return std::string(kNames[static_cast<int>(transport)]) + " member " + std::to_string(uid);
}

}  // namespace bench
