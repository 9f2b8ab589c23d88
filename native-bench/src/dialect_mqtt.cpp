// MQTT 3.1.1 over TCP, QoS 0: CONNECT, SUBSCRIBE, PUBLISH, PINGREQ and their answers.
//   packet: type and flags, 1 byte | remaining length, 1 to 4 bytes of 7 bits, lowest first | that many bytes
#include "bytes.h"
#include "dialect.h"
#include "member.h"

namespace bench {

namespace {

enum Packet : uint8_t { CONNECT = 0x10, CONNACK = 0x20, PUBLISH = 0x30, SUBSCRIBE = 0x82, SUBACK = 0x90, PINGREQ = 0xc0, PINGRESP = 0xd0 };
constexpr uint64_t kKeepAliveSeconds = 120;
constexpr uint64_t kCleanSession = 2;
constexpr int kLengthBytesMax = 4;

struct Header {
  size_t bytes = 0;  // 0: not complete yet
  size_t remaining = 0;
  bool broken = false;
};

Header readHeader(const uint8_t* p, size_t n) {
  Header header;
  for (size_t i = 1; i < n; i++) {
    if (i > kLengthBytesMax) return header.broken = true, header;
    header.remaining |= static_cast<size_t>(p[i] & 127) << (7 * (i - 1));
    if ((p[i] & 128) == 0) return header.bytes = i + 1, header;
  }
  return header;
}

std::string packet(uint8_t type, std::string_view body) {
  std::string out(1, static_cast<char>(type));
  size_t left = body.size();
  do {
    out.push_back(static_cast<char>((left & 127) | (left > 127 ? 128 : 0)));
    left >>= 7;
  } while (left > 0);
  return out.append(body);
}

void appendText(std::string& out, std::string_view text) {
  append(out, text.size(), 2);
  out.append(text);
}

std::string topicOf(const Member& member) { return "room/" + std::to_string(member.rooms().at(0).rid); }

class MqttDialect final : public Dialect {
 public:
  const char* name() const override { return "mosquitto"; }
  bool isStream() const override { return true; }

  void open(Member& member) const override {
    std::string body;
    appendText(body, "MQTT");
    append(body, 4, 1);  // protocol level of 3.1.1
    append(body, kCleanSession, 1);
    append(body, kKeepAliveSeconds, 2);
    appendText(body, "bench-" + std::to_string(member.uid));
    member.say(packet(CONNECT, body));
  }

  Unit next(const uint8_t* p, size_t n) const override {
    const Header header = readHeader(p, n);
    const size_t bytes = header.bytes + header.remaining;
    Unit unit;
    if (header.broken) return unit.broken = true, unit;
    return header.bytes == 0 || bytes > n ? unit : Unit{p, bytes, bytes};
  }

  void take(Member& member, const Unit& unit) const override {
    const size_t start = readHeader(unit.bytes, unit.size).bytes;
    const uint8_t* body = unit.bytes + start;
    const size_t n = unit.size - start;
    switch (unit.bytes[0]) {
      case PUBLISH: {  // retained, repeated or of another QoS would be another type byte: none of that was asked for
        if (n < 2 || n < 2u + load16(body)) return member.lose(Fault::MALFORMED, "PUBLISH ends within its topic");
        Message message;
        message.text = asText(body + 2 + load16(body), n - 2 - load16(body));
        return member.deliver(unit, message);
      }
      case CONNACK:
        if (n < 2 || body[1] != 0) return member.lose(Fault::CONNECT, "CONNACK refuses");
        return subscribe(member);
      case SUBACK:
        if (n < 3 || body[2] != 0) return member.lose(Fault::CONNECT, "SUBACK refuses");
        return member.isReady() ? void() : member.ready();
      case PINGRESP:
        return;
      default:
        member.lose(Fault::MALFORMED, "unexpected packet type " + std::to_string(unit.bytes[0]));
    }
  }

  void publish(Member& member, uint64_t, uint32_t, std::string_view text) const override {
    std::string body;
    appendText(body, topicOf(member));
    member.say(packet(PUBLISH, body.append(text)));
  }

  void keepAlive(Member& member) const override { member.say(packet(PINGREQ, "")); }

 private:
  static void subscribe(Member& member) {
    std::string body;
    append(body, 1, 2);  // packet identifier
    appendText(body, topicOf(member));
    append(body, 0, 1);  // QoS 0
    member.say(packet(SUBSCRIBE, body));
  }
};

}  // namespace

std::unique_ptr<Dialect> makeMqttDialect() { return std::make_unique<MqttDialect>(); }

}  // namespace bench
