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
// The gateway's WebSocket close code for a client that reads too slowly.
constexpr uint16_t kCloseSlowConsumer = 4001;
}  // namespace

Member::Member(MemberContext& context, MemberListener& listener, const Dialect& dialect, uint64_t uid,
               const std::vector<uint64_t>& rids)
    : uid(uid), context_(context), listener_(listener), dialect_(dialect), socket_(context.loop, this) {
  for (const uint64_t rid : rids) rooms_.push_back({rid, nullptr, {}});
}

void Member::connect(uint32_t source) {
  state_ = State::CONNECTING;
  connectNs_ = context_.loop.readTime();
  if (!socket_.connect(ticket.address, source)) lose(Fault::CONNECT, std::strerror(errno));
}

void Member::hangUp() {
  if (!isReady()) return;
  socket_.close();
  leaveAll();
  rest_.clear();
  state_ = State::NEW;
}

void Member::leaveAll() {
  only_ = nullptr;
  for (Membership& room : rooms_) {
    if (room.audience == nullptr) continue;
    context_.meter.forgiven += room.audience->owedTo(room.place);
    room.audience->leave(room.place, context_.loop.now());
    room.audience = nullptr;
    room.place = {};
  }
}

void Member::onConnected() {
  if (const int error = socket_.connectResult(); error != 0) return lose(Fault::CONNECT, std::strerror(error));
  context_.meter.connected(context_.loop.readTime() - connectNs_);
  if (isStream()) return open();
  state_ = State::UPGRADING;
  sendRaw(wsUpgradeRequest(context_.host, dialect_.path(*this)));
}

void Member::open() {
  state_ = State::OPENING;
  dialect_.open(*this);
}

void Member::ready() {
  for (Membership& room : rooms_) {
    if (room.audience == nullptr) joined(room.rid, 0);
  }
  if (state_ == State::OPENING) isNowReady();  // it has no rooms
}

void Member::enter(uint64_t rid) {
  rooms_.push_back({rid, nullptr, {}});
  findOnly();
  dialect_.join(*this, rid);
}

void Member::joined(uint64_t rid, uint64_t gid) {
  Membership* const room = roomOf(rid);
  if (room == nullptr) return note(Fault::MALFORMED, "joined a room that it did not ask for");
  if (room->audience != nullptr) return;
  room->audience = &listener_.audienceOf(rid, gid);
  room->audience->join(room->place);
  findOnly();
  if (state_ != State::OPENING) return;
  for (const Membership& other : rooms_) {
    if (other.audience == nullptr) return;
  }
  isNowReady();
}

void Member::isNowReady() {
  state_ = State::READY;
  context_.meter.signIn.record(context_.loop.now() - connectNs_);
  listener_.onReady(*this);
}

void Member::left(uint64_t rid) {
  Membership* const room = roomOf(rid);
  if (room == nullptr) return;
  if (room->audience != nullptr) room->audience->leave(room->place, context_.loop.now());
  rooms_.erase(rooms_.begin() + (room - rooms_.data()));
  findOnly();
}

void Member::findOnly() { only_ = rooms_.size() == 1 && rooms_[0].audience != nullptr ? rooms_.data() : nullptr; }

Membership* Member::roomOf(uint64_t rid) {
  for (Membership& room : rooms_) {
    if (room.rid == rid) return &room;
  }
  return nullptr;
}

void Member::deliver(const Unit& unit, const Message& message) {
  // What comes while the member is on its way in was not meant to be measured.
  Membership* const room = only_ != nullptr ? only_ : roomOf(message.rid);
  if (room == nullptr) return note(Fault::MALFORMED, "message of another room");
  if (room->audience != nullptr) room->audience->deliver(room->place, dialect_.format(), unit.bytes, unit.size, message, unit.now);
}

void Member::acked(const Message& ack) {
  context_.meter.acks++;
  if (ack.code != 0) {
    note(ack.code == kCodeBusy ? Fault::BUSY : Fault::REFUSED,
         "chat: code " + std::to_string(ack.code) + " " + std::string(ack.errmsg));
    // A refusal need not say where; a member of one room knows.
    Membership* const room = only_ != nullptr ? only_ : roomOf(ack.rid);
    if (ack.command == Command::CHAT_ACK) context_.meter.forgiven++;
    else if (room != nullptr && room->audience != nullptr) context_.meter.forgiven += room->audience->refuse();
  }
  listener_.onChatAck(*this, ack);
}

void Member::note(Fault fault, const std::string& why) {
  context_.faults.note(fault, std::string(dialect_.name()) + " member " + std::to_string(uid) + ": " + why);
}

void Member::lose(Fault fault, const std::string& why) {
  if (state_ == State::CLOSED) return;
  const bool wasReady = state_ == State::READY;
  note(wasReady ? fault : Fault::CONNECT, why);
  state_ = State::CLOSED;
  socket_.close();
  leaveAll();
  listener_.onLost(*this);
}

void Member::keepAlive(Nanos before) {
  if (isReady() && lastSentNs_ <= before) dialect_.keepAlive(*this);
}

void Member::say(std::string_view unit) {
  if (isStream()) return sendRaw(unit);
  context_.scratch.clear();
  appendWsFrame(context_.scratch, dialect_.opcode(), unit);
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
    if (isStream()) {
      context_.meter.frames++;
      used += takeUnits(p + used, n - used, now);
    } else used += takeWebSocket(p + used, n - used, now);
  }
  if (state_ == State::CLOSED) return;
  if (n - used > kFrameBytesMax) return lose(Fault::MALFORMED, "a unit without end");
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
  open();
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
  if (frame.opcode == dialect_.opcode() && frame.final) {
    context_.meter.frames++;
    if (takeUnits(frame.payload, frame.payloadBytes, now) < frame.payloadBytes) {
      lose(Fault::MALFORMED, "a WebSocket message ends within a unit");
    }
  } else if (frame.opcode == Opcode::PING) {
    std::string pong;
    appendWsFrame(pong, Opcode::PONG, asText(frame.payload, frame.payloadBytes));
    sendRaw(pong);
  } else if (frame.opcode == Opcode::CLOSE) {
    std::string why = "close frame";
    Fault fault = Fault::CLOSED;
    if (frame.payloadBytes >= 2) {
      if (load16(frame.payload) == kCloseSlowConsumer) fault = Fault::SLOW_CONSUMER;
      why += " " + std::to_string(load16(frame.payload)) + " ";
      why.append(asText(frame.payload + 2, frame.payloadBytes - 2));
    }
    lose(fault, why);
  } else if (frame.opcode != Opcode::PONG) {
    lose(Fault::MALFORMED, "unexpected WebSocket opcode " + std::to_string(static_cast<int>(frame.opcode)));
  }
}

/** @returns bytes of whole units taken. */
size_t Member::takeUnits(const uint8_t* p, size_t n, Nanos now) {
  size_t used = 0;
  while (state_ != State::CLOSED) {
    if (only_ != nullptr) used += only_->audience->advance(only_->place, dialect_.format(), p + used, n - used, now);
    if (used == n) break;
    Unit unit = dialect_.next(p + used, n - used);
    if (unit.broken) return lose(Fault::MALFORMED, "bytes out of frame"), n;
    if (unit.whole == 0) break;
    unit.now = now;
    dialect_.take(*this, unit);
    used += unit.whole;
  }
  return used;
}

}  // namespace bench
