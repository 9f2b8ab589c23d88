// rate and search: how fast, how far.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>

#include "load.h"
#include "scenarios.h"

namespace bench {

namespace {

constexpr double kQuietSeconds = 0.3;
constexpr double kCalmSeconds = 2;
constexpr double kDeliveredRatioMin = 0.99;
// `rate` goes on through an overload, to show it, until the backlog is a danger to the machine.
constexpr double kHopelessSeconds = 5;

bool passes(const WindowResult& result, const Options& options) {
  return !result.aborted && result.drained && result.deliveredRatio() >= kDeliveredRatioMin &&
         toMillis(result.latency.percentile(99)) <= options.p99Ms;
}

/** A search over rates: upwards by a factor until one fails, then halving the interval on the logarithmic scale. */
class Search {
 public:
  Search(Load& load, Crowd& crowd, const Options& options)
      : load_(load), crowd_(crowd), options_(options),
        // Once the server owes so much, more than 1 % of the window is later than the limit whatever follows.
        hopelessSeconds_(std::max(options.p99Ms * 4 / 1000, options.seconds / 50 + options.p99Ms / 1000)) {}

  void run() {
    double rate = options_.rateStart;
    while (rate <= options_.rateMax && tryRate(rate)) rate *= options_.growth;
    while (passed == 0 && failed > 1 && !stopped()) tryRate(failed / 2);
    while (failed > 0 && passed > 0 && failed / passed > 1 + options_.resolution && !stopped()) {
      tryRate(std::sqrt(passed * failed));
    }
  }

  double passed = 0;
  double failed = 0;
  WindowResult best;
  WindowResult limit;  // the failing window that bounds the result from above
  bool broken = false;  // the server lost messages or misbehaved
  bool gaveUp = false;  // no calm moment was found
  std::vector<Report> steps;

 private:
  bool stopped() const { return broken || gaveUp; }

  bool tryRate(double rate) {
    WindowResult result;
    int64_t patience = options_.patience;
    for (int64_t i = 0; i < options_.tries && !stopped();) {
      result = load_.openLoop(rate, hopelessSeconds_);
      const bool good = passes(result, options_);
      tell(result, good);
      broken = !result.drained || crowd_.faults.total() > 0;
      crowd_.loop.runFor(seconds(kQuietSeconds));
      if (good) return passed = rate, best = result, !broken;
      // A failure under somebody else's load says nothing: wait for a calmer moment, but not for ever.
      if (!result.disturbed()) i++;
      else if (patience-- > 0) crowd_.loop.runFor(seconds(kCalmSeconds));
      else gaveUp = true;
    }
    failed = rate, limit = result;
    return false;
  }

  void tell(const WindowResult& result, bool good) {
    std::printf("  %8.0f msg/s  %10.0f deliveries/s  p50 %8.2f  p99 %8.2f  max %8.2f ms  server %.2f  client %.2f  others %.2f  %s%s%s\n",
                result.askedRate, result.perSecond(result.deliveries), toMillis(result.latency.percentile(50)),
                toMillis(result.latency.percentile(99)), toMillis(result.latency.max()), result.server.busiestThread,
                result.clientCores, result.othersCores, good ? "passes" : "fails", result.aborted ? " (aborted)" : "",
                result.disturbed() ? " (disturbed)" : "");
    std::fflush(stdout);
    Report step;
    result.addTo(step);
    step.boolean("passes", good);
    steps.push_back(step);
  }

  Load& load_;
  Crowd& crowd_;
  const Options& options_;
  const double hopelessSeconds_;
};

}  // namespace

Verdict conclude(Report& report, const std::string& refusal, bool sound) {
  report.boolean("refused", !refusal.empty());
  report.text("refused_because", refusal);
  if (!sound) return Verdict::FAILED;
  if (refusal.empty()) return Verdict::PASSED;
  std::printf("REFUSED: %s\n", refusal.c_str());
  return Verdict::REFUSED;
}

Verdict runRate(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  Load load(crowd, options);
  const WindowResult result = load.openLoop(options.rate, kHopelessSeconds);
  result.addTo(report);
  return conclude(report, reasonToRefuse(result), result.drained && crowd.faults.total() == 0);
}

Verdict runSearch(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  Load load(crowd, options);
  Search search(load, crowd, options);
  search.run();
  search.best.addTo(report);
  report.real("highest_passing_rate", search.passed, 0);
  report.real("highest_passing_deliveries", search.best.perSecond(search.best.deliveries), 0);
  report.real("lowest_failing_rate", search.failed, 0);
  report.list("steps", search.steps);

  std::string refusal = "no rate failed";
  if (search.failed > 0) refusal = reasonToRefuse(search.limit);
  report.boolean("lower_bound", !refusal.empty());
  if (!refusal.empty()) refusal += " at the failing rate, the result is a lower bound";
  return conclude(report, refusal, !search.broken && (search.passed > 0 || !refusal.empty()));
}

}  // namespace bench
