// The members that see one stream of messages (a sub-group of a room), and the check that they all see the same one.
//
// There is one reference per audience: the list of messages as the member that is furthest ahead received it. The k-th
// message of every member must be reference[k]. Next to the list lie, per format, the very bytes of each message (the
// tape); a member whose next bytes equal those on the tape has by that received the right message at the right place, and
// nothing needs to be decoded. So the fast path of a load run is as strict as that of a verifying one.
//
// Where the server promises no common order there is no reference: every message is decoded, and each member must get each
// publisher's messages without a gap, a repeat or a swap.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clock.h"
#include "faults.h"
#include "frame.h"
#include "meter.h"
#include "payload.h"

namespace bench {

/** The publisher number of pushes, which come over HTTP from several connections and so have no sender's order. */
constexpr uint32_t kPushPublisher = UINT32_MAX;

/** How far one member is. */
struct Place {
  uint64_t next = 0;              // index of the message expected next
  uint64_t received = 0;          // messages, since it joined
  uint64_t sentBefore = 0;        // messages sent to the audience before it joined
  std::vector<uint64_t> missing;  // indices passed over
  std::vector<uint32_t> lastNumbers;  // by publisher; only where there is no common order
};

/** Told when the last member received a message. */
class CompletionListener {
 public:
  virtual void onComplete(uint32_t publisher, Nanos now) = 0;

 protected:
  ~CompletionListener() = default;
};

class Audience {
 public:
  Audience(uint64_t rid, uint64_t gid, uint32_t run, bool oneOrder, Meter& meter, Faults& faults)
      : rid(rid), gid(gid), run_(run), oneOrder_(oneOrder), meter_(meter), faults_(faults) {}

  const uint64_t rid;
  const uint64_t gid;
  CompletionListener* listener = nullptr;

  void join(Place& place);
  /** A member that is gone is waited for no longer. */
  void leave(Place& place, Nanos now);
  uint64_t size() const { return size_; }

  /** One more message is on its way to all members. @returns how many that are. */
  uint64_t send() { return sent_++, size_; }
  /** The server told the sender that it will not send this one. @returns how many deliveries that are. */
  uint64_t refuse() { return sent_--, size_; }
  /** Messages on their way to this member. */
  uint64_t owedTo(const Place& place) const { return sent_ - place.sentBefore - place.received; }

  /** The fast path: accounts for every message at the start of `p` that is on the tape where `place` stands.
   *  @returns bytes consumed; 0 when the next frame must be decoded. */
  size_t advance(Place& place, Format format, const uint8_t* p, size_t n, Nanos now);

  /** The slow path: one decoded room message, and its bytes (JSON: without the line end). */
  void deliver(Place& place, Format format, const uint8_t* frame, size_t bytes, const Message& message, Nanos now);

  uint64_t messages() const { return base_ + records_.size(); }
  /** Messages of the reference that this member has not received. */
  uint64_t missingFor(const Place& place) const { return messages() - place.next + place.missing.size(); }
  /** The msgid under which a message was delivered; 0 when nobody received it. */
  uint64_t msgidOf(uint32_t publisher, uint32_t number) const;
  /** From now on what every member has received is forgotten. */
  void forgetReceived() { forgets_ = true; }

 private:
  struct Record {
    uint32_t publisher;
    uint32_t number;
    uint64_t msgid;
    Nanos intendedNs;
    uint64_t remaining;  // members still to receive it
  };

  /** Frames one after another; the ends tell them apart. */
  struct Tape {
    uint64_t base = 0;
    std::string bytes;
    std::vector<size_t> ends;

    uint64_t end() const { return base + ends.size(); }
    size_t startOf(uint64_t k) const { return k == base ? 0 : ends[k - base - 1]; }
    size_t endOf(uint64_t k) const { return ends[k - base]; }
    void append(const uint8_t* p, size_t n);
    void trim(uint64_t before);
  };

  Record& at(uint64_t k) { return records_[k - base_]; }
  size_t advanceOneByOne(Place& place, Format format, const uint8_t* p, size_t n, Nanos now);
  /** The member has received everything before `end`. */
  void accountUpTo(uint64_t end, Place& place, Nanos now);
  void account(uint64_t k, Place& place, Nanos now);
  void forget();
  void trim(uint64_t before);
  bool appendRecord(const Payload& id, uint64_t msgid);
  bool isRepeated(const Payload& id);
  uint64_t find(const Payload& id) const;
  bool settleMismatch(Place& place, const Payload& id, Nanos now);
  std::string describe(const Payload& id) const;

  void deliverBySender(Place& place, const Payload& id, Nanos now);
  void leaveBySender(const Place& place, Nanos now);

  const uint32_t run_;
  const bool oneOrder_;
  Meter& meter_;
  Faults& faults_;
  uint64_t size_ = 0;
  uint64_t sent_ = 0;
  uint64_t base_ = 0;  // index of records_[0]
  uint64_t done_ = 0;  // all members have received everything before this index
  bool forgets_ = false;
  uint64_t lastMsgid_ = 0;
  std::vector<Record> records_;
  Tape tapes_[kFormats];
  std::unordered_map<uint32_t, uint32_t> lastNumbers_;  // by publisher; few of the many publishers are in a small room
  std::vector<bool> pushesSeen_;
  // Without a common order: members still to receive a message, by publisher and number.
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> outstanding_;
};

}  // namespace bench
