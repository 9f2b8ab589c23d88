#include "crowd.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "json.h"

namespace bench {

namespace {

constexpr Nanos kKeepAliveEvery = kSecond;
constexpr Nanos kSilenceMax = 20 * kSecond;  // a third of what the server tolerates
constexpr Nanos kTrimEvery = 100 * kMillisecond;
// Above this many connections one source address runs out of ports.
constexpr size_t kConnectionsPerSource = 25000;
constexpr uint32_t kFirstSource = 0x7f000001;

sockaddr_in addressOf(const std::string& text) {
  sockaddr_in address{};
  if (!parseAddress(text, address)) throw std::runtime_error("not an ip:port address: " + text);
  return address;
}

/** The kinds of connection in random order, so that every room and the publishers get their share of each. */
std::vector<Transport> mix(const Options& o) {
  std::vector<Transport> kinds;
  kinds.insert(kinds.end(), static_cast<size_t>(o.wsBinary), Transport::WS_BINARY);
  kinds.insert(kinds.end(), static_cast<size_t>(o.wsJson), Transport::WS_JSON);
  kinds.insert(kinds.end(), static_cast<size_t>(o.tcp), Transport::TCP);
  std::mt19937_64 random(static_cast<uint64_t>(o.seed));
  std::shuffle(kinds.begin(), kinds.end(), random);
  return kinds;
}

struct ApiReply {
  uint64_t code = UINT64_MAX;
  uint64_t uid = 0, sid = 0;
  std::string errmsg, token, address;

