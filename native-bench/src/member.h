// One client device: connect, sign in, join its room, then publish and receive.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "audience.h"
#include "frame.h"
#include "meter.h"
#include "socket.h"
#include "websocket.h"

namespace bench {

enum class Transport : uint8_t { WS_BINARY, WS_JSON, TCP };

/** What the HTTP API gave this device to sign in with. A bare server wants none of it but the address. */
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
  const bool bare;
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
  Member(MemberContext& context, MemberListener& listener, uint64_t uid, uint64_t rid, Transport transport)
      : uid(uid), rid(rid), transport(transport), context_(context), listener_(listener), socket_(context.loop, this) {}

  const uint64_t uid;
  const uint64_t rid;
  const Transport transport;
  Ticket ticket;

  void connect(uint32_t source);
  bool isReady() const { return state_ == State::READY; }
  bool isClosed() const { return state_ == State::CLOSED; }
  Format format() const { return transport == Transport::WS_JSON ? Format::JSON : Format::BINARY; }

  /** Sends one ROOM-CHAT to the own room. */
  void chat(uint32_t seq, std::string_view text);
  /** Sends a PING when nothing was sent since `before`. */
  void keepAlive(Nanos before);

  Audience* audience() const { return audience_; }
  const Place& place() const { return place_; }
  void onEvents(uint32_t events) override;

 private:
  enum class State : uint8_t { NEW, CONNECTING, UPGRADING, SIGNING_IN, JOINING, READY, CLOSED };

  void onConnected();
  void signIn();
  void join();
  void ready(uint64_t gid);
  void lose(Fault fault, const std::string& why);

  void send(std::string_view frame);
  void sendRaw(std::string_view bytes);

  void read();
  size_t takeUpgrade(const uint8_t* p, size_t n);
  size_t takeWebSocket(const uint8_t* p, size_t n, Nanos now);
  void takeWsFrame(const WsFrame& frame, Nanos now);
  size_t takeBinary(const uint8_t* p, size_t n, Nanos now);
  void takeJson(const uint8_t* p, size_t n, Nanos now);
  void take(const Message& message, const uint8_t* frame, size_t bytes, Nanos now);
  std::string name() const;

  MemberContext& context_;
  MemberListener& listener_;
  Socket socket_;
  State state_ = State::NEW;
  Audience* audience_ = nullptr;
  Place place_;
  Nanos lastSentNs_ = 0;
  std::string rest_;  // the start of a frame whose end has not come yet
};

}  // namespace bench
