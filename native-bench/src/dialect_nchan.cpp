// nchan in nginx: a WebSocket both publishes to and receives from the channel in its address; a message is its text.
#include "dialect.h"
#include "member.h"

namespace bench {

namespace {

class NchanDialect final : public Dialect {
 public:
  const char* name() const override { return "nchan"; }
  std::string path(const Member& member) const override { return "/room/" + std::to_string(member.rooms().at(0).rid); }
  std::string pushTarget(uint64_t rid) const override { return "/room/" + std::to_string(rid); }
  void open(Member& member) const override { member.ready(); }
  void take(Member& member, const Unit& unit) const override {
    Message message;
    message.text = unit.text();
    member.deliver(unit, message);
  }
  void publish(Member& member, uint64_t, uint32_t, std::string_view text) const override { member.say(text); }
};

}  // namespace

std::unique_ptr<Dialect> makeNchanDialect() { return std::make_unique<NchanDialect>(); }

}  // namespace bench
