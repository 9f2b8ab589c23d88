#include "dialect.h"

namespace bench {

namespace {

struct Row {
  const char* server;
  std::unique_ptr<Dialect> (*make)();
};

// imgate is not among them: it is made with a transport.
constexpr Row kRows[] = {{"bare", makeBareDialect}, {"ws", makeBareDialect},     {"socketio", makeSocketIoDialect},
                         {"nats", makeNatsDialect}, {"mosquitto", makeMqttDialect}, {"nchan", makeNchanDialect}};

}  // namespace

std::unique_ptr<Dialect> makeDialect(const std::string& server, Transport transport) {
  for (const Row& row : kRows) {
    if (server == row.server) return row.make();
  }
  return makeImgateDialect(transport);
}

bool isServerName(const std::string& name) {
  for (const Row& row : kRows) {
    if (name == row.server) return true;
  }
  return name == "imgate";
}

}  // namespace bench
