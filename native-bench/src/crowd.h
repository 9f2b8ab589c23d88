// All client devices of a run: their tickets, their sign-in with bounded concurrency, their rooms and heartbeats.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "http.h"
#include "member.h"
#include "options.h"

namespace bench {

class Crowd final : public MemberListener {
 public:
  explicit Crowd(const Options& options);

  Loop loop;
  Meter meter;
  Faults faults;
  HttpPool http;
  const uint32_t run;

  /** Registers every device and fetches its address and token. @returns false on a fault or at the deadline. */
  bool obtainTickets(Nanos deadline);
  /** Connects, signs in and joins everybody. @returns false on a fault or at the deadline. */
  bool signIn(Nanos deadline);
  /** Everybody hangs up and comes back at once, with the tickets they have. @returns false on a fault or at the deadline. */
  bool reconnect(Nanos deadline);
  /** obtainTickets and signIn, within the timeout of the options; tells on stderr what went wrong. */
  bool assemble();

  Member& member(size_t i) { return *members_[i]; }
  size_t size() const { return members_.size(); }
  uint64_t ridOf(uint64_t room) const { return static_cast<uint64_t>(options_.idBase) + room; }
  bool keepsOneOrder() const { return dialects_.begin()->second->keepsOneOrder(); }
  /** Members of a room, in all its sub-groups. */
  uint64_t sizeOfRoom(uint64_t rid) const;
  std::vector<Audience*> audiences() const;
  void listenForCompletion(CompletionListener* listener);
  /** Forgets from now on what everybody has received. For load runs; a verifying run keeps all of it. */
  void trimAlways();

  /** Told of each ROOM-CHAT-ACK and the index of its member. */
  std::function<void(size_t member, const Message& ack)> onAck;

  Audience& audienceOf(uint64_t rid, uint64_t gid) override;
  void onReady(Member& member) override;
  void onLost(Member& member) override;
  void onChatAck(Member& member, const Message& ack) override;

 private:
  void ticketFor(size_t i);
  void requestAddress(size_t i);
  void ticketFailed(const std::string& why);
  void connectNext();
  void keepAlive();

  const Options& options_;
  MemberContext context_;
  std::map<Transport, std::unique_ptr<Dialect>> dialects_;
  std::vector<std::unique_ptr<Member>> members_;
  std::map<std::pair<uint64_t, uint64_t>, std::unique_ptr<Audience>> audiences_;
  size_t tickets_ = 0;
  size_t nextTicket_ = 0;
  size_t started_ = 0;
  size_t ready_ = 0;
  size_t lost_ = 0;
};

}  // namespace bench
