// How a kind of server is spoken to: what opens a connection, where one unit of its stream ends and what the unit means.
// A dialect keeps no state; what has been said so far follows from whether the member is ready.
//
//   server      over           to get in                     a message is
//   imgate      WebSocket/TCP  ONLINE, ROOM-JOIN             a frame (binary or JSON)
//   bare, ws    WebSocket      the connection is enough      a binary frame, republished as it is
//   (where they learn the target from the frame: a member of several rooms, private chat)
//   socketio    WebSocket      Engine.IO open, namespace     42["m","TEXT"]
//   nats        TCP            CONNECT, SUB, PING            MSG SUBJECT 1 SIZE\r\nTEXT\r\n
//   mosquitto   TCP            CONNECT, SUBSCRIBE            PUBLISH, QoS 0
//   nchan       WebSocket      the connection is enough      the text itself
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "clock.h"
#include "frame.h"
#include "websocket.h"

namespace bench {

class Member;

enum class Transport : uint8_t { WS_BINARY, WS_JSON, TCP };

/** One unit of what the server said, in place. */
struct Unit {
  const uint8_t* bytes = nullptr;
  size_t size = 0;   // what counts of it, and what is the same for all members
  size_t whole = 0;  // with the separator that may follow; 0: its end has not come yet
  Nanos now = 0;     // when its bytes were read
  bool broken = false;

  std::string_view text() const { return {reinterpret_cast<const char*>(bytes), size}; }
};

class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual const char* name() const = 0;
  /** TCP without WebSocket. */
  virtual bool isStream() const { return false; }
  /** Of the WebSocket messages, in both directions. */
  virtual Opcode opcode() const { return Opcode::TEXT; }
  /** All members see the messages of all publishers in one order. Otherwise only each publisher's own order is checked. */
  virtual bool keepsOneOrder() const { return true; }
  /** Which tape the units are compared with. */
  virtual Format format() const { return Format::BINARY; }
  virtual std::string path(const Member&) const { return "/im/ws"; }

  /** The connection stands (upgraded, where it is a WebSocket). */
  virtual void open(Member& member) const = 0;
  /** The first unit in `n` bytes. Without a rule of its own, a WebSocket message is one unit. */
  virtual Unit next(const uint8_t* p, size_t n) const { return {p, n, n}; }
  /** Acts on one unit. */
  virtual void take(Member& member, const Unit& unit) const = 0;

  virtual void publish(Member& member, uint64_t rid, uint32_t seq, std::string_view text) const = 0;
  /** A member may be in more than one room. */
  virtual bool hasManyRooms() const { return false; }
  /** From user to user. */
  virtual bool hasPrivateChat() const { return false; }
  virtual void chat(Member&, uint64_t /* duid */, uint32_t /* seq */, std::string_view) const {}
  /** Into a room and out of it, after the sign-in. */
  virtual void join(Member&, uint64_t /* rid */) const {}
  virtual void quit(Member&, uint64_t /* rid */) const {}
  /** Where a POST publishes to a room; empty: this server takes no HTTP. */
  virtual std::string pushTarget(uint64_t) const { return ""; }
  /** It comes to the members; otherwise the POST is only answered. */
  virtual bool deliversPushes() const { return true; }
  /** Nothing was sent for a while; a server that pings itself needs nothing. */
  virtual void keepAlive(Member&) const {}
};

/** The transport is a choice with imgate only; every other server has one. */
std::unique_ptr<Dialect> makeDialect(const std::string& server, Transport transport);

std::unique_ptr<Dialect> makeImgateDialect(Transport transport);
std::unique_ptr<Dialect> makeBareDialect();
std::unique_ptr<Dialect> makeSocketIoDialect();
std::unique_ptr<Dialect> makeNatsDialect();
std::unique_ptr<Dialect> makeMqttDialect();
std::unique_ptr<Dialect> makeNchanDialect();

/** The server names that `--server` takes, parted by commas. */
constexpr const char* kServerNames = "imgate, bare, ws, socketio, nats, mosquitto, nchan";
bool isServerName(const std::string& name);

}  // namespace bench
