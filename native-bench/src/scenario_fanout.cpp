// fanout: how much at most, closed loop, for one size of message after the other.
#include <algorithm>

#include "load.h"
#include "scenarios.h"

namespace bench {

namespace {

/** Messages outstanding, so few that what is under way to all members stays within the limit. */
uint64_t windowFor(const Options& options, double reach, int64_t payload) {
  const double limit = static_cast<double>(options.inflightMb) * 1e6 / (reach * static_cast<double>(payload));
  return static_cast<uint64_t>(std::max(1.0, std::min(static_cast<double>(options.window), limit)));
}

}  // namespace

Verdict runFanout(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  Load load(crowd, options);
  std::string refusal;
  bool drained = true, isFirst = true;
  for (const int64_t payload : options.payloadList()) {
    for (Publisher& publisher : load.publishers()) publisher.setPayload(static_cast<size_t>(payload));
    const WindowResult result = load.closedLoop(windowFor(options, load.reach(), payload));
    Report window;
    result.addTo(window);
    if (isFirst) report.append(window, "");
    isFirst = false;
    const std::string reason = reasonToRefuse(result);
    if (refusal.empty()) refusal = reason;
    window.boolean("refused", !reason.empty());
    if (!options.payloads.empty()) report.append(window, "_" + std::to_string(payload));
    drained = drained && result.drained;
    if (!drained || crowd.faults.total() > 0) break;
  }
  return conclude(report, refusal, drained && crowd.faults.total() == 0);
}

}  // namespace bench
