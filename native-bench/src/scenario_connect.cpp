// signin, reconnect and idle: what it takes to get in, alone and all at once, and what a connection costs that only waits.
#include <cstdio>

#include "process_stats.h"
#include "scenarios.h"

namespace bench {

namespace {

/** Time and server CPU of one phase. */
class Phase {
 public:
  explicit Phase(const Options& options) : pid_(options.serverPid), start_(nowNs()), cpu_(readCpu(pid_)), own_(ownCpu()) {}

  void addTo(Report& report, const std::string& name, uint64_t count) const {
    const Nanos elapsed = nowNs() - start_;
    const CpuUse server = cpuBetween(cpu_, readCpu(pid_), elapsed);
    report.real(name + "_s", toSeconds(elapsed));
    report.real(name + "_per_s", static_cast<double>(count) / toSeconds(elapsed), 0);
    report.real(name + "_client_cores", toSeconds(ownCpu() - own_) / toSeconds(elapsed));
    if (pid_ != 0) report.real(name + "_server_cores", server.cores);
  }

 private:
  const int64_t pid_;
  const Nanos start_;
  const CpuSample cpu_;
  const Nanos own_;
};

}  // namespace

Verdict runSignin(Crowd& crowd, const Options& options, Report& report) {
  const Nanos deadline = nowNs() + seconds(options.timeout);
  const Phase tickets(options);
  if (!crowd.obtainTickets(deadline)) return Verdict::FAILED;
  tickets.addTo(report, "tickets", crowd.size());
  const Phase signIn(options);
  if (!crowd.signIn(deadline)) return Verdict::FAILED;
  signIn.addTo(report, "signin", crowd.size());
  return crowd.faults.total() == 0 ? Verdict::PASSED : Verdict::FAILED;
}

Verdict runReconnect(Crowd& crowd, const Options& options, Report& report) {
  if (!crowd.assemble()) return Verdict::FAILED;
  const Phase phase(options);
  if (!crowd.reconnect(nowNs() + seconds(options.timeout))) return Verdict::FAILED;
  phase.addTo(report, "reconnect", crowd.size());
  return crowd.faults.total() == 0 ? Verdict::PASSED : Verdict::FAILED;
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
