// The NATS client protocol: lines ending in \r\n, and after PUB and MSG the announced bytes with another \r\n.
// Every member takes subscription id 1, so that a message is the same bytes for all of them.
#include <cstdlib>
#include <cstring>

#include "dialect.h"
#include "member.h"

namespace bench {

namespace {

constexpr size_t kLineBytesMax = 64 * 1024;  // INFO is the longest, a few hundred bytes

bool startsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

std::string subjectOf(const Member& member) { return "room." + std::to_string(member.rooms().at(0).rid); }

/** Bytes of the payload that a MSG line announces: its last number. */
size_t payloadBytes(std::string_view line) {
  return std::strtoul(std::string(line.substr(line.rfind(' ') + 1)).c_str(), nullptr, 10);
}

class NatsDialect final : public Dialect {
 public:
  const char* name() const override { return "nats"; }
  bool isStream() const override { return true; }
  // NATS orders the messages of one publisher. Those of two may reach two subscribers in different orders, and do.
  bool keepsOneOrder() const override { return false; }
  void open(Member&) const override {}  // the server speaks first, with INFO

  Unit next(const uint8_t* p, size_t n) const override {
    const auto* lineEnd = static_cast<const uint8_t*>(std::memchr(p, '\n', n));
    Unit unit;
    if (lineEnd == nullptr) return unit.broken = n > kLineBytesMax, unit;
    size_t bytes = static_cast<size_t>(lineEnd - p) + 1;
    const std::string_view line(reinterpret_cast<const char*>(p), bytes);
    if (startsWith(line, "MSG ")) bytes += payloadBytes(line) + 2;
    return bytes > n ? unit : Unit{p, bytes, bytes};
  }

  void take(Member& member, const Unit& unit) const override {
    const std::string_view text = unit.text();
    if (startsWith(text, "MSG ")) {
      const size_t payload = text.find('\n') + 1;
      Message message;
      message.text = text.substr(payload, text.size() - payload - 2);
      return member.deliver(unit, message);
    }
    if (startsWith(text, "PING")) return member.say("PONG\r\n");
    // The PONG follows the subscription on the same connection, so then the subscription stands.
    if (startsWith(text, "PONG")) return member.isReady() ? void() : member.ready();
    if (startsWith(text, "INFO")) {
      if (member.isReady()) return;  // said again when the cluster changes
      return member.say("CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c++\",\"version\":\"1\",\"protocol\":1}\r\nSUB " +
                        subjectOf(member) + " 1\r\nPING\r\n");
    }
    if (startsWith(text, "+OK")) return;
    member.lose(startsWith(text, "-ERR") ? Fault::CLOSED : Fault::MALFORMED, std::string(text.substr(0, 80)));
  }

  void publish(Member& member, uint64_t, uint32_t, std::string_view text) const override {
    std::string line = "PUB " + subjectOf(member) + " " + std::to_string(text.size()) + "\r\n";
    member.say(line.append(text).append("\r\n"));
  }
};

}  // namespace

std::unique_ptr<Dialect> makeNatsDialect() { return std::make_unique<NatsDialect>(); }

}  // namespace bench
