// tickets, signin and idle: what it takes to get in, and what a connection costs that only waits.
#include <cstdio>

#include "phase.h"
#include "scenarios.h"

namespace bench {

namespace {

// The server is to be through with the end of the connections before they come back.
constexpr double kHangUpSeconds = 1;

}  // namespace

Verdict runTickets(Crowd& crowd, const Options& options, Report& report) {
  Phase tickets(options);
  if (!crowd.obtainTickets(nowNs() + seconds(options.timeout))) return Verdict::FAILED;
  tickets.end(report, "tickets", crowd.size());
  if (crowd.saveTickets()) return Verdict::PASSED;
  std::fprintf(stderr, "imgate-bench: cannot write %s\n", options.tickets.c_str());
  return Verdict::FAILED;
}

Verdict runSignin(Crowd& crowd, const Options& options, Report& report) {
  const Nanos deadline = nowNs() + seconds(options.timeout);
  Phase tickets(options);
  if (!crowd.obtainTickets(deadline)) return Verdict::FAILED;
  if (options.hasApi()) tickets.end(report, "tickets", crowd.size());
  Meter& meter = crowd.meter;
  // The first time a server compiles as it goes. All times after it are one figure.
  Phase first(options);
  if (!crowd.signIn(deadline)) return Verdict::FAILED;
  first.end(report, "first_signin", crowd.size());
  meter.roundMaxNs = 0;
  meter.signIn.clear();
  Phase signIn(options);
  signIn.pause();
  for (int64_t round = 0; round < options.rounds; round++) {
    crowd.hangUp(0);
    crowd.loop.runFor(seconds(kHangUpSeconds));
    signIn.begin();
    if (!crowd.signIn(deadline)) return Verdict::FAILED;
    signIn.pause();
  }
  signIn.end(report, "signin", crowd.size() * static_cast<uint64_t>(options.rounds));
  report.real("signin_p50_ms", toMillis(meter.signIn.percentile(50)), 3);
  report.real("signin_p99_ms", toMillis(meter.signIn.percentile(99)), 3);
  report.real("signin_max_ms", toMillis(meter.signIn.max()), 3);
  report.integer("connects_over_1s", meter.slowConnects);
  report.real("client_round_max_ms", toMillis(meter.roundMaxNs), 3);
  return conclude(report, signIn.refusal, crowd.faults.total() == 0);
}

Verdict runIdle(Crowd& crowd, const Options& options, Report& report) {
  const Nanos deadline = nowNs() + seconds(options.timeout);
  if (!crowd.obtainTickets(deadline)) return Verdict::FAILED;
  const uint64_t before = readRss(options.serverPid);
  if (!crowd.signIn(deadline)) return Verdict::FAILED;
  const uint64_t joined = readRss(options.serverPid);
  crowd.loop.runFor(seconds(options.seconds));
  const uint64_t held = readRss(options.serverPid);
  report.integer("rss_before", before);
  report.integer("rss_joined", joined);
  report.integer("rss_held", held);
  const double grown = static_cast<double>(held) - static_cast<double>(before);
  report.real("rss_per_connection", grown / static_cast<double>(crowd.size()), 0);
  return crowd.faults.total() == 0 ? Verdict::PASSED : Verdict::FAILED;
}

}  // namespace bench