  explicit ApiReply(std::string_view body) {
    JsonReader reader(body);
    std::string_view text;
    if (!reader.enterMap()) return;
    for (std::string_view key; reader.nextKey(key);) {
      bool read = true;
      if (key == "code") read = reader.integer(code);
      else if (key == "uid") read = reader.integer(uid);
      else if (key == "sid") read = reader.integer(sid);
      else if (key == "errmsg") read = reader.text(text), errmsg = text;
      else if (key == "token") read = reader.text(text), token = text;
      else if (key == "iplist") {
        read = reader.raw(text);
        JsonReader list(text);
        if (list.enterArray() && list.nextElement() && list.text(text)) address = text;
      } else read = reader.skip();
      if (!read) {
        code = UINT64_MAX, errmsg = "broken JSON";
        return;
      }
    }
  }
};

}  // namespace

Crowd::Crowd(const Options& options)
    : http(loop, addressOf(options.http), options.http, options.apiKey, static_cast<int>(options.httpConnections)),
      run(static_cast<uint32_t>(nowNs() / kMicrosecond) ^ static_cast<uint32_t>(getpid()) << 16),
      options_(options),
      context_{loop, meter, faults, options.http, {}, {}} {
  const std::vector<Transport> kinds = mix(options);
  for (size_t i = 0; i < kinds.size(); i++) {
    const uint64_t rid = ridOf(i % static_cast<uint64_t>(options.rooms));
    std::unique_ptr<Dialect>& dialect = dialects_[kinds[i]];
    if (!dialect) dialect = makeDialect(options.server, kinds[i]);
    members_.push_back(
        std::make_unique<Member>(context_, *this, *dialect, static_cast<uint64_t>(options.idBase) + i, rid));
  }
  loop.onRound = [this](Nanos took) { meter.round(took); };
  keepAlive();
}

bool Crowd::assemble() {
  const Nanos deadline = nowNs() + seconds(options_.timeout);
  if (obtainTickets(deadline) && signIn(deadline)) return true;
  std::fprintf(stderr, "imgate-bench: %zu of %zu have tickets, %zu joined, %zu lost\n", tickets_, size(), ready_, lost_);
  for (const std::string& example : faults.examples()) std::fprintf(stderr, "  %s\n", example.c_str());
  return false;
}

bool Crowd::obtainTickets(Nanos deadline) {
  if (!options_.hasApi()) {
    for (const auto& member : members_) member->ticket.address = http.address();
    tickets_ = size();
    return true;
  }
  for (int i = 0; i < options_.httpConnections && nextTicket_ < size(); i++) ticketFor(nextTicket_++);
  loop.runUntil([this] { return tickets_ == size() || faults.total() > 0; }, deadline);
  return tickets_ == size();
}

void Crowd::ticketFor(size_t i) {
  const std::string uid = std::to_string(members_[i]->uid);
  http.get("/im/register?uid=" + uid + "&nation=86&city=755&town=1", [this, i](int status, std::string_view body) {
    const ApiReply reply(body);
    if (status != 200 || reply.code != 0) return ticketFailed("register: " + std::to_string(status) + " " + std::string(body));
    if (reply.uid != members_[i]->uid) return ticketFailed("register: answers another uid: " + std::string(body));
    members_[i]->ticket.sid = reply.sid;
    requestAddress(i);
  });
}

void Crowd::requestAddress(size_t i) {
  Member& member = *members_[i];
  const char* type = member.isStream() ? "1" : "2";
  const std::string target = std::string("/im/iplist?type=") + type + "&uid=" + std::to_string(member.uid) +
                             "&sid=" + std::to_string(member.ticket.sid) + "&clientip=127.0.0.1";
  http.get(target, [this, i](int status, std::string_view body) {
    const ApiReply reply(body);
    if (status != 200 || reply.code != 0) return ticketFailed("iplist: " + std::to_string(status) + " " + std::string(body));
    Ticket& ticket = members_[i]->ticket;
    if (!parseAddress(reply.address, ticket.address)) return ticketFailed("iplist: no address: " + std::string(body));
    ticket.token = reply.token;
    tickets_++;
    if (nextTicket_ < size()) ticketFor(nextTicket_++);
  });
}

void Crowd::ticketFailed(const std::string& why) { faults.note(Fault::REFUSED, why); }

bool Crowd::signIn(Nanos deadline) {
  for (int i = 0; i < options_.concurrency; i++) connectNext();
  loop.runUntil([this] { return ready_ == size() || lost_ > 0; }, deadline);
  return ready_ == size() && lost_ == 0;
}

bool Crowd::reconnect(Nanos deadline) {
  for (const auto& member : members_) member->hangUp();
  started_ = ready_ = 0;
  while (started_ < size() && lost_ == 0) connectNext();
  loop.runUntil([this] { return ready_ == size() || lost_ > 0; }, deadline);
  return ready_ == size() && lost_ == 0;
}

void Crowd::connectNext() {
  if (started_ == size() || lost_ > 0) return;
  const size_t i = started_++;
  const bool many = size() > kConnectionsPerSource;
  members_[i]->connect(many ? kFirstSource + static_cast<uint32_t>(i / kConnectionsPerSource) : 0);
}

void Crowd::onReady(Member&) {
  ready_++;
  connectNext();
}

void Crowd::onLost(Member&) { lost_++; }

void Crowd::onChatAck(Member& member, const Message& ack) {
  if (onAck) onAck(static_cast<size_t>(member.uid - static_cast<uint64_t>(options_.idBase)), ack);
}

Audience& Crowd::audienceOf(uint64_t rid, uint64_t gid) {
  auto& audience = audiences_[{rid, gid}];
  if (!audience) audience = std::make_unique<Audience>(rid, gid, run, keepsOneOrder(), meter, faults);
  return *audience;
}

std::vector<Audience*> Crowd::audiences() const {
  std::vector<Audience*> all;
  for (const auto& entry : audiences_) all.push_back(entry.second.get());
  return all;
}

uint64_t Crowd::sizeOfRoom(uint64_t rid) const {
  uint64_t sum = 0;
  for (const Audience* audience : audiences()) sum += audience->rid == rid ? audience->size() : 0;
  return sum;
}

void Crowd::listenForCompletion(CompletionListener* listener) {
  for (Audience* audience : audiences()) audience->listener = listener;
}

void Crowd::keepAlive() {
  loop.at(nowNs() + kKeepAliveEvery, [this](Nanos now) {
    for (const auto& member : members_) member->keepAlive(now - kSilenceMax);
    keepAlive();
  });
}

void Crowd::trimAlways() {
  std::map<Audience*, uint64_t> passed;
  for (const auto& member : members_) {
    if (!member->isReady()) continue;
    const auto [entry, isNew] = passed.emplace(member->audience(), member->place().next);
    if (!isNew) entry->second = std::min(entry->second, member->place().next);
  }
  for (const auto& [audience, next] : passed) audience->trim(next);
  loop.at(loop.now() + kTrimEvery, [this](Nanos) { trimAlways(); });
}

}  // namespace bench
