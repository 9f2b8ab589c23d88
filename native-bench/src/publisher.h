// A member that publishes, to a room or to one user: numbers its messages and says in each when it was meant to be sent.
#pragma once
#include "crowd.h"
#include "payload.h"

namespace bench {

class Publisher {
 public:
  enum class Target : uint8_t { ROOM, USER };

  /** @param id the rid, or the uid of the user */
  Publisher(Member& member, Target target, uint64_t id, uint32_t run, uint32_t index, size_t payloadBytes)
      : member_(&member), target_(target), id_(id), run_(run), index_(index), payloadBytes_(payloadBytes) {}

  /** @returns how many deliveries this must lead to; none, and nothing is sent, when the member was lost. */
  uint64_t publish(Nanos intended) {
    static std::string text;
    if (!member_->isReady()) return 0;
    Audience* const to = audience();
    writePayload(text, {run_, index_, ++number_, intended}, payloadBytes_);
    // Counted before it is sent: a member that is lost in sending owes it.
    const uint64_t deliveries = target_ == Target::USER ? 1 : to == nullptr ? 0 : to->send();
    if (target_ == Target::USER) member_->chat(id_, number_, text);
    else member_->publish(id_, number_, text);
    return deliveries;
  }

  bool canPublish() const { return member_->isReady(); }
  /** How many deliveries a message leads to. */
  uint64_t reach() const { return target_ == Target::USER ? 1 : audience() == nullptr ? 0 : audience()->size(); }
  uint32_t published() const { return number_; }
  void setPayload(size_t bytes) { payloadBytes_ = bytes; }
  void setRoom(uint64_t rid) { id_ = rid; }
  /** Of the room. */
  Audience* audience() const {
    const Membership* const room = member_->roomOf(id_);
    return room == nullptr ? nullptr : room->audience;
  }

 private:
  Member* member_;
  Target target_;
  uint64_t id_;
  uint32_t run_;
  uint32_t index_;
  uint32_t number_ = 0;
  size_t payloadBytes_;
};

/** The first `options.publishers` members: as rooms are dealt out in turn, every room has its share of them. Where members are
 *  in several rooms, the rooms in turn, each with another one of its members every time. */
std::vector<Publisher> choosePublishers(Crowd& crowd, const Options& options);

}  // namespace bench
