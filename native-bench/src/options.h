// Every option of every scenario, read once.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct Options {
  std::string scenario;

  std::string http = "127.0.0.1:8080";  // HTTP API; for any other server than imgate its one address
  std::string server = "imgate";        // or one of its peers, see dialect.h
  std::string apiKey;
  int64_t serverPid = 0;

  int64_t members = 1000;
  std::string transport = "ws-binary";  // ws-json, tcp, mixed
  int64_t wsBinary = 0, wsJson = 0, tcp = 0;  // verify; any of them set overrides members and transport
  int64_t rooms = 1;
  int64_t roomsPerMember = 1;
  int64_t publishers = 0;  // 0: 200, or what the scenario takes
  int64_t payload = 128;
  std::string payloads;    // fanout: a list of them, parted by commas
  int64_t idBase = 0;  // first uid and first rid; 0: chosen by the scenario

  int64_t messages = 50;
  int64_t pushes = 100;
  double timeout = 120;
  std::string tickets;     // file that the scenario `tickets` writes and the others read
  std::string tcpAddress;  // where those over TCP connect, with tickets from a file

  int64_t window = 8;
  int64_t inflightMb = 256;
  double warmup = 1;
  double seconds = 5;

  double rate = 400;
  std::string spacing = "even";  // or "poisson"
  double p99Ms = 50;
  double rateStart = 200;
  double rateMax = 100000;
  double growth = 1.5;
  double resolution = 0.05;
  int64_t tries = 2;
  int64_t patience = 5;

  int64_t stayers = 1000;
  int64_t rounds = 3;

  int64_t concurrency = 0;       // 0: 200
  int64_t reconnectsAtATime = 0; // as concurrency, but without it all at once
  int64_t httpConnections = 16;
  int64_t seed = 1;
  std::string json;

  /** Devices get tickets over HTTP, sign in, and have their messages acknowledged. */
  bool hasApi() const { return server == "imgate"; }
  /** Members that join no room when they sign in. */
  bool isRoomless() const { return scenario == "private" || scenario == "placement"; }
  /** Members, and whoever else the scenario connects. */
  int64_t connections() const;
  /** Each payload size to be measured; at least one. */
  std::vector<int64_t> payloadList() const;
};

/** Exits with the usage text (2) on anything it does not know, or on --help (0). */
Options parseOptions(int argc, char** argv);

}  // namespace bench
