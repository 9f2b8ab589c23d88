#include "load.h"

#include <algorithm>
#include <cmath>

namespace bench {

namespace {
// A stretch starts a little later than now, so that its first messages are not late already.
constexpr Nanos kLeadTime = 20 * kMillisecond;
// After so many messages in a row one socket is read again: sending must not starve the receiving it waits for.
constexpr int kSendsPerTurn = 32;
constexpr Nanos kRssEvery = 100 * kMillisecond;
}  // namespace

std::string reasonToRefuse(const WindowResult& result) {
  if (result.clientLimited()) return "the client was the bottleneck";
  if (result.disturbed()) return "the machine was busy with other work";
  return "";
}

Load::Load(Crowd& crowd, const Options& options, std::vector<Publisher> publishers)
    : crowd_(crowd),
      options_(options),
      publishers_(std::move(publishers)),
      random_(static_cast<uint64_t>(options.seed)) {
  crowd.listenForCompletion(this);
  crowd.forgetReceived();
}

double Load::reach() const {
  uint64_t sum = 0;
  for (const Publisher& publisher : publishers_) sum += publisher.reach();
  return static_cast<double>(sum) / static_cast<double>(publishers_.size());
}

uint64_t Load::backlog() const {
  const uint64_t settled = crowd_.meter.deliveries + crowd_.meter.forgiven;
  return due_ > settled ? due_ - settled : 0;
}

WindowResult Load::openLoop(double rate, double hopelessSeconds) {
  closedLoop_ = false;
  rate_ = rate;
  begin();
  nextSend_ = crowd_.loop.now() + kLeadTime;
  paceTimer_ = crowd_.loop.at(nextSend_, [this](Nanos now) { pace(now); });

  const double perMessage = reach();
  const double hopeless = rate * perMessage * hopelessSeconds + perMessage;
  bool aborted = false;
  crowd_.loop.runUntil([&] { return measured_ || (aborted = static_cast<double>(backlog()) > hopeless); }, to_ + 5 * kSecond);
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
  WindowResult result = finish();
  result.window = window;
  return result;
}

void Load::begin() {
  machineFrom_ = readMachine(options_.serverPid);
  rssBefore_ = readRss(options_.serverPid), rssMax_ = 0;
  const Nanos from = crowd_.loop.readTime() + kLeadTime + seconds(options_.warmup);
  to_ = from + seconds(options_.seconds);
  crowd_.meter.open(from, to_);
  sending_ = true, measured_ = false;
  sendLag_.clear();
  expected_ = 0;
  from_ = end_ = mark();
  windowTimers_[0] = crowd_.loop.at(from, [this](Nanos) {
    from_ = mark();
    sampleRss();
  });
  windowTimers_[1] = crowd_.loop.at(to_, [this](Nanos) {
    end_ = mark();
    rssMax_ = std::max(rssMax_, readRss(options_.serverPid));
    measured_ = true;
  });
}

void Load::sampleRss() {
  rssMax_ = std::max(rssMax_, readRss(options_.serverPid));
  rssTimer_ = crowd_.loop.at(crowd_.loop.now() + kRssEvery, [this](Nanos) { sampleRss(); });
}

WindowResult Load::finish() {
  sending_ = false;
  for (const int timer : {windowTimers_[0], windowTimers_[1], paceTimer_, rssTimer_}) crowd_.loop.cancel(timer);
  if (!measured_) end_ = mark();
  const Nanos round = crowd_.meter.roundMaxNs;
  const double others = othersBetween(machineFrom_, readMachine(options_.serverPid));
  const bool drained =
      crowd_.loop.runUntil([this] { return backlog() == 0; }, crowd_.loop.readTime() + seconds(drainSeconds));

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
  result.rssBefore = rssBefore_;
  result.rssMax = rssMax_;
  result.rssAfter = readRss(options_.serverPid);
  result.drained = drained;
  result.drainSeconds = toSeconds(nowNs() - end_.at);
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
  if (nextSend_ < to_) paceTimer_ = crowd_.loop.at(nextSend_, [this](Nanos later) { pace(later); });
}

Nanos Load::nextGap() {
  const double mean = 1e9 / rate_;
  if (options_.spacing == "even") return static_cast<Nanos>(mean);
  return static_cast<Nanos>(std::exponential_distribution<double>(1 / mean)(random_));
}

void Load::publish(Nanos intended) {
  // Where members were lost the others speak for them: the rate is that of all together.
  for (size_t tries = 1; tries < publishers_.size() && !publishers_[turn_].canPublish(); tries++) turn_ = (turn_ + 1) % publishers_.size();
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

double WindowResult::serverMicrosPerDelivery() const {
  return deliveries == 0 ? 0 : server.cores * windowSeconds * 1e6 / static_cast<double>(deliveries);
}

void WindowResult::addTo(Report& report) const {
  if (askedRate > 0) report.real("asked_rate", askedRate, 1);
  if (window > 0) report.integer("window", window);
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
    report.real("server_us_per_delivery", serverMicrosPerDelivery(), 3);
  }
  if (serverKnown) {
    report.integer("rss_before", rssBefore);
    report.integer("rss_max", rssMax);
    report.integer("rss_after", rssAfter);
  }
  report.real("others_cores", othersCores);
  report.boolean("client_limited", clientLimited());
  report.boolean("disturbed", disturbed());
  report.boolean("aborted", aborted);
  report.boolean("drained", drained);
}

}  // namespace bench
