#include "load.h"

#include <algorithm>
#include <cmath>

namespace bench {

namespace {
// A stretch starts a little later than now, so that its first messages are not late already.
constexpr Nanos kLeadTime = 20 * kMillisecond;
// After so many messages in a row one socket is read again: sending must not starve the receiving it waits for.
constexpr int kSendsPerTurn = 32;
// After a stretch nothing is sent until everything has come, so that the next one starts with empty queues.
constexpr double kDrainSeconds = 60;
}  // namespace

Load::Load(Crowd& crowd, const Options& options)
    : crowd_(crowd),
      options_(options),
      publishers_(choosePublishers(crowd, options)),
      random_(static_cast<uint64_t>(options.seed)) {
  crowd.listenForCompletion(this);
  crowd.trimAlways();
}

WindowResult Load::openLoop(double rate, double hopelessSeconds) {
  closedLoop_ = false;
  rate_ = rate;
  begin();
  nextSend_ = crowd_.loop.now() + kLeadTime;
  timers_.push_back(crowd_.loop.at(nextSend_, [this](Nanos now) { pace(now); }));

  const double perMessage = static_cast<double>(crowd_.size()) / static_cast<double>(options_.rooms);
  const auto hopeless = static_cast<uint64_t>(rate * perMessage * hopelessSeconds + perMessage);
  bool aborted = false;
  crowd_.loop.runUntil([&] { return measured_ || (aborted = backlog() > hopeless); }, to_ + 5 * kSecond);
  WindowResult result = finish();
  result.askedRate = rate;
  result.aborted = aborted;
  return result;
}

WindowResult Load::closedLoop(uint64_t window) {
  closedLoop_ = true;
  begin();
  for (uint64_t i = 0; i < window; i++) publish(crowd_.loop.readTime());
  crowd_.loop.runUntil([this] { return measured_ || crowd_.faults.count(Fault::CLOSED) > 0; }, to_ + 5 * kSecond);
  return finish();
}

void Load::begin() {
  machineFrom_ = readMachine(options_.serverPid);
  const Nanos from = crowd_.loop.readTime() + kLeadTime + seconds(options_.warmup);
  to_ = from + seconds(options_.seconds);
  crowd_.meter.open(from, to_);
  sending_ = true, measured_ = false;
  sendLag_.clear();
  expected_ = 0;
  from_ = end_ = mark();
  timers_ = {crowd_.loop.at(from, [this](Nanos) { from_ = mark(); }), crowd_.loop.at(to_, [this](Nanos) {
               end_ = mark();
               measured_ = true;
             })};
}

WindowResult Load::finish() {
  sending_ = false;
  for (const int timer : timers_) crowd_.loop.cancel(timer);
  if (!measured_) end_ = mark();
  const Nanos round = crowd_.meter.roundMaxNs;
  const double others = othersBetween(machineFrom_, readMachine(options_.serverPid));
  const bool drained =
      crowd_.loop.runUntil([this] { return backlog() == 0; }, crowd_.loop.readTime() + seconds(kDrainSeconds));

  WindowResult result;
  const Nanos elapsed = end_.at - from_.at;
  result.windowSeconds = toSeconds(elapsed);
  result.published = end_.published - from_.published;
  result.completed = end_.completed - from_.completed;
  result.deliveries = end_.deliveries - from_.deliveries;
  result.frames = end_.frames - from_.frames;
  result.bytes = end_.bytes - from_.bytes;
  result.expected = expected_;
  result.delivered = crowd_.meter.latency.count();
  result.latency = crowd_.meter.latency;
  result.sendLag = sendLag_;
  result.roundMaxNs = round;
  result.clientCores = elapsed > 0 ? static_cast<double>(end_.client - from_.client) / static_cast<double>(elapsed) : 0;
  result.serverKnown = options_.serverPid != 0 && !end_.server.threads.empty();
  result.server = cpuBetween(from_.server, end_.server, elapsed);
  result.serverShare = limitShare(result.server, options_.serverPid);
  result.othersCores = others;
  result.drained = drained;
  return result;
}

Load::Mark Load::mark() const {
  const Meter& meter = crowd_.meter;
  return {nowNs(), published_, completed_, meter.deliveries, meter.frames, meter.bytes, readCpu(options_.serverPid), ownCpu()};
}

/** Sends what is due by now, each message with the time at which it should have left, however late we are. */
void Load::pace(Nanos now) {
  if (!sending_) return;
  for (int i = 0; i < kSendsPerTurn && nextSend_ <= now && nextSend_ < to_; i++) {
    if (crowd_.meter.measures(nextSend_)) sendLag_.record(crowd_.loop.readTime() - nextSend_);
    publish(nextSend_);
    nextSend_ += nextGap();
  }
  if (nextSend_ < to_) timers_.push_back(crowd_.loop.at(nextSend_, [this](Nanos later) { pace(later); }));
}

Nanos Load::nextGap() {
  const double mean = 1e9 / rate_;
  if (options_.spacing == "even") return static_cast<Nanos>(mean);
  return static_cast<Nanos>(std::exponential_distribution<double>(1 / mean)(random_));
}

void Load::publish(Nanos intended) {
  const uint64_t deliveries = publishers_[turn_].publish(intended);
  turn_ = (turn_ + 1) % publishers_.size();
  published_++;
  due_ += deliveries;
  if (crowd_.meter.measures(intended)) expected_ += deliveries;
}

void Load::onComplete(uint32_t, Nanos now) {
  completed_++;
  if (closedLoop_ && sending_) publish(now);
}

void WindowResult::addTo(Report& report) const {
  if (askedRate > 0) report.real("asked_rate", askedRate, 1);
  report.real("window_s", windowSeconds);
  report.real("publishes_per_s", perSecond(published), 1);
  report.real("completed_per_s", perSecond(completed), 1);
  report.real("deliveries_per_s", perSecond(deliveries), 0);
  report.real("frames_per_s", perSecond(frames), 0);
  report.real("mbytes_per_s", perSecond(bytes) / 1e6, 1);
  report.integer("expected", expected);
  report.integer("delivered", delivered);
  report.real("delivered_ratio", deliveredRatio(), 4);
  report.real("p50_ms", toMillis(latency.percentile(50)), 3);
  report.real("p90_ms", toMillis(latency.percentile(90)), 3);
  report.real("p99_ms", toMillis(latency.percentile(99)), 3);
  report.real("p999_ms", toMillis(latency.percentile(99.9)), 3);
  report.real("max_ms", toMillis(latency.max()), 3);
  if (askedRate > 0) {
    report.real("send_lag_p99_ms", toMillis(sendLag.percentile(99)), 3);
    report.real("send_lag_max_ms", toMillis(sendLag.max()), 3);
  }
  report.real("client_round_max_ms", toMillis(roundMaxNs), 3);
  report.real("client_cores", clientCores);
  if (serverKnown) {
    report.real("server_cores", server.cores);
    report.real("server_busiest_thread", server.busiestThread);
    report.real("server_us_per_delivery", deliveries == 0 ? 0 : server.cores * windowSeconds * 1e6 / static_cast<double>(deliveries), 3);
  }
  report.real("others_cores", othersCores);
  report.boolean("client_limited", clientLimited());
  report.boolean("disturbed", disturbed());
  report.boolean("aborted", aborted);
  report.boolean("drained", drained);
}

}  // namespace bench
