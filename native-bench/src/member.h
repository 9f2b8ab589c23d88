// One client device: its connection, its place in each of its rooms and the bytes between; what the bytes mean, its dialect
// says.
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

/** A room that a member is in, or on its way into. */
struct Membership {
  uint64_t rid = 0;
  Audience* audience = nullptr;  // none until the room was joined
  Place place;
};

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
  virtual void onPrivateChat(Member& member, const Message& message, Nanos now) = 0;

 protected:
  ~MemberListener() = default;
};

class Member final : public Pollable {
 public:
  /** @param rids the rooms it joins when it signs in */
  Member(MemberContext& context, MemberListener& listener, const Dialect& dialect, uint64_t uid,
         const std::vector<uint64_t>& rids);

  const uint64_t uid;
  Ticket ticket;

  void connect(uint32_t source);
  /** Closes the connection of a ready member, which may connect again. Not from within its own events. */
  void hangUp();
  bool isReady() const { return state_ == State::READY; }
  bool isClosed() const { return state_ == State::CLOSED; }
  bool isStream() const { return dialect_.isStream(); }
  /** What it gets is looked at before what others get; to be called before it connects. */
  void beUrgent() { socket_.beUrgent(); }

  /** Sends one message to a room of its own. */
  void publish(uint64_t rid, uint32_t seq, std::string_view text) { dialect_.publish(*this, rid, seq, text); }
  /** Sends one message to a user. */
  void chat(uint64_t duid, uint32_t seq, std::string_view text) { dialect_.chat(*this, duid, seq, text); }
  /** A signed-in member enters one more room, or leaves it: asked for now, so later, see `rooms`. */
  void enter(uint64_t rid);
  void quit(uint64_t rid) { dialect_.quit(*this, rid); }
  /** Pings when nothing was sent since `before`. */
  void keepAlive(Nanos before);

  const std::vector<Membership>& rooms() const { return rooms_; }
  /** The room with this rid; null when it is in none such. */
  Membership* roomOf(uint64_t rid);
  void onEvents(uint32_t events) override;

  // For the dialect:
  /** Sends `unit`, as one WebSocket message where there is a WebSocket. */
  void say(std::string_view unit);
  /** From now on every message of the room comes here. With the last of its rooms the member is ready. */
  void joined(uint64_t rid, uint64_t gid);
  void left(uint64_t rid);
  /** Where the connection alone, or one answer, is enough for all rooms. */
  void ready();
  /** A message of the room in `message.rid`; a member of one room need not be told which. */
  void deliver(const Unit& unit, const Message& message);
  void deliverPrivate(const Unit& unit, const Message& message) { listener_.onPrivateChat(*this, message, unit.now); }
  void acked(const Message& ack);
  void note(Fault fault, const std::string& why);
  void lose(Fault fault, const std::string& why);

 private:
  enum class State : uint8_t { NEW, CONNECTING, UPGRADING, OPENING, READY, CLOSED };

  void onConnected();
  void open();
  void isNowReady();
  void leaveAll();
  void findOnly();
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
  std::vector<Membership> rooms_;
  Membership* only_ = nullptr;  // the room, where there is one and it was joined: its tape can be followed
  Nanos connectNs_ = 0;
  Nanos lastSentNs_ = 0;
  std::string rest_;  // the start of a unit whose end has not come yet
};

}  // namespace bench
