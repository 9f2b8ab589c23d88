#include "options.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <variant>
#include <vector>

#include "dialect.h"
#include "payload.h"

namespace bench {

namespace {

struct Row {
  const char* name;
  std::variant<std::string*, int64_t*, double*> target;
  const char* doc;
};

std::vector<Row> table(Options& o) {
  return {
      {"--http", &o.http, "ip:port of the HTTP API (with another --server than imgate: of the server)"},
      {"--server", &o.server, kServerNames},
      {"--api-key", &o.apiKey, "sent as Authorization: Bearer"},
      {"--server-pid", &o.serverPid, "process whose CPU time and memory are read from /proc"},
      {"--members", &o.members, "connections, all of them members of a room"},
      {"--transport", &o.transport, "ws-binary, ws-json, tcp or mixed"},
      {"--ws-binary", &o.wsBinary, "connections of that kind (instead of --members, --transport)"},
      {"--ws-json", &o.wsJson, "connections of that kind"},
      {"--tcp", &o.tcp, "connections of that kind"},
      {"--rooms", &o.rooms, "rooms the members are spread over"},
      {"--publishers", &o.publishers, "members that publish"},
      {"--payload", &o.payload, "bytes of text in each message"},
      {"--id-base", &o.idBase, "first uid and rid (verify: above 2^53, else 1000000)"},
      {"--messages", &o.messages, "verify: messages of each publisher"},
      {"--pushes", &o.pushes, "verify: HTTP pushes, round-robin over the rooms"},
      {"--timeout", &o.timeout, "verify, signin, reconnect, idle: deadline in seconds"},
      {"--window", &o.window, "fanout: messages outstanding in all; verify: for each publisher"},
      {"--warmup", &o.warmup, "seconds before the measured window"},
      {"--seconds", &o.seconds, "length of the measured window; idle: how long to hold"},
      {"--rate", &o.rate, "rate: messages a second, of all publishers together"},
      {"--spacing", &o.spacing, "rate, search: even or poisson"},
      {"--p99-ms", &o.p99Ms, "search: the p99 latency that must not be exceeded"},
      {"--rate-start", &o.rateStart, "search: first rate"},
      {"--rate-max", &o.rateMax, "search: no rate above this one is tried"},
      {"--growth", &o.growth, "search: factor from step to step until one fails"},
      {"--resolution", &o.resolution, "search: how close the passing and the failing rate must get"},
      {"--tries", &o.tries, "search: a rate fails only when it failed that often"},
      {"--patience", &o.patience, "search: so many failures under other work are repeated, for each rate"},
      {"--concurrency", &o.concurrency, "sign-ins under way at a time"},
      {"--http-connections", &o.httpConnections, "keep-alive connections to the HTTP API"},
      {"--seed", &o.seed, "of the transport mix and of the Poisson process"},
      {"--json", &o.json, "file for the result as JSON"},
  };
}

[[noreturn]] void usage(int status, const std::string& why) {
  FILE* out = status == 0 ? stdout : stderr;
  if (!why.empty()) std::fprintf(out, "imgate-bench: %s\n", why.c_str());
  std::fprintf(out, "usage: imgate-bench verify|fanout|rate|search|push|signin|reconnect|idle [--option value ...]\n");
  Options defaults;
  for (const Row& row : table(defaults)) std::fprintf(out, "  %-20s %s\n", row.name, row.doc);
  std::exit(status);
}

void assign(const Row& row, const char* value) {
  char* end = nullptr;
  if (auto* const* text = std::get_if<std::string*>(&row.target)) return void(**text = value);
  if (auto* const* whole = std::get_if<int64_t*>(&row.target)) **whole = std::strtoll(value, &end, 10);
  if (auto* const* real = std::get_if<double*>(&row.target)) **real = std::strtod(value, &end);
  if (*value == '\0' || *end != '\0' || *value == '-') usage(2, std::string(row.name) + ": not a number: " + value);
}

void check(Options& o) {
  const auto require = [](bool ok, const char* why) {
    if (!ok) usage(2, why);
  };
  const bool kinds = o.wsBinary + o.wsJson + o.tcp > 0;
  if (kinds) o.members = o.wsBinary + o.wsJson + o.tcp;
  else if (o.transport == "ws-binary") o.wsBinary = o.members;
  else if (o.transport == "ws-json") o.wsJson = o.members;
  else if (o.transport == "tcp") o.tcp = o.members;
  else if (o.transport == "mixed") o.wsJson = o.members / 4, o.tcp = o.members / 2, o.wsBinary = o.members - o.wsJson - o.tcp;
  else usage(2, "--transport: ws-binary, ws-json, tcp or mixed");

  require(isServerName(o.server), (std::string("--server: one of ") + kServerNames).c_str());
  require(o.spacing == "even" || o.spacing == "poisson", "--spacing: even or poisson");
  require(o.members > 0 && o.rooms > 0 && o.window > 0 && o.concurrency > 0 && o.httpConnections > 0 && o.tries > 0,
          "counts start at 1");
  require(o.publishers > 0, "--publishers: at least 1");
  require(o.rate > 0 && o.rateStart > 0 && o.growth > 1 && o.resolution > 0, "rates are positive, --growth is above 1");
  require(o.payload >= static_cast<int64_t>(kPayloadBytesMin), "--payload: at least 44, the identity of a message");
  require(o.hasApi() || o.wsBinary == o.members, "--transport is for imgate; every other server has one");
  require(o.hasApi() || o.scenario != "verify", "verify: imgate only");
  require(o.scenario != "push" || !makeDialect(o.server, Transport::WS_BINARY)->pushTarget(0).empty(), "push: imgate or nchan");
  if (o.publishers > o.members) o.publishers = o.members;
  if (o.idBase == 0) o.idBase = o.scenario == "verify" ? (1ll << 53) + 1 : 1'000'000;
}

}  // namespace

Options parseOptions(int argc, char** argv) {
  Options options;
  if (argc < 2) usage(2, "which scenario?");
  if (std::strcmp(argv[1], "--help") == 0) usage(0, "");
  options.scenario = argv[1];
  if (options.scenario == "verify") options.rooms = 10, options.window = 4, options.publishers = 100;

  const std::vector<Row> rows = table(options);
  for (int i = 2; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--help") usage(0, "");
    const Row* found = nullptr;
    for (const Row& row : rows) {
      if (row.name == name) found = &row;
    }
    if (found == nullptr) usage(2, "unknown option " + std::string(name));
    if (i + 1 == argc) usage(2, std::string(name) + ": value missing");
    assign(*found, argv[i + 1]);
  }
  check(options);
  return options;
}

}  // namespace bench
