// imgate itself, and the bare servers that republish its binary frames without looking into them.
#include <cstring>

#include "dialect.h"
#include "member.h"

namespace bench {

namespace {

std::string codeOf(const Message& message) { return "code " + std::to_string(message.code) + " " + std::string(message.errmsg); }

Unit nextBinary(const uint8_t* p, size_t n) {
  const size_t bytes = binaryFrameSize(p, n);
  return bytes > n ? Unit{} : Unit{p, bytes, bytes};
}

std::string chatFrame(const Member& member, Format format, uint32_t seq, std::string_view text) {
  std::string frame;
  FrameWriter writer(frame, format, Command::ROOM_CHAT, seq, 3);
  writer.integer("rid", member.rid);
  writer.integer("level", 1);
  writer.text("text", text);
  writer.finish();
  return frame;
}

class ImgateDialect final : public Dialect {
 public:
  explicit ImgateDialect(Transport transport) : transport_(transport) {}

  const char* name() const override {
    return transport_ == Transport::WS_BINARY ? "ws-binary" : transport_ == Transport::WS_JSON ? "ws-json" : "tcp";
  }
  bool isStream() const override { return transport_ == Transport::TCP; }
  Opcode opcode() const override { return transport_ == Transport::WS_JSON ? Opcode::TEXT : Opcode::BINARY; }
  Format format() const override { return transport_ == Transport::WS_JSON ? Format::JSON : Format::BINARY; }

  void open(Member& member) const override {
    std::string frame;
    FrameWriter writer(frame, format(), Command::ONLINE, 1, 5);
    writer.integer("uid", member.uid);
    writer.integer("sid", member.ticket.sid);
    writer.text("token", member.ticket.token);
    writer.text("app", "imgate-bench");
    writer.text("version", "1");
    writer.finish();
    member.say(frame);
  }

  Unit next(const uint8_t* p, size_t n) const override {
    if (format() == Format::BINARY) return nextBinary(p, n);
    // The last line of a WebSocket message needs no line end.
    const void* lineEnd = std::memchr(p, '\n', n);
    const size_t bytes = lineEnd == nullptr ? n : static_cast<size_t>(static_cast<const uint8_t*>(lineEnd) - p);
    return {p, bytes, lineEnd == nullptr ? n : bytes + 1};
  }

  void take(Member& member, const Unit& unit) const override {
    Message message;
    const bool isCommand =
        format() == Format::JSON ? decodeJson(unit.text(), message) : decodeBinary(unit.bytes, unit.size, message);
    if (!isCommand) return member.lose(Fault::MALFORMED, "broken frame");
    switch (message.command) {
      case Command::ROOM_CHAT:
      case Command::ROOM_BC:
        if (message.rid != member.rid) return member.note(Fault::MALFORMED, "message of another room");
        return member.deliver(unit, message);
      case Command::ROOM_CHAT_ACK:
        return member.acked(message);
      case Command::ONLINE_ACK:
        if (member.isReady()) return;
        if (message.code != 0) return member.lose(Fault::CONNECT, "ONLINE: " + codeOf(message));
        if (message.uid != 0 && message.uid != member.uid) return member.lose(Fault::CONNECT, "ONLINE-ACK names another uid");
        return join(member);
      case Command::ROOM_JOIN_ACK:
        if (member.isReady()) return;
        return message.code == 0 ? member.ready(message.gid) : member.lose(Fault::CONNECT, "ROOM-JOIN: " + codeOf(message));
      case Command::KICK:
        return member.lose(Fault::KICK, "KICK " + codeOf(message));
      case Command::ERROR:
        return member.note(Fault::ERROR_FRAME, "ERROR " + codeOf(message));
      default:
        return;  // PONG, notices, counts
    }
  }

  void publish(Member& member, uint32_t seq, std::string_view text) const override {
    member.say(chatFrame(member, format(), seq, text));
  }

  std::string pushTarget(uint64_t rid) const override {
    return "/im/push?dim=room&rid=" + std::to_string(rid) + "&expire=0";
  }

  void keepAlive(Member& member) const override {
    std::string frame;
    FrameWriter(frame, format(), Command::PING, 0, 0).finish();
    member.say(frame);
  }

 private:
  void join(Member& member) const {
    std::string frame;
    FrameWriter writer(frame, format(), Command::ROOM_JOIN, 2, 2);
    writer.integer("uid", member.uid);
    writer.integer("rid", member.rid);
    writer.finish();
    member.say(frame);
  }

  const Transport transport_;
};

/** No sign-in, no ACK, the room is in the address; a PING frame would be republished, so there is none. */
class BareDialect final : public Dialect {
 public:
  const char* name() const override { return "bare"; }
  Opcode opcode() const override { return Opcode::BINARY; }
  std::string path(const Member& member) const override { return "/im/ws?room=" + std::to_string(member.rid); }
  void open(Member& member) const override { member.ready(0); }
  Unit next(const uint8_t* p, size_t n) const override { return nextBinary(p, n); }
  void take(Member& member, const Unit& unit) const override {
    Message message;
    if (!decodeBinary(unit.bytes, unit.size, message)) return member.lose(Fault::MALFORMED, "broken frame");
    member.deliver(unit, message);
  }
  void publish(Member& member, uint32_t seq, std::string_view text) const override {
    member.say(chatFrame(member, Format::BINARY, seq, text));
  }
};

}  // namespace

std::unique_ptr<Dialect> makeImgateDialect(Transport transport) { return std::make_unique<ImgateDialect>(transport); }
std::unique_ptr<Dialect> makeBareDialect() { return std::make_unique<BareDialect>(); }

}  // namespace bench
