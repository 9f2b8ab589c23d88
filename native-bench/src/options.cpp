#include "options.h"

#include <algorithm>
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
      {"--rooms-per-member", &o.roomsPerMember, "rooms that each member is in, all rooms of one size (imgate, bare, ws)"},
      {"--publishers", &o.publishers, "members that publish (200; with several rooms per member one in each room; private: all)"},
      {"--payload", &o.payload, "bytes of text in each message"},
      {"--payloads", &o.payloads, "fanout: sizes parted by commas, one window after the other; figures with the suffix _SIZE"},
      {"--id-base", &o.idBase, "first uid and rid (verify: above 2^53, else 1000000)"},
      {"--messages", &o.messages, "verify: messages of each publisher"},
      {"--pushes", &o.pushes, "verify: HTTP pushes, round-robin over the rooms"},
      {"--tickets", &o.tickets, "file with the tickets: the scenario `tickets` writes it, the others read it instead of asking"},
      {"--tcp-address", &o.tcpAddress, "ip:port for raw TCP, with tickets from a file"},
      {"--timeout", &o.timeout, "verify, signin, reconnect, idle: deadline in seconds"},
      {"--window", &o.window, "fanout: messages outstanding in all; verify: for each publisher"},
      {"--inflight-mb", &o.inflightMb, "fanout: the window is lowered until window x members x payload is within so many MB"},
      {"--warmup", &o.warmup, "seconds before the measured window"},
      {"--seconds", &o.seconds, "length of the measured window; idle: how long to hold"},
      {"--rate", &o.rate, "rate, overload, private, reconnect, placement: messages a second, of all publishers together"},
      {"--spacing", &o.spacing, "rate, search: even or poisson"},
      {"--p99-ms", &o.p99Ms, "search: the p99 latency that must not be exceeded"},
      {"--rate-start", &o.rateStart, "search: first rate"},
      {"--rate-max", &o.rateMax, "search: no rate above this one is tried"},
      {"--growth", &o.growth, "search: factor from step to step until one fails"},
      {"--resolution", &o.resolution, "search: how close the passing and the failing rate must get"},
      {"--tries", &o.tries, "search: a rate fails only when it failed that often"},
      {"--patience", &o.patience, "search: so many failures under other work are repeated, for each rate"},
      {"--stayers", &o.stayers, "reconnect: members in a room of their own that stay while --members come back"},
      {"--rounds", &o.rounds, "placement: of both rooms in turn; signin: how often all sign in after the first time"},
      {"--concurrency", &o.concurrency, "sign-ins under way at a time (200, with several rooms per member so many joins; reconnect: all at once)"},
      {"--http-connections", &o.httpConnections, "keep-alive connections to the HTTP API"},
      {"--seed", &o.seed, "of the transport mix and of the Poisson process"},
      {"--json", &o.json, "file for the result as JSON"},
  };
}

[[noreturn]] void usage(int status, const std::string& why) {
  FILE* out = status == 0 ? stdout : stderr;
  if (!why.empty()) std::fprintf(out, "imgate-bench: %s\n", why.c_str());
  std::fprintf(out, "usage: imgate-bench tickets|verify|fanout|rate|search|overload|private|push|signin|reconnect|placement|idle [--option value ...]\n");
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
  const std::unique_ptr<Dialect> dialect = makeDialect(o.server, Transport::WS_BINARY);
  if (o.publishers == 0) o.publishers = o.scenario == "private" ? o.members : o.roomsPerMember > 1 ? o.rooms : 200;
  o.reconnectsAtATime = o.concurrency > 0 ? o.concurrency : o.connections();
  // As many joins under way at a time, whether in one room each or in several.
  if (o.concurrency == 0) o.concurrency = std::max<int64_t>(1, 200 / std::max<int64_t>(1, o.roomsPerMember));
  require(o.spacing == "even" || o.spacing == "poisson", "--spacing: even or poisson");
  require(o.members > 0 && o.rooms > 0 && o.window > 0 && o.httpConnections > 0 && o.tries > 0 && o.rounds > 0 &&
              o.roomsPerMember > 0 && o.inflightMb > 0,
          "counts start at 1");
  require(o.rate > 0 && o.rateStart > 0 && o.growth > 1 && o.resolution > 0, "rates are positive, --growth is above 1");
  for (const int64_t payload : o.payloadList()) {
    require(payload >= static_cast<int64_t>(kPayloadBytesMin), "--payload, --payloads: at least 44, the identity of a message");
  }
  require(o.payloads.empty() || o.scenario == "fanout", "--payloads: fanout only");
  require(o.hasApi() || o.wsBinary == o.members, "--transport is for imgate; every other server has one");
  require(o.hasApi() || (o.scenario != "verify" && o.scenario != "placement"), "verify, placement: imgate only");
  require(o.scenario != "push" || !dialect->pushTarget(0).empty(), "push: imgate, bare or nchan");
  require(o.scenario != "private" || (dialect->hasPrivateChat() && o.server != "ws"), "private: imgate or bare");
  require(o.scenario != "private" || o.members % 2 == 0, "private: members come in pairs");
  require(o.roomsPerMember == 1 || dialect->hasManyRooms(), "--rooms-per-member: imgate, bare or ws");
  require(o.roomsPerMember == 1 || (o.scenario != "verify" && o.scenario != "reconnect" && !o.isRoomless()),
          "--rooms-per-member: not with this scenario");
  require(o.roomsPerMember <= o.rooms && (o.roomsPerMember == 1 || o.members * o.roomsPerMember % o.rooms == 0),
          "--rooms-per-member: members x rooms per member must fill all rooms alike");
  o.publishers = std::min(o.publishers, o.roomsPerMember > 1 ? std::max(o.members, o.rooms) : o.members);
  if (o.idBase == 0) o.idBase = o.scenario == "verify" ? (1ll << 53) + 1 : 1'000'000;
}

}  // namespace

int64_t Options::connections() const {
  if (scenario == "reconnect") return stayers + members;
  // Half of them are expected to land at the right worker; three quarters of that may be bad luck.
  if (scenario == "placement") return members * 5 / 2 + 100;
  return members;
}

std::vector<int64_t> Options::payloadList() const {
  std::vector<int64_t> list;
  for (const char* at = payloads.c_str(); *at != '\0';) {
    char* end = nullptr;
    list.push_back(std::strtoll(at, &end, 10));
    if (end == at || (*end != ',' && *end != '\0')) return {0};  // refused as too small
    at = *end == ',' ? end + 1 : end;
  }
  if (list.empty()) list.push_back(payload);
  return list;
}

Options parseOptions(int argc, char** argv) {
  Options options;
  if (argc < 2) usage(2, "which scenario?");
  if (std::strcmp(argv[1], "--help") == 0) usage(0, "");
  options.scenario = argv[1];
  if (options.scenario == "reconnect") options.rate = 20;
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
