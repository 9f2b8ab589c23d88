// Time and CPU of one phase of a run that is not a load: a sign-in, a reconnect.
#pragma once
#include <string>

#include "load.h"
#include "options.h"
#include "process_stats.h"
#include "report.h"

namespace bench {

/** From its making to `end`. */
class Phase {
 public:
  explicit Phase(const Options& options)
      : pid_(options.serverPid), machine_(readMachine(pid_)), start_(nowNs()), cpu_(readCpu(pid_)), own_(ownCpu()) {}

  /** @param count how often was done what is measured */
  void end(Report& report, const std::string& name, uint64_t count) {
    const Nanos elapsed = nowNs() - start_;
    const CpuUse server = cpuBetween(cpu_, readCpu(pid_), elapsed);
    const double client = toSeconds(ownCpu() - own_) / toSeconds(elapsed);
    const double others = othersBetween(machine_, readMachine(pid_));
    report.real(name + "_s", toSeconds(elapsed));
    report.real(name + "_per_s", static_cast<double>(count) / toSeconds(elapsed), 0);
    report.real(name + "_client_cores", client);
    if (pid_ != 0) {
      report.real(name + "_server_cores", server.cores);
      report.real(name + "_server_us", server.cores * toSeconds(elapsed) * 1e6 / static_cast<double>(count));
    }
    report.real(name + "_others_cores", others);
    WindowResult window;  // for its rules
    window.clientCores = client;
    window.serverKnown = pid_ != 0;
    window.serverShare = limitShare(server, pid_);
    window.othersCores = others;
    refusal = reasonToRefuse(window);
  }

  /** Why the figures do not tell of the server; empty when they do. */
  std::string refusal;

 private:
  const int64_t pid_;
  const MachineSample machine_;
  const Nanos start_;
  const CpuSample cpu_;
  const Nanos own_;
};

}  // namespace bench
