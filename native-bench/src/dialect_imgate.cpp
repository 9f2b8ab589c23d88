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

// The target is the first field: the bare servers read it there.
std::string roomChatFrame(Format format, uint64_t rid, uint32_t seq, std::string_view text) {
  std::string frame;
  FrameWriter writer(frame, format, Command::ROOM_CHAT, seq, 3);
  writer.integer("rid", rid);
  writer.integer("level", 1);
  writer.text("text", text);
  writer.finish();
  return frame;
}

std::string chatFrame(Format format, uint64_t duid, uint32_t seq, std::string_view text) {
  std::string frame;
  FrameWriter writer(frame, format, Command::CHAT, seq, 3);
  writer.integer("duid", duid);
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
        if (member.roomOf(message.rid) == nullptr) return member.note(Fault::MALFORMED, "message of another room");
        return member.deliver(unit, message);
      case Command::CHAT:
        return member.deliverPrivate(unit, message);
      case Command::ROOM_CHAT_ACK:
      case Command::CHAT_ACK:
        return member.acked(message);
      case Command::ONLINE_ACK:
        if (member.isReady()) return;
        if (message.code != 0) return member.lose(Fault::CONNECT, "ONLINE: " + codeOf(message));
        if (message.uid != 0 && message.uid != member.uid) return member.lose(Fault::CONNECT, "ONLINE-ACK names another uid");
        if (member.rooms().empty()) return member.ready();
        for (const Membership& room : member.rooms()) join(member, room.rid);
        return;
      case Command::ROOM_JOIN_ACK:
        if (message.code != 0) return member.lose(Fault::CONNECT, "ROOM-JOIN: " + codeOf(message));
        return member.joined(message.rid, message.gid);
      case Command::ROOM_QUIT_ACK:
        if (message.code != 0) return member.note(Fault::REFUSED, "ROOM-QUIT: " + codeOf(message));
        return member.left(message.rid);
      case Command::KICK:
        return member.lose(message.code == kCodeBusy ? Fault::SLOW_CONSUMER : Fault::KICK, "KICK " + codeOf(message));
      case Command::ERROR:
        return member.note(Fault::ERROR_FRAME, "ERROR " + codeOf(message));
      default:
        return;  // PONG, notices, counts
    }
  }

  void publish(Member& member, uint64_t rid, uint32_t seq, std::string_view text) const override {
    member.say(roomChatFrame(format(), rid, seq, text));
  }
  bool hasManyRooms() const override { return true; }
  bool hasPrivateChat() const override { return true; }
  void chat(Member& member, uint64_t duid, uint32_t seq, std::string_view text) const override {
    member.say(chatFrame(format(), duid, seq, text));
  }
  void join(Member& member, uint64_t rid) const override { say(member, Command::ROOM_JOIN, rid); }
  void quit(Member& member, uint64_t rid) const override { say(member, Command::ROOM_QUIT, rid); }

  std::string pushTarget(uint64_t rid) const override {
    return "/im/push?dim=room&rid=" + std::to_string(rid) + "&expire=0";
  }

  void keepAlive(Member& member) const override {
    std::string frame;
    FrameWriter(frame, format(), Command::PING, 0, 0).finish();
    member.say(frame);
  }

 private:
  void say(Member& member, Command command, uint64_t rid) const {
    std::string frame;
    FrameWriter writer(frame, format(), command, 2, 2);
    writer.integer("uid", member.uid);
    writer.integer("rid", rid);
    writer.finish();
    member.say(frame);
  }

  const Transport transport_;
};

/** No sign-in, no ACK, the rooms (for private chat: the own uid) are in the address; a PING frame would be republished, so there is none. */
class BareDialect final : public Dialect {
 public:
  const char* name() const override { return "bare"; }
  Opcode opcode() const override { return Opcode::BINARY; }
  std::string path(const Member& member) const override {
    std::string path = "/im/ws?room=";
    if (member.rooms().empty()) return path + std::to_string(member.uid) + "&private=1";
    for (const Membership& room : member.rooms()) path.append(path.back() == '=' ? "" : ",").append(std::to_string(room.rid));
    return path;
  }
  void open(Member& member) const override { member.ready(); }
  Unit next(const uint8_t* p, size_t n) const override { return nextBinary(p, n); }
  void take(Member& member, const Unit& unit) const override {
    Message message;
    if (!decodeBinary(unit.bytes, unit.size, message)) return member.lose(Fault::MALFORMED, "broken frame");
    if (message.command == Command::CHAT) return member.deliverPrivate(unit, message);
    member.deliver(unit, message);
  }
  void publish(Member& member, uint64_t rid, uint32_t seq, std::string_view text) const override {
    member.say(roomChatFrame(Format::BINARY, rid, seq, text));
  }
  bool hasManyRooms() const override { return true; }
  bool hasPrivateChat() const override { return true; }
  void chat(Member& member, uint64_t duid, uint32_t seq, std::string_view text) const override {
    member.say(chatFrame(Format::BINARY, duid, seq, text));
  }
  std::string pushTarget(uint64_t rid) const override {
    return "/im/push?dim=room&rid=" + std::to_string(rid) + "&expire=0";
  }
  bool deliversPushes() const override { return false; }
};

}  // namespace

std::unique_ptr<Dialect> makeImgateDialect(Transport transport) { return std::make_unique<ImgateDialect>(transport); }
std::unique_ptr<Dialect> makeBareDialect() { return std::make_unique<BareDialect>(); }

}  // namespace bench
