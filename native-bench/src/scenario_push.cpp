// push: an application server sends to a room over its keep-alive HTTP connections, one request at a time on each.
#include "histogram.h"
#include "load.h"
#include "payload.h"
#include "process_stats.h"
#include "scenarios.h"

namespace bench {

namespace {

// Everything sent has to come, but a server that lost something must not hold up the run for ever.
constexpr double kDrainSeconds = 10;
constexpr Nanos kRssEvery = 100 * kMillisecond;

class Pushes {
 public:
  Pushes(Crowd& crowd, const Options& options) : crowd_(crowd), options_(options), dialect_(makeDialect(options.server, Transport::WS_BINARY)) {
    crowd.forgetReceived();
  }

  Verdict run(Report& report) {
    const uint64_t rssBefore = readRss(options_.serverPid);
    const MachineSample machine = readMachine(options_.serverPid);
    const Nanos from = crowd_.loop.readTime() + seconds(options_.warmup);
    const Nanos to = from + seconds(options_.seconds);
    crowd_.meter.open(from, to);
    from_ = from, to_ = to;
    for (int64_t i = 0; i < options_.httpConnections; i++) push();
    crowd_.loop.runUntil([] { return false; }, from);
    sampleRss();
    const CpuSample server = readCpu(options_.serverPid);
    const Nanos own = ownCpu(), start = nowNs();
    crowd_.loop.runUntil([] { return false; }, to);
    const Nanos elapsed = nowNs() - start;
    const CpuUse use = cpuBetween(server, readCpu(options_.serverPid), elapsed);
    const Nanos ownUsed = ownCpu() - own;
    const double others = othersBetween(machine, readMachine(options_.serverPid));
    const bool drained = crowd_.loop.runUntil([this] { return replies_ == pushed_ && crowd_.meter.deliveries >= due_; },
                                              nowNs() + seconds(kDrainSeconds));

    report.real("pushes_per_s", static_cast<double>(repliesInWindow_) / toSeconds(to - from), 1);
    report.real("reply_p50_ms", toMillis(reply_.percentile(50)), 3);
    report.real("reply_p99_ms", toMillis(reply_.percentile(99)), 3);
    report.real("p50_ms", toMillis(crowd_.meter.latency.percentile(50)), 3);
    report.real("p99_ms", toMillis(crowd_.meter.latency.percentile(99)), 3);
    report.integer("expected", due_);
    report.integer("delivered", crowd_.meter.deliveries);
    report.real("server_cores", use.cores);
    report.real("server_us_per_push", repliesInWindow_ == 0 ? 0 : use.cores * toSeconds(elapsed) * 1e6 / static_cast<double>(repliesInWindow_), 3);
    report.integer("rss_before", rssBefore);
    report.integer("rss_max", rssMax_);
    report.integer("rss_after", readRss(options_.serverPid));
    report.real("client_cores", toSeconds(ownUsed) / toSeconds(elapsed));
    report.real("others_cores", others);
    report.boolean("drained", drained);
    report.boolean("disturbed", disturbs(others));
    WindowResult window;  // for its rule of who was the bottleneck
    window.clientCores = toSeconds(ownUsed) / toSeconds(elapsed);
    window.serverKnown = options_.serverPid != 0;
    window.serverShare = limitShare(use, options_.serverPid);
    report.boolean("client_limited", window.clientLimited());
    const char* refusal = window.clientLimited() ? "the client was the bottleneck" : disturbs(others) ? "the machine was busy with other work" : "";
    return conclude(report, refusal, drained && crowd_.meter.deliveries == due_ && crowd_.faults.total() == 0);
  }

 private:
  /** One connection's turn: the next push follows the reply to the last one. */
  void push() {
    const Nanos sent = crowd_.loop.readTime();
    if (sent >= to_) return;
    const uint64_t rid = crowd_.ridOf(pushed_ % static_cast<uint64_t>(options_.rooms));
    std::string body;
    writePayload(body, {crowd_.run, kPushPublisher, static_cast<uint32_t>(++pushed_), sent}, static_cast<size_t>(options_.payload));
    if (dialect_->deliversPushes()) due_ += crowd_.sizeOfRoom(rid);
    crowd_.http.post(dialect_->pushTarget(rid), body, [this, sent](int status, std::string_view reply) { onReply(sent, status, reply); });
  }

  void sampleRss() {
    rssMax_ = std::max(rssMax_, readRss(options_.serverPid));
    if (crowd_.loop.now() < to_) crowd_.loop.at(crowd_.loop.now() + kRssEvery, [this](Nanos) { sampleRss(); });
  }

  void onReply(Nanos sent, int status, std::string_view reply) {
    const Nanos now = crowd_.loop.readTime();
    replies_++;
    if (now >= from_ && now < to_) repliesInWindow_++, reply_.record(now - sent);
    if (status / 100 == 2) return push();
    crowd_.faults.note(Fault::REFUSED, "push: " + std::to_string(status) + " " + std::string(reply.substr(0, 200)));
  }

  Crowd& crowd_;
  const Options& options_;
  const std::unique_ptr<Dialect> dialect_;
  Nanos from_ = 0, to_ = 0;
  uint64_t pushed_ = 0, replies_ = 0, repliesInWindow_ = 0;
  uint64_t due_ = 0;  // deliveries that all pushes so far must lead to
  uint64_t rssMax_ = 0;
  Histogram reply_;
};

}  // namespace

Verdict runPush(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  return Pushes(crowd, options).run(report);
}

}  // namespace bench
