// reconnect: how long it takes until all who lost their connection at once are back, and what those notice who did not.
#include <cstdio>

#include "phase.h"
#include "publisher.h"
#include "scenarios.h"

namespace bench {

namespace {

constexpr double kCalmSeconds = 2;
constexpr double kDrainSeconds = 10;

/** One stayer speaks to all stayers by the clock, from the start to the end. */
class Background {
 public:
  Background(Crowd& crowd, const Options& options)
      : crowd_(crowd),
        gap_(static_cast<Nanos>(1e9 / options.rate)),
        publisher_(crowd.member(0), Publisher::Target::ROOM, crowd.ridOf(0), crowd.run, 0, static_cast<size_t>(options.payload)),
        next_(crowd.loop.readTime()) {
    crowd.forgetReceived();
    send(next_);
  }
  ~Background() { crowd_.loop.cancel(timer_); }

  /** From now on latencies are kept, until `take`. */
  void measure() { crowd_.meter.open(crowd_.loop.readTime(), kNever); }

  /** The latencies since `measure`, when all of them are known. */
  Histogram take() {
    crowd_.meter.to = crowd_.loop.readTime();
    const uint64_t expected = due_;
    crowd_.loop.runUntil([&] { return crowd_.meter.deliveries >= expected; }, crowd_.loop.now() + seconds(kDrainSeconds));
    complete = complete && crowd_.meter.deliveries >= expected;
    return crowd_.meter.latency;
  }

  bool complete = true;

 private:
  void send(Nanos now) {
    for (; next_ <= now; next_ += gap_) due_ += publisher_.publish(next_);
    timer_ = crowd_.loop.at(next_, [this](Nanos later) { send(later); });
  }

  Crowd& crowd_;
  const Nanos gap_;
  Publisher publisher_;
  Nanos next_;
  int timer_ = 0;
  uint64_t due_ = 0;
};

bool comeBack(Crowd& crowd, const Options& options, Report& report, std::string& refusal) {
  Meter& meter = crowd.meter;
  meter.connect.clear(), meter.signIn.clear();
  meter.slowConnects = 0;
  Phase phase(options);
  const bool back = crowd.reconnect(static_cast<size_t>(options.stayers), nowNs() + seconds(options.timeout));
  phase.end(report, "reconnect", static_cast<uint64_t>(options.members));
  refusal = phase.refusal;
  report.real("reconnect_p50_ms", toMillis(meter.signIn.percentile(50)), 3);
  report.real("reconnect_p99_ms", toMillis(meter.signIn.percentile(99)), 3);
  report.real("connect_p99_ms", toMillis(meter.connect.percentile(99)), 3);
  report.real("connect_max_ms", toMillis(meter.connect.max()), 3);
  report.integer("connects_over_1s", meter.slowConnects);
  return back;
}

}  // namespace

Verdict runReconnect(Crowd& crowd, const Options& options, Report& report) {
  // Their latency must not be that of this client, which has its hands full with the others.
  for (size_t i = 0; i < static_cast<size_t>(options.stayers); i++) crowd.member(i).beUrgent();
  if (!crowd.assemble()) return Verdict::FAILED;
  report.integer("stayers", static_cast<uint64_t>(options.stayers));
  std::string refusal;
  if (options.stayers == 0) {
    const bool back = comeBack(crowd, options, report, refusal);
    return conclude(report, refusal, back && crowd.faults.total() == 0);
  }

  Background background(crowd, options);
  background.measure();
  crowd.loop.runFor(seconds(kCalmSeconds));
  const Histogram calm = background.take();
  report.real("calm_p50_ms", toMillis(calm.percentile(50)), 3);
  report.real("calm_p99_ms", toMillis(calm.percentile(99)), 3);

  background.measure();
  const bool back = comeBack(crowd, options, report, refusal);
  const Nanos round = crowd.meter.roundMaxNs;
  const Histogram storm = background.take();
  report.integer("stayers_deliveries", storm.count());
  report.real("stayers_p50_ms", toMillis(storm.percentile(50)), 3);
  report.real("stayers_p99_ms", toMillis(storm.percentile(99)), 3);
  report.real("stayers_max_ms", toMillis(storm.max()), 3);
  report.real("client_round_max_ms", toMillis(round), 3);
  report.boolean("stayers_complete", background.complete);
  return conclude(report, refusal, back && background.complete && crowd.faults.total() == 0);
}

}  // namespace bench
