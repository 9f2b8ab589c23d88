// Time and CPU of one phase of a run that is not a load: a sign-in, a reconnect.
#pragma once
#include <string>

#include "load.h"
#include "options.h"
#include "process_stats.h"
#include "report.h"

namespace bench {

/** One stretch from `begin` (its making is one) to `pause`, or several together, and then `end`. */
class Phase {
 public:
  explicit Phase(const Options& options) : pid_(options.serverPid) { begin(); }

  void begin() {
    machine_ = readMachine(pid_);
    start_ = nowNs(), cpu_ = readCpu(pid_), own_ = ownCpu();
    isRunning_ = true;
  }

  void pause() {
    const Nanos took = nowNs() - start_;
    elapsed_ += took;
    ownSpent_ += ownCpu() - own_;
    const CpuUse use = cpuBetween(cpu_, readCpu(pid_), took);
    server_.cores += use.cores * toSeconds(took);
    server_.busiestThread += use.busiestThread * toSeconds(took);
    others_ += othersBetween(machine_, readMachine(pid_)) * toSeconds(took);
    isRunning_ = false;
  }

  /** @param count how often was done what is measured */
  void end(Report& report, const std::string& name, uint64_t count) {
    if (isRunning_) pause();
    const Nanos elapsed = elapsed_;
    CpuUse server = server_;
    server.cores /= toSeconds(elapsed), server.busiestThread /= toSeconds(elapsed);
    const double client = toSeconds(ownSpent_) / toSeconds(elapsed);
    const double others = others_ / toSeconds(elapsed);
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
  // Of the stretch that is going on:
  bool isRunning_ = false;
  MachineSample machine_;
  Nanos start_ = 0;
  CpuSample cpu_;
  Nanos own_ = 0;
  // Of all before it; those of the server and of others times seconds:
  Nanos elapsed_ = 0;
  Nanos ownSpent_ = 0;
  CpuUse server_;
  double others_ = 0;
};

}  // namespace bench
