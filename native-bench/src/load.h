// One measured stretch of load: warm up, measure, drain. Open loop sends by the clock, closed loop by completion.
#pragma once
#include <random>
#include <vector>

#include "crowd.h"
#include "options.h"
#include "process_stats.h"
#include "publisher.h"
#include "report.h"

namespace bench {

/** A side is at its limit when its one busy thread leaves the core less than this to spare. */
constexpr double kClientLimit = 0.95;
constexpr double kServerLimit = 0.90;

struct WindowResult {
  double windowSeconds = 0;
  double askedRate = 0;       // 0: closed loop
  uint64_t published = 0;     // in the window
  uint64_t completed = 0;     // in the window: received by all members
  uint64_t deliveries = 0;    // in the window
  uint64_t frames = 0;        // in the window
  uint64_t bytes = 0;
  uint64_t expected = 0;      // deliveries of the messages meant for the window, whenever they come
  uint64_t delivered = 0;     // those that came
  Histogram latency;          // of these
  Histogram sendLag;          // how late we were with each message (part of the latency, too)
  uint64_t window = 0;        // closed loop: messages outstanding
  Nanos roundMaxNs = 0;
  double clientCores = 0;
  bool serverKnown = false;
  CpuUse server;
  double serverShare = 0;     // of its limit
  double othersCores = 0;     // taken by other processes, from the warm-up on
  uint64_t rssBefore = 0;     // the server's resident bytes before the warm-up,
  uint64_t rssMax = 0;        // at most in the window,
  uint64_t rssAfter = 0;      // and when everything had come
  double drainSeconds = 0;    // from the end of the window
  bool aborted = false;       // stopped early: the backlog was beyond hope
  bool drained = false;       // in the end everything that was sent had come

  double perSecond(uint64_t count) const { return windowSeconds > 0 ? static_cast<double>(count) / windowSeconds : 0; }
  double deliveredRatio() const { return expected == 0 ? 0 : static_cast<double>(delivered) / static_cast<double>(expected); }
  /** The figures of this window are those of the client, not of the server. */
  bool clientLimited() const {
    return clientCores >= kClientLimit && !(serverKnown && serverShare >= kServerLimit);
  }
  /** Neither side is to blame: something else had the processors. */
  bool disturbed() const { return disturbs(othersCores); }
  double serverMicrosPerDelivery() const;
  void addTo(Report& report) const;
};

/** Why the figures of this window do not tell of the server; empty when they do. */
std::string reasonToRefuse(const WindowResult& result);

constexpr double kNeverHopeless = 1e9;  // seconds

class Load final : public CompletionListener {
 public:
  Load(Crowd& crowd, const Options& options) : Load(crowd, options, choosePublishers(crowd, options)) {}
  Load(Crowd& crowd, const Options& options, std::vector<Publisher> publishers);

  /** After a stretch nothing is sent until everything has come, so that the next one starts with empty queues. */
  double drainSeconds = 60;

  std::vector<Publisher>& publishers() { return publishers_; }
  /** Deliveries that a message leads to, on the average. */
  double reach() const;
  /** Deliveries due and not come so far, but for those that cannot come. */
  uint64_t backlog() const;
  /** `rate` messages a second of all publishers together, for warmup + window. Stops early when the server owes more
   *  than `hopelessSeconds` of deliveries. */
  WindowResult openLoop(double rate, double hopelessSeconds);
  /** `window` messages outstanding at any time. */
  WindowResult closedLoop(uint64_t window);

  void onComplete(uint32_t publisher, Nanos now) override;

 private:
  struct Mark {
    Nanos at = 0;
    uint64_t published = 0, completed = 0, deliveries = 0, frames = 0, bytes = 0;
    CpuSample server;
    Nanos client = 0;
  };

  Mark mark() const;
  void begin();
  WindowResult finish();
  void pace(Nanos now);
  Nanos nextGap();
  void publish(Nanos intended);
  void sampleRss();

  Crowd& crowd_;
  const Options& options_;
  std::vector<Publisher> publishers_;
  std::mt19937_64 random_;
  size_t turn_ = 0;
  uint64_t published_ = 0;
  uint64_t completed_ = 0;
  uint64_t due_ = 0;  // deliveries that all messages sent so far must lead to
  // The current window:
  bool closedLoop_ = false;
  bool sending_ = false;
  bool measured_ = false;
  double rate_ = 0;
  Nanos nextSend_ = 0;
  Nanos to_ = 0;
  Histogram sendLag_;
  uint64_t expected_ = 0;
  int windowTimers_[2] = {};
  int paceTimer_ = 0;
  int rssTimer_ = 0;
  uint64_t rssBefore_ = 0, rssMax_ = 0;
  Mark from_, end_;
  MachineSample machineFrom_;
};

}  // namespace bench
