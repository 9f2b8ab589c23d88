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
// Connections begun in one go: a few, so that what has come meanwhile is not kept waiting.
constexpr int kConnectsPerTurn = 8;
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
      seating_(seat(options)),
      context_{loop, meter, faults, options.http, {}, {}} {
  const std::vector<Transport> kinds = mix(options);
  for (size_t i = 0; i < seating_.size(); i++) {
    std::vector<uint64_t> rids;
    for (const uint64_t room : seating_[i]) rids.push_back(ridOf(room));
    // Scenarios with more connections than members have one kind of them.
    const Transport kind = kinds[i % kinds.size()];
    std::unique_ptr<Dialect>& dialect = dialects_[kind];
    if (!dialect) dialect = makeDialect(options.server, kind);
    members_.push_back(
        std::make_unique<Member>(context_, *this, *dialect, static_cast<uint64_t>(options.idBase) + i, rids));
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
  if (!options_.tickets.empty() && options_.scenario != "tickets") return loadTickets();
  for (int i = 0; i < options_.httpConnections && nextTicket_ < size(); i++) ticketFor(nextTicket_++);
  loop.runUntil([this] { return tickets_ == size() || faults.total() > 0; }, deadline);
  return tickets_ == size();
}

bool Crowd::saveTickets() const {
  FILE* file = std::fopen(options_.tickets.c_str(), "w");
  if (file == nullptr) return false;
  for (const auto& member : members_) {
    std::fprintf(file, "%llu %s\n", static_cast<unsigned long long>(member->ticket.sid), member->ticket.token.c_str());
  }
  return std::fclose(file) == 0;
}

bool Crowd::loadTickets() {
  const sockaddr_in tcp = addressOf(options_.tcpAddress.empty() ? options_.http : options_.tcpAddress);
  FILE* file = std::fopen(options_.tickets.c_str(), "r");
  if (file == nullptr) return ticketFailed("cannot read " + options_.tickets), false;
  char token[1024];
  unsigned long long sid = 0;
  for (; tickets_ < size() && std::fscanf(file, "%llu %1023s", &sid, token) == 2; tickets_++) {
    Member& member = *members_[tickets_];
    member.ticket.sid = sid;
    member.ticket.token = token;
    member.ticket.address = member.isStream() ? tcp : http.address();
  }
  std::fclose(file);
  if (tickets_ < size()) ticketFailed(options_.tickets + " has too few tickets");
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

bool Crowd::signIn(Nanos deadline) { return connectAll(0, static_cast<size_t>(options_.concurrency), deadline); }

void Crowd::hangUp(size_t first) {
  for (size_t i = first; i < size(); i++) {
    members_[i]->hangUp();
    // Those who stay are looked at in between.
    if (i % kConnectsPerTurn == 0) loop.runUntil([] { return false; }, loop.readTime() + kMicrosecond);
  }
}

bool Crowd::reconnect(size_t first, Nanos deadline) {
  hangUp(first);
  return connectAll(first, static_cast<size_t>(options_.reconnectsAtATime), deadline);
}

bool Crowd::signInOne(size_t i, Nanos deadline) {
  members_[i]->connect(0);
  return loop.runUntil([this, i] { return members_[i]->isReady() || lost_ > 0; }, deadline) && lost_ == 0;
}

bool Crowd::connectAll(size_t first, size_t atATime, Nanos deadline) {
  next_ = first, last_ = size();
  underWay_ = ready_ = 0, atATime_ = atATime;
  loop.background = [this] { return connectDue(); };
  loop.runUntil([this, first] { return ready_ == last_ - first || lost_ > 0; }, deadline);
  const bool complete = ready_ == last_ - first && lost_ == 0;
  loop.background = nullptr;
  return complete;
}

/** Not from within the events of the member that made place: it must not wait for somebody else's connect. */
bool Crowd::connectDue() {
  for (int i = 0; i < kConnectsPerTurn && mayConnect(); i++) {
    underWay_++;
    const size_t member = next_++;
    const bool many = size() > kConnectionsPerSource;
    members_[member]->connect(many ? kFirstSource + static_cast<uint32_t>(member / kConnectionsPerSource) : 0);
  }
  return mayConnect();
}

void Crowd::onReady(Member&) {
  ready_++;
  underWay_--;
  if (mayConnect() && !loop.background) loop.background = [this] { return connectDue(); };
}

void Crowd::onLost(Member&) { lost_++; }

void Crowd::onChatAck(Member& member, const Message& ack) {
  if (onAck) onAck(indexOf(member), ack);
}

void Crowd::onPrivateChat(Member& member, const Message& message, Nanos now) {
  if (onPrivate) onPrivate(indexOf(member), message, now);
}

Audience& Crowd::audienceOf(uint64_t rid, uint64_t gid) {
  auto& audience = audiences_[{rid, gid}];
  if (!audience) {
    audience = std::make_unique<Audience>(rid, gid, run, keepsOneOrder(), meter, faults);
    audience->listener = completion_;
    if (forgets_) audience->forgetReceived();
  }
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
  completion_ = listener;
  for (Audience* audience : audiences()) audience->listener = listener;
}

void Crowd::keepAlive() {
  loop.at(nowNs() + kKeepAliveEvery, [this](Nanos now) {
    for (const auto& member : members_) member->keepAlive(now - kSilenceMax);
    keepAlive();
  });
}

void Crowd::forgetReceived() {
  forgets_ = true;
  for (Audience* audience : audiences()) audience->forgetReceived();
}

}  // namespace bench
