// imgate-bench: raises its descriptor limit, runs one scenario, prints and saves the report.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <exception>

#include "scenarios.h"

namespace {

using namespace bench;

struct Scenario {
  const char* name;
  Verdict (*run)(Crowd&, const Options&, Report&);
};

constexpr Scenario kScenarios[] = {{"tickets", runTickets}, {"verify", runVerify}, {"fanout", runFanout}, {"rate", runRate},
                                   {"search", runSearch}, {"signin", runSignin}, {"idle", runIdle}, {"push", runPush}, {"reconnect", runReconnect},
                                   {"overload", runOverload}, {"private", runPrivate}, {"placement", runPlacement}};

const char* nameOf(Verdict verdict) {
  return verdict == Verdict::PASSED ? "passed" : verdict == Verdict::REFUSED ? "refused" : "failed";
}

void raiseDescriptorLimit(int64_t connections) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (static_cast<rlim_t>(connections) + 64 > limit.rlim_max) {
    std::fprintf(stderr, "imgate-bench: %lld connections, but at most %llu open files are allowed\n",
                 static_cast<long long>(connections), static_cast<unsigned long long>(limit.rlim_max));
    std::exit(2);
  }
}

int run(const Options& options) {
  for (const Scenario& scenario : kScenarios) {
    if (options.scenario != scenario.name) continue;
    raiseDescriptorLimit(options.connections() + options.httpConnections);
    Crowd crowd(options);
    Report report;
    report.text("scenario", options.scenario);
    report.text("server", options.server);
    report.integer("members", static_cast<uint64_t>(options.members));
    report.text("order_checked", crowd.keepsOneOrder() ? "one for all" : "of each publisher");
    const Verdict verdict = scenario.run(crowd, options, report);
    report.faults(crowd.faults);
    report.text("verdict", nameOf(verdict));
    report.print();
    if (!options.json.empty() && !report.save(options.json)) {
      std::fprintf(stderr, "imgate-bench: cannot write %s\n", options.json.c_str());
      return 1;
    }
    return static_cast<int>(verdict);
  }
  std::fprintf(stderr, "imgate-bench: no scenario %s\n", options.scenario.c_str());
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const bench::Options options = bench::parseOptions(argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "imgate-bench: %s\n", error.what());
    return 1;
  }
}
