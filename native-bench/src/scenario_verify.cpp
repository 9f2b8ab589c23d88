// verify: every member of a room gets every message of its room exactly once and in one order, over every transport,
// while chats and pushes run at the same time.
#include <algorithm>
#include <cstdio>

#include "json.h"
#include "publisher.h"
#include "scenarios.h"

namespace bench {

namespace {

constexpr int kPushesAtATime = 4;
// Time for duplicates to show up after everything expected has come.
constexpr double kSettleSeconds = 0.5;

class Verify {
 public:
  Verify(Crowd& crowd, const Options& options)
      : crowd_(crowd), options_(options), publishers_(choosePublishers(crowd, options)), acked_(publishers_.size()) {
    crowd.onAck = [this](size_t member, const Message& ack) { onAck(member, ack); };
  }

  bool run() {
    for (Publisher& publisher : publishers_) {
      for (int64_t i = 0; i < options_.window; i++) chat(publisher);
    }
    push();
    const bool complete = crowd_.loop.runUntil([this] { return isComplete(); }, crowd_.loop.now() + seconds(options_.timeout));
    crowd_.loop.runFor(seconds(kSettleSeconds));
    return complete;
  }

  /** What must hold once the run has ended. @returns false when anything is missing. */
  bool judge(Report& report) {
    uint64_t missing = 0, msgidsWrong = 0;
    for (size_t i = 0; i < crowd_.size(); i++) {
      const Member& member = crowd_.member(i);
      for (const Membership& room : member.rooms()) {
        if (room.audience != nullptr) missing += room.audience->missingFor(room.place);
      }
    }
    for (size_t p = 0; p < publishers_.size(); p++) {
      const Audience& audience = *publishers_[p].audience();
      for (const Ack& ack : acked_[p]) {
        msgidsWrong += audience.msgidOf(static_cast<uint32_t>(p), ack.number) != ack.msgid;
      }
    }
    uint64_t messages = 0;
    for (const Audience* audience : crowd_.audiences()) messages += audience->messages();

    report.integer("chats", chats_);
    report.integer("acks", acks_);
    report.integer("pushes", pushed_);
    report.integer("push_replies", pushReplies_);
    report.integer("messages_seen", messages);
    report.integer("deliveries_expected", expected_);
    report.integer("deliveries", crowd_.meter.deliveries);
    report.integer("missing_of_seen", missing);
    report.integer("acks_wrong_msgid", msgidsWrong);
    report.integer("acks_repeated_or_unknown", acksUnknown_);
    for (const Fault fault : {Fault::DUPLICATE, Fault::GAP, Fault::ORDER_BREAK, Fault::MSGID, Fault::SENDER_ORDER}) {
      report.integer(Faults::nameOf(fault), crowd_.faults.count(fault));
    }
    report.integer("frames", crowd_.meter.frames);
    report.integer("foreign", crowd_.meter.foreign);
    return crowd_.meter.deliveries == expected_ && missing == 0 && msgidsWrong == 0 && acksUnknown_ == 0;
  }

 private:
  struct Ack {
    uint32_t number;
    uint64_t msgid;
  };

  uint64_t chatsInAll() const { return publishers_.size() * static_cast<uint64_t>(options_.messages); }
  bool isComplete() const {
    const bool acksDone = !options_.hasApi() || acks_ == chatsInAll();
    return acksDone && chats_ == chatsInAll() && pushReplies_ == pushesInAll() && crowd_.meter.deliveries >= expected_;
  }
  uint64_t pushesInAll() const { return !options_.hasApi() ? 0 : static_cast<uint64_t>(options_.pushes); }

  void chat(Publisher& publisher) {
    if (publisher.published() >= options_.messages) return;
    chats_++;
    expected_ += publisher.publish(crowd_.loop.now());
  }

  void onAck(size_t member, const Message& ack) {
    // The seq of a chat is its number, so the ACK says which one it answers.
    if (member >= publishers_.size() || ack.seq == 0 || ack.seq > publishers_[member].published()) return void(acksUnknown_++);
    std::vector<Ack>& acked = acked_[member];
    const auto same = [&ack](const Ack& old) { return old.number == ack.seq; };
    if (std::find_if(acked.begin(), acked.end(), same) != acked.end()) return void(acksUnknown_++);
    acked.push_back({ack.seq, ack.msgid});
    acks_++;
    chat(publishers_[member]);
    push();
  }

  /** Pushes keep step with the chats, so that both run from the first message to the last. */
  void push() {
    while (pushed_ < pushesInAll() && pushed_ - pushReplies_ < kPushesAtATime && pushed_ * chatsInAll() <= acks_ * pushesInAll()) {
      const uint64_t rid = crowd_.ridOf(pushed_ % static_cast<uint64_t>(options_.rooms));
      const uint64_t members = crowd_.sizeOfRoom(rid);
      std::string body;
      const auto number = static_cast<uint32_t>(++pushed_);
      writePayload(body, {crowd_.run, kPushPublisher, number, crowd_.loop.now()}, static_cast<size_t>(options_.payload));
      expected_ += members;
      crowd_.http.post("/im/push?dim=room&rid=" + std::to_string(rid) + "&expire=0", body,
                       [this, members](int status, std::string_view reply) { onPushReply(status, reply, members); });
    }
  }

  void onPushReply(int status, std::string_view body, uint64_t members) {
    pushReplies_++;
    uint64_t code = UINT64_MAX, total = members;  // `total` is an addition that a reply may lack
    JsonReader reader(body);
    if (reader.enterMap()) {
      for (std::string_view key; reader.nextKey(key);) {
        const bool read = key == "code" ? reader.integer(code) : key == "total" ? reader.integer(total) : reader.skip();
        if (!read) break;
      }
    }
    if (status != 200 || code != 0) crowd_.faults.note(Fault::REFUSED, "push: " + std::to_string(status) + " " + std::string(body));
    else if (total != members) crowd_.faults.note(Fault::PUSH_TOTAL, std::to_string(total) + " instead of " + std::to_string(members));
    push();
  }

  Crowd& crowd_;
  const Options& options_;
  std::vector<Publisher> publishers_;
  std::vector<std::vector<Ack>> acked_;  // by publisher
  uint64_t chats_ = 0, acks_ = 0, acksUnknown_ = 0;
  uint64_t pushed_ = 0, pushReplies_ = 0;
  uint64_t expected_ = 0;
};

}  // namespace

Verdict runVerify(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  Verify verify(crowd, options);
  const Nanos start = nowNs();
  const bool complete = verify.run();
  report.real("run_s", toSeconds(nowNs() - start));
  report.boolean("complete", complete);
  const bool sound = verify.judge(report);
  return complete && sound && crowd.faults.total() == 0 ? Verdict::PASSED : Verdict::FAILED;
}

}  // namespace bench
