// The subcommands. Each fills the report and returns how the run ended.
#pragma once
#include "crowd.h"
#include "options.h"
#include "report.h"

namespace bench {

enum class Verdict {
  PASSED = 0,
  FAILED = 1,
  REFUSED = 3,  // figures were taken, but they tell of the client and not of the server
};

/** What a run with figures comes to: failed, refused for a reason, or passed. */
Verdict conclude(Report& report, const std::string& refusal, bool sound);

Verdict runVerify(Crowd& crowd, const Options& options, Report& report);
Verdict runFanout(Crowd& crowd, const Options& options, Report& report);
Verdict runRate(Crowd& crowd, const Options& options, Report& report);
Verdict runSearch(Crowd& crowd, const Options& options, Report& report);
Verdict runPush(Crowd& crowd, const Options& options, Report& report);
Verdict runTickets(Crowd& crowd, const Options& options, Report& report);
Verdict runSignin(Crowd& crowd, const Options& options, Report& report);
Verdict runReconnect(Crowd& crowd, const Options& options, Report& report);
Verdict runIdle(Crowd& crowd, const Options& options, Report& report);
Verdict runOverload(Crowd& crowd, const Options& options, Report& report);
Verdict runPrivate(Crowd& crowd, const Options& options, Report& report);
Verdict runPlacement(Crowd& crowd, const Options& options, Report& report);

}  // namespace bench
