// placement: what a message costs the server in a room that the members' own worker owns, and in one of another worker.
// All members are at worker 1. They are first in a room that worker 1 owns, then in one of worker 0, then again, in turn.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>

#include "load.h"
#include "placement.h"
#include "scenarios.h"

namespace bench {

namespace {

constexpr uint64_t kHome = 1;
constexpr uint64_t kElsewhere = 0;
constexpr double kHopelessSeconds = 5;
constexpr double kStepPatience = 10;
constexpr double kQuietSeconds = 0.3;
constexpr std::string_view kGauge = "imgate_sessions{worker=\"";

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

class PlacementRun {
 public:
  PlacementRun(Crowd& crowd, const Options& options) : crowd_(crowd), options_(options) {}

  /** Connects one after the other and keeps those that landed at the home worker. */
  bool gather() {
    const Nanos deadline = nowNs() + seconds(options_.timeout);
    if (!crowd_.obtainTickets(deadline)) return tell("no tickets");
    std::map<uint64_t, uint64_t> sessions = scrape();
    workers_ = sessions.size();
    if (workers_ < 2) return tell("imgate has fewer than 2 workers, or tells no sessions by worker");
    std::vector<size_t> others;
    for (size_t i = 0; i < crowd_.size() && kept_.size() < static_cast<size_t>(options_.members); i++) {
      if (!crowd_.signInOne(i, deadline)) return tell("a sign-in failed");
      const std::map<uint64_t, uint64_t> before = sessions;
      // The gauges are written by the workers in their own time.
      if (!poll([&] { return (sessions = scrape()) != before; })) return tell("a sign-in did not show in the metrics");
      (sessions[kHome] > before.at(kHome) ? kept_ : others).push_back(i);
    }
    if (kept_.size() < static_cast<size_t>(options_.members)) return tell("too few connections landed at worker 1");
    for (const size_t i : others) crowd_.member(i).hangUp();
    return true;
  }

  bool measure(Report& report) {
    Load load(crowd_, options_, publishers());
    std::vector<double> costs[2], p99[2];
    std::vector<Report> steps;
    for (int64_t round = 0; round < options_.rounds; round++) {
      for (const bool own : {true, false}) {
        const uint64_t rid = roomOf(own ? kHome : kElsewhere);
        if (!enter(rid)) return tell("the members did not get into the room");
        for (Publisher& publisher : load.publishers()) publisher.setRoom(rid);
        crowd_.loop.runFor(seconds(kQuietSeconds));
        const WindowResult result = load.openLoop(options_.rate, kHopelessSeconds);
        if (refusal.empty()) refusal = reasonToRefuse(result);
        if (!result.drained || crowd_.faults.total() > 0) return tell("messages are missing");
        Report step;
        step.text("room", own ? "own" : "other");
        result.addTo(step);
        steps.push_back(step);
        costs[own].push_back(result.serverMicrosPerDelivery());
        p99[own].push_back(toMillis(result.latency.percentile(99)));
        std::printf("  %-5s %8.3f us per delivery, %.0f deliveries/s, p99 %.2f ms\n", own ? "own" : "other", costs[own].back(),
                    result.perSecond(result.deliveries), p99[own].back());
        if (!quit(rid)) return tell("the members did not get out of the room");
      }
    }
    const double own = median(costs[true]), other = median(costs[false]);
    report.real("own_us_per_delivery", own, 3);
    report.real("other_us_per_delivery", other, 3);
    report.real("ratio", own > 0 ? other / own : 0, 3);
    report.real("own_p99_ms", median(p99[true]), 3);
    report.real("other_p99_ms", median(p99[false]), 3);
    report.integer("workers", workers_);
    report.list("steps", steps);
    return true;
  }

  std::string refusal;

 private:
  bool tell(const char* why) {
    std::fprintf(stderr, "imgate-bench: placement: %s\n", why);
    for (const std::string& example : crowd_.faults.examples()) std::fprintf(stderr, "  %s\n", example.c_str());
    return false;
  }

  template <class Done>
  bool poll(Done done) {
    for (const Nanos until = nowNs() + seconds(kStepPatience); nowNs() < until;) {
      if (done()) return true;
      crowd_.loop.runFor(kMillisecond);
    }
    return false;
  }

  /** Sessions by worker. */
  std::map<uint64_t, uint64_t> scrape() {
    std::map<uint64_t, uint64_t> sessions;
    bool answered = false;
    crowd_.http.get("/metrics", [&](int, std::string_view body) {
      answered = true;
      for (size_t at = 0; (at = body.find(kGauge, at)) != std::string_view::npos;) {
        at += kGauge.size();
        const std::string line(body.substr(at, body.find('\n', at) - at));  // 1"} 17
        char* end = nullptr;
        const uint64_t worker = std::strtoull(line.c_str(), &end, 10);
        if (const char* value = std::strchr(end, ' '); value != nullptr) sessions[worker] = std::strtoull(value, nullptr, 10);
      }
    });
    // The reply may not come after we have gone: it writes to what is ours.
    if (!crowd_.loop.runUntil([&] { return answered; }, nowNs() + seconds(kStepPatience))) throw std::runtime_error("no reply to /metrics");
    return sessions;
  }

  uint64_t roomOf(uint64_t worker) const {
    uint64_t room = 0;
    while (ownerOf(crowd_.ridOf(room), workers_) != worker) room++;
    return crowd_.ridOf(room);
  }

  std::vector<Publisher> publishers() const {
    std::vector<Publisher> all;
    for (size_t i = 0; i < kept_.size() && i < static_cast<size_t>(options_.publishers); i++) {
      all.emplace_back(crowd_.member(kept_[i]), Publisher::Target::ROOM, 0, crowd_.run, static_cast<uint32_t>(i),
                       static_cast<size_t>(options_.payload));
    }
    return all;
  }

  bool enter(uint64_t rid) {
    for (const size_t i : kept_) crowd_.member(i).enter(rid);
    return poll([&] {
      return std::all_of(kept_.begin(), kept_.end(), [&](size_t i) {
        const Membership* const room = crowd_.member(i).roomOf(rid);
        return room != nullptr && room->audience != nullptr;
      });
    });
  }

  bool quit(uint64_t rid) {
    for (const size_t i : kept_) crowd_.member(i).quit(rid);
    return poll([&] {
      return std::all_of(kept_.begin(), kept_.end(), [&](size_t i) { return crowd_.member(i).rooms().empty(); });
    });
  }

  Crowd& crowd_;
  const Options& options_;
  std::vector<size_t> kept_;
  uint64_t workers_ = 0;
};

}  // namespace

Verdict runPlacement(Crowd& crowd, const Options& options, Report& report) {
  PlacementRun run(crowd, options);
  const bool sound = run.gather() && run.measure(report);
  return conclude(report, run.refusal, sound && crowd.faults.total() == 0);
}

}  // namespace bench
