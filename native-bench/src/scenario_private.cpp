// private: chat between the two members of each pair, by the clock. The partner must get every message once and in order.
#include <algorithm>
#include <numeric>

#include "load.h"
#include "scenarios.h"

namespace bench {

namespace {

constexpr double kHopelessSeconds = 5;

class Pairs {
 public:
  Pairs(Crowd& crowd, const Options& options) : crowd_(crowd), options_(options), partner_(crowd.size()), last_(crowd.size()) {
    std::vector<size_t> order(crowd.size());
    std::iota(order.begin(), order.end(), 0);
    std::mt19937_64 random(static_cast<uint64_t>(options.seed));
    std::shuffle(order.begin(), order.end(), random);
    for (size_t i = 0; i + 1 < order.size(); i += 2) partner_[order[i]] = order[i + 1], partner_[order[i + 1]] = order[i];
    crowd.onPrivate = [this](size_t member, const Message& message, Nanos now) { take(member, message, now); };
  }

  std::vector<Publisher> publishers() const {
    std::vector<Publisher> all;
    for (size_t i = 0; i < static_cast<size_t>(options_.publishers); i++) {
      all.emplace_back(crowd_.member(i), Publisher::Target::USER, crowd_.member(partner_[i]).uid, crowd_.run,
                       static_cast<uint32_t>(i), static_cast<size_t>(options_.payload));
    }
    return all;
  }

 private:
  /** What a member has had of its partner, the only one who writes to it. */
  struct Last {
    uint32_t number = 0;
    uint64_t msgid = 0;
  };

  void take(size_t i, const Message& message, Nanos now) {
    const Member& member = crowd_.member(i);
    const size_t partner = partner_[i];
    Payload id;
    if (!readPayload(message.text, id) || id.run != crowd_.run) {
      crowd_.meter.foreign++;
      return;
    }
    const auto note = [&](Fault fault, const std::string& what) {
      crowd_.faults.note(fault, "to " + std::to_string(member.uid) + " no " + std::to_string(id.number) + ": " + what);
    };
    if (message.duid != member.uid || id.publisher != partner) return note(Fault::ORDER_BREAK, "meant for somebody else");
    // A bare server passes the frame on as it is: it names no sender and has no msgid.
    if (options_.hasApi() && message.suid != crowd_.member(partner).uid) note(Fault::MALFORMED, "another sender is named");
    Last& last = last_[i];
    if (id.number == last.number) return note(Fault::DUPLICATE, "came again");
    if (id.number < last.number) return note(Fault::SENDER_ORDER, "came after no " + std::to_string(last.number));
    if (id.number > last.number + 1) note(Fault::GAP, "came after no " + std::to_string(last.number));
    if (options_.hasApi() && message.msgid <= last.msgid) note(Fault::MSGID, std::to_string(message.msgid) + " after " + std::to_string(last.msgid));
    last = {id.number, message.msgid};
    crowd_.meter.delivered(id.intendedNs, now);
  }

  Crowd& crowd_;
  const Options& options_;
  std::vector<size_t> partner_;
  std::vector<Last> last_;
};

}  // namespace

Verdict runPrivate(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  const Pairs pairs(crowd, options);
  Load load(crowd, options, pairs.publishers());
  const WindowResult result = load.openLoop(options.rate, kHopelessSeconds);
  result.addTo(report);
  report.integer("acks", crowd.meter.acks);
  return conclude(report, reasonToRefuse(result), result.drained && crowd.faults.total() == 0);
}

}  // namespace bench
