// Socket.IO 4 over WebSocket (Engine.IO 4, Socket.IO 5 on the wire), text packets only.
//   server 0{...}           client 40           server 40{"sid":...}      server 2, client 3: heartbeat
//   either 42["m","TEXT"]   The text of a payload needs no escape, so a packet is read by its ends.
#include "dialect.h"
#include "member.h"

namespace bench {

namespace {

constexpr std::string_view kEvent = "42[\"m\",\"";
constexpr std::string_view kEventEnd = "\"]";

bool startsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

class SocketIoDialect final : public Dialect {
 public:
  const char* name() const override { return "socketio"; }
  // The room travels with the address, so that joining costs no round trip that imgate would not need.
  std::string path(const Member& member) const override {
    return "/socket.io/?EIO=4&transport=websocket&room=" + std::to_string(member.rooms().at(0).rid);
  }
  void open(Member&) const override {}  // the server speaks first

  void take(Member& member, const Unit& unit) const override {
    const std::string_view text = unit.text();
    if (startsWith(text, kEvent) && text.size() >= kEvent.size() + kEventEnd.size()) {
      Message message;
      message.text = text.substr(kEvent.size(), text.size() - kEvent.size() - kEventEnd.size());
      return member.deliver(unit, message);
    }
    if (text == "2") return member.say("3");
    if (startsWith(text, "0")) return member.say("40");
    if (startsWith(text, "40")) return member.isReady() ? void() : member.ready();
    if (startsWith(text, "44")) return member.lose(Fault::CONNECT, std::string(text));
    if (text == "1" || startsWith(text, "41")) return member.lose(Fault::CLOSED, "disconnected by the server");
    member.lose(Fault::MALFORMED, "unexpected packet " + std::string(text.substr(0, 40)));
  }

  void publish(Member& member, uint64_t, uint32_t, std::string_view text) const override {
    member.say(std::string(kEvent).append(text).append(kEventEnd));
  }
};

}  // namespace

std::unique_ptr<Dialect> makeSocketIoDialect() { return std::make_unique<SocketIoDialect>(); }

}  // namespace bench
