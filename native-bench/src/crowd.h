// All client devices of a run: their tickets, their sign-in with bounded concurrency, their rooms and heartbeats.
#pragma once
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "http.h"
#include "member.h"
#include "options.h"
#include "seating.h"

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
  /** Writes the tickets to the file of the options, for a later run: then the server has nothing behind it but its start. */
  bool saveTickets() const;
  /** Connects, signs in and joins everybody. @returns false on a fault or at the deadline. */
  bool signIn(Nanos deadline);
  /** All from `first` on hang up; they may sign in again. */
  void hangUp(size_t first);
  /** All from `first` on hang up and come back, with the tickets they have, as many at a time as the options say.
   *  @returns false on a fault or at the deadline. */
  bool reconnect(size_t first, Nanos deadline);
  /** Connects and signs in one more. For scenarios that choose whom they keep. @returns false on a fault. */
  bool signInOne(size_t i, Nanos deadline);
  /** obtainTickets and signIn, within the timeout of the options; tells on stderr what went wrong. */
  bool assemble();

  Member& member(size_t i) { return *members_[i]; }
  size_t size() const { return members_.size(); }
  uint64_t ridOf(uint64_t room) const { return static_cast<uint64_t>(options_.idBase) + room; }
  bool keepsOneOrder() const { return dialects_.begin()->second->keepsOneOrder(); }
  /** Rooms as numbers from 0, by member. */
  const Seating& seating() const { return seating_; }
  /** Members of a room, in all its sub-groups. */
  uint64_t sizeOfRoom(uint64_t rid) const;
  std::vector<Audience*> audiences() const;
  /** Of all audiences, those that come to be later, too. */
  void listenForCompletion(CompletionListener* listener);
  /** Forgets from now on what everybody has received. For load runs; a verifying run keeps all of it. */
  void forgetReceived();

  /** Told of each ROOM-CHAT-ACK and the index of its member. */
  std::function<void(size_t member, const Message& ack)> onAck;
  /** Told of each private chat and the index of the member that got it. */
  std::function<void(size_t member, const Message& message, Nanos now)> onPrivate;

  Audience& audienceOf(uint64_t rid, uint64_t gid) override;
  void onReady(Member& member) override;
  void onLost(Member& member) override;
  void onChatAck(Member& member, const Message& ack) override;
  void onPrivateChat(Member& member, const Message& message, Nanos now) override;

 private:
  bool loadTickets();
  void ticketFor(size_t i);
  void requestAddress(size_t i);
  void ticketFailed(const std::string& why);
  bool connectAll(size_t first, size_t atATime, Nanos deadline);
  bool connectDue();
  bool mayConnect() const { return next_ < last_ && underWay_ < atATime_ && lost_ == 0; }
  size_t indexOf(const Member& member) const { return static_cast<size_t>(member.uid - static_cast<uint64_t>(options_.idBase)); }
  void keepAlive();

  const Options& options_;
  const Seating seating_;
  MemberContext context_;
  std::map<Transport, std::unique_ptr<Dialect>> dialects_;
  std::vector<std::unique_ptr<Member>> members_;
  std::map<std::pair<uint64_t, uint64_t>, std::unique_ptr<Audience>> audiences_;
  size_t tickets_ = 0;
  size_t nextTicket_ = 0;
  CompletionListener* completion_ = nullptr;
  bool forgets_ = false;
  // Of the members on their way in:
  size_t next_ = 0;      // to connect
  size_t last_ = 0;      // behind the last one
  size_t underWay_ = 0;
  size_t atATime_ = 0;
  size_t ready_ = 0;
  size_t lost_ = 0;
};

}  // namespace bench
