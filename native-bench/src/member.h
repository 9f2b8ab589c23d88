// One client device: its connection, its place in the room and the bytes between; what the bytes mean, its dialect says.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "audience.h"
#include "dialect.h"
#include "meter.h"
#include "socket.h"
#include "websocket.h"

namespace bench {

/** What the HTTP API gave this device to sign in with. Without such an API only the address is set. */
struct Ticket {
  uint64_t sid = 0;
  std::string token;
  sockaddr_in address{};
};

class Member;

/** What all members of a run share. */
struct MemberContext {
  Loop& loop;
  Meter& meter;
  Faults& faults;
  const std::string host;             // for the upgrade request
  std::vector<uint8_t> received;      // every member reads into the same buffer and parses there
  std::string scratch;                // and wraps its frames in the same string
};

class MemberListener {
 public:
  virtual Audience& audienceOf(uint64_t rid, uint64_t gid) = 0;
  virtual void onReady(Member& member) = 0;
  /** After this the member is closed and stays so. */
  virtual void onLost(Member& member) = 0;
  virtual void onChatAck(Member& member, const Message& ack) = 0;

 protected:
  ~MemberListener() = default;
};

class Member final : public Pollable {
 public:
  Member(MemberContext& context, MemberListener& listener, const Dialect& dialect, uint64_t uid, uint64_t rid)
      : uid(uid), rid(rid), context_(context), listener_(listener), dialect_(dialect), socket_(context.loop, this) {}

  const uint64_t uid;
  const uint64_t rid;
  Ticket ticket;

  void connect(uint32_t source);
  /** Closes the connection of a ready member, which may connect again. Not from within its own events. */
  void hangUp();
  bool isReady() const { return state_ == State::READY; }
  bool isClosed() const { return state_ == State::CLOSED; }
  bool isStream() const { return dialect_.isStream(); }

  /** Sends one message to the own room. */
  void publish(uint32_t seq, std::string_view text) { dialect_.publish(*this, seq, text); }
  /** Pings when nothing was sent since `before`. */
  void keepAlive(Nanos before);

  Audience* audience() const { return audience_; }
  const Place& place() const { return place_; }
  void onEvents(uint32_t events) override;

  // For the dialect:
  /** Sends `unit`, as one WebSocket message where there is a WebSocket. */
  void say(std::string_view unit);
  /** From now on every message of the room comes here. */
  void ready(uint64_t gid);
  void deliver(const Unit& unit, const Message& message);
  void acked(const Message& ack);
  void note(Fault fault, const std::string& why);
  void lose(Fault fault, const std::string& why);

 private:
  enum class State : uint8_t { NEW, CONNECTING, UPGRADING, OPENING, READY, CLOSED };

  void onConnected();
  void open();
  void sendRaw(std::string_view bytes);

  void read();
  size_t takeUpgrade(const uint8_t* p, size_t n);
  size_t takeWebSocket(const uint8_t* p, size_t n, Nanos now);
  void takeWsFrame(const WsFrame& frame, Nanos now);
  size_t takeUnits(const uint8_t* p, size_t n, Nanos now);

  MemberContext& context_;
  MemberListener& listener_;
  const Dialect& dialect_;
  Socket socket_;
  State state_ = State::NEW;
  Audience* audience_ = nullptr;
  Place place_;
  Nanos lastSentNs_ = 0;
  std::string rest_;  // the start of a unit whose end has not come yet
};

}  // namespace bench
