#include "audience.h"

#include <algorithm>
#include <cstring>

namespace bench {

namespace {
constexpr uint64_t kNowhere = UINT64_MAX;
// So many messages are forgotten at a time.
constexpr size_t kForgetMin = 64;
}

void Audience::Tape::append(const uint8_t* p, size_t n) {
  bytes.append(reinterpret_cast<const char*>(p), n);
  ends.push_back(bytes.size());
}

void Audience::Tape::trim(uint64_t before) {
  if (before <= base) return;
  const uint64_t dropped = std::min<uint64_t>(before - base, ends.size());
  const size_t cut = dropped == 0 ? 0 : ends[dropped - 1];
  bytes.erase(0, cut);
  ends.erase(ends.begin(), ends.begin() + static_cast<std::ptrdiff_t>(dropped));
  for (size_t& end : ends) end -= cut;
  base = ends.empty() ? before : base + dropped;  // an empty tape (no member of its format) keeps up
}

void Audience::join(Place& place) {
  size_++;
  place.next = messages();
  place.sentBefore = sent_;
}

void Audience::leave(Place& place, Nanos now) {
  size_--;
  if (!oneOrder_) return leaveBySender(place, now);
  for (uint64_t k = place.next; k < messages(); k++) {
    if (--at(k).remaining == 0 && listener != nullptr) listener->onComplete(at(k).publisher, now);
  }
  place.next = messages();
}

void Audience::account(uint64_t k, Place& place, Nanos now) {
  Record& record = at(k);
  meter_.delivered(record.intendedNs, now);
  place.received++;
  if (--record.remaining > 0) return;
  if (listener != nullptr) listener->onComplete(record.publisher, now);
  forget();
}

void Audience::accountUpTo(uint64_t end, Place& place, Nanos now) {
  const uint64_t count = end - place.next;
  Record* const first = &at(place.next);
  Record* const last = first + count;
  bool completed = false;
  {
    const Nanos from = meter_.from, to = meter_.to;
    Histogram::Run latencies(meter_.latency);
    for (Record* record = first; record != last; record++) {
      if (record->intendedNs >= from && record->intendedNs < to) latencies.record(now - record->intendedNs);
      completed |= --record->remaining == 0;
    }
  }
  meter_.deliveries += count;
  place.received += count;
  place.next = end;
  if (!completed) return;
  // Whoever is told may send, but sending does not touch the records.
  for (Record* record = first; record != last; record++) {
    if (record->remaining == 0 && listener != nullptr) listener->onComplete(record->publisher, now);
  }
  forget();
}

/** Messages are forgotten in bulk, so that moving the rest costs little, or when there is no rest. */
void Audience::forget() {
  if (!forgets_) return;
  while (done_ < messages() && at(done_).remaining == 0) done_++;
  const size_t passed = done_ - base_;
  if (passed == records_.size() || (passed >= kForgetMin && passed * 2 >= records_.size())) trim(done_);
}

size_t Audience::advance(Place& place, Format format, const uint8_t* p, size_t n, Nanos now) {
  const Tape& tape = tapes_[static_cast<int>(format)];
  if (place.next >= tape.end()) return 0;
  if (format == Format::JSON) return advanceOneByOne(place, format, p, n, now);
  // Frames lie on the tape as they come on the wire, so all that may be here are compared at once.
  const size_t start = tape.startOf(place.next);
  uint64_t end = place.next;
  while (end < tape.end() && tape.endOf(end) - start <= n) end++;
  if (end == place.next) return 0;
  const size_t bytes = tape.endOf(end - 1) - start;
  if (std::memcmp(p, tape.bytes.data() + start, bytes) != 0) return advanceOneByOne(place, format, p, n, now);
  accountUpTo(end, place, now);
  return bytes;
}

/** Up to the first frame that is another than on the tape. */
size_t Audience::advanceOneByOne(Place& place, Format format, const uint8_t* p, size_t n, Nanos now) {
  const Tape& tape = tapes_[static_cast<int>(format)];
  size_t used = 0;
  while (place.next < tape.end()) {
    const size_t start = tape.startOf(place.next);
    size_t bytes = tape.endOf(place.next) - start;
    if (bytes > n - used || std::memcmp(p + used, tape.bytes.data() + start, bytes) != 0) break;
    if (format == Format::JSON && used + bytes < n && p[used + bytes++] != '\n') break;
    accountUpTo(place.next + 1, place, now);
    used += bytes;
  }
  return used;
}

void Audience::deliver(Place& place, Format format, const uint8_t* frame, size_t bytes, const Message& message,
                       Nanos now) {
  Payload id;
  if (!readPayload(message.text.empty() ? message.data : message.text, id) || id.run != run_) {
    meter_.foreign++;
    return;
  }
  if (!oneOrder_) return deliverBySender(place, id, now);
  const uint64_t k = place.next;
  // What it passed over may come when it is the one ahead of all others.
  const bool isAhead = k == messages() && (place.missing.empty() || find(id) == kNowhere);
  if (isAhead) {
    if (!appendRecord(id, message.msgid)) return;
  } else if (k == messages() || at(k).publisher != id.publisher || at(k).number != id.number) {
    if (!settleMismatch(place, id, now)) return;
  } else if (at(k).msgid != message.msgid) {
    faults_.note(Fault::MSGID, describe(id) + " has msgid " + std::to_string(message.msgid) + " here, " +
                                   std::to_string(at(k).msgid) + " elsewhere");
  }
  Tape& tape = tapes_[static_cast<int>(format)];
  if (tape.end() == place.next) tape.append(frame, bytes);
  const uint64_t here = place.next++;
  account(here, place, now);
}

/** The member ahead of all others received `id`: it becomes the next of the reference, unless it is an old one. */
bool Audience::appendRecord(const Payload& id, uint64_t msgid) {
  if (isRepeated(id)) return false;
  // A bare server gives no msgid (0), so there is nothing to compare.
  if (msgid != 0 && msgid <= lastMsgid_) {
    faults_.note(Fault::MSGID, describe(id) + " has msgid " + std::to_string(msgid) + " after " + std::to_string(lastMsgid_));
  }
  lastMsgid_ = msgid;
  records_.push_back({id.publisher, id.number, msgid, id.intendedNs, size_});
  return true;
}

bool Audience::isRepeated(const Payload& id) {
  if (id.publisher == kPushPublisher) {
    if (pushesSeen_.size() <= id.number) pushesSeen_.resize(id.number + 1);
    if (pushesSeen_[id.number]) faults_.note(Fault::DUPLICATE, describe(id));
    else return pushesSeen_[id.number] = true, false;
    return true;
  }
  uint32_t& last = lastNumbers_[id.publisher];
  if (id.number > last) return last = id.number, false;
  // Not seen at this place and not newer than its predecessor: one of the two is out of the sender's order or a repeat.
  faults_.note(find(id) == kNowhere ? Fault::SENDER_ORDER : Fault::DUPLICATE, describe(id));
  return true;
}

/** Linear, from the newest: only faults come here. */
uint64_t Audience::find(const Payload& id) const {
  for (size_t i = records_.size(); i-- > 0;) {
    if (records_[i].publisher == id.publisher && records_[i].number == id.number) return base_ + i;
  }
  return kNowhere;
}

uint64_t Audience::msgidOf(uint32_t publisher, uint32_t number) const {
  Payload id;
  id.publisher = publisher, id.number = number;
  const uint64_t k = find(id);
  return k == kNowhere ? 0 : records_[k - base_].msgid;
}

/** The member received `id` where the reference has another message. @returns true when `place` was moved to `id`. */
bool Audience::settleMismatch(Place& place, const Payload& id, Nanos now) {
  const uint64_t k = find(id);
  if (k == kNowhere) {
    faults_.note(Fault::ORDER_BREAK, describe(id) + " came here before " + std::to_string(place.next) + ", to others not yet");
    return false;
  }
  if (k > place.next) {
    for (uint64_t skipped = place.next; skipped < k; skipped++) {
      faults_.note(Fault::GAP, describe(id) + " came where message " + std::to_string(skipped) + " was due");
      place.missing.push_back(skipped);
    }
    place.next = k;
    return true;
  }
  const auto late = std::find(place.missing.begin(), place.missing.end(), k);
  if (late == place.missing.end()) {
    faults_.note(Fault::DUPLICATE, describe(id));
    return false;
  }
  place.missing.erase(late);
  faults_.note(Fault::ORDER_BREAK, describe(id) + " came late");
  account(k, place, now);
  return false;
}

void Audience::deliverBySender(Place& place, const Payload& id, Nanos now) {
  if (place.lastNumbers.size() <= id.publisher) place.lastNumbers.resize(id.publisher + 1);
  uint32_t& last = place.lastNumbers[id.publisher];
  // Nothing tells a repeat from a late one any more; both are not the sender's order.
  if (id.number <= last) return faults_.note(Fault::SENDER_ORDER, describe(id) + " came after no " + std::to_string(last));
  if (id.number > last + 1) faults_.note(Fault::GAP, describe(id) + " came after no " + std::to_string(last));
  last = id.number;
  meter_.delivered(id.intendedNs, now);
  place.received++;
  const auto message = outstanding_.try_emplace({id.publisher, id.number}, size_).first;
  if (--message->second > 0) return;
  outstanding_.erase(message);
  if (listener != nullptr) listener->onComplete(id.publisher, now);
}

void Audience::leaveBySender(const Place& place, Nanos now) {
  for (auto message = outstanding_.begin(); message != outstanding_.end();) {
    const auto [publisher, number] = message->first;
    const bool has = publisher < place.lastNumbers.size() && place.lastNumbers[publisher] >= number;
    if (has || --message->second > 0) {
      ++message;
      continue;
    }
    message = outstanding_.erase(message);
    if (listener != nullptr) listener->onComplete(publisher, now);
  }
}

void Audience::trim(uint64_t before) {
  for (Tape& tape : tapes_) tape.trim(before);
  if (before <= base_) return;
  records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(before - base_));
  base_ = before;
}

std::string Audience::describe(const Payload& id) const {
  const std::string who = id.publisher == kPushPublisher ? "push " : "publisher " + std::to_string(id.publisher) + " no ";
  return "room " + std::to_string(rid) + "." + std::to_string(gid) + " " + who + std::to_string(id.number);
}

}  // namespace bench
