// overload: far more than the server can do, by the clock, and for a bounded time. What still comes, how the server's memory
// grows, whom it drops, and whether the rest is complete in the end.
#include "load.h"
#include "scenarios.h"

namespace bench {

namespace {
constexpr double kDrainSeconds = 30;
}

Verdict runOverload(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  // Both are how a server may defend itself; the one is told to the sender, the other to the receiver.
  crowd.faults.tolerate(Fault::BUSY);
  crowd.faults.tolerate(Fault::SLOW_CONSUMER);
  Load load(crowd, options);
  load.drainSeconds = kDrainSeconds;
  const WindowResult result = load.openLoop(options.rate, kNeverHopeless);
  result.addTo(report);
  report.real("drain_s", result.drainSeconds);
  report.integer("lost", load.backlog());
  report.integer("kicked", crowd.faults.count(Fault::SLOW_CONSUMER));
  report.integer("refused_busy", crowd.faults.count(Fault::BUSY));
  report.integer("forgiven", crowd.meter.forgiven);
  // Messages that are lost are the result here, not a failure; wrong ones would be faults.
  return conclude(report, reasonToRefuse(result), crowd.faults.total() == 0);
}

}  // namespace bench
