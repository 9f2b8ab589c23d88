#include "publisher.h"

namespace bench {

std::vector<Publisher> choosePublishers(Crowd& crowd, const Options& options) {
  const auto count = static_cast<size_t>(options.publishers);
  const auto bytes = static_cast<size_t>(options.payload);
  std::vector<Publisher> publishers;
  const auto add = [&](size_t member, uint64_t rid) {
    publishers.emplace_back(crowd.member(member), Publisher::Target::ROOM, rid, crowd.run,
                            static_cast<uint32_t>(publishers.size()), bytes);
  };
  if (options.roomsPerMember == 1) {
    for (size_t i = 0; i < count; i++) add(i, crowd.ridOf(crowd.seating()[i].at(0)));
    return publishers;
  }
  std::vector<std::vector<size_t>> members(static_cast<size_t>(options.rooms));
  for (size_t i = 0; i < crowd.size(); i++) {
    for (const uint64_t room : crowd.seating()[i]) members[room].push_back(i);
  }
  for (size_t i = 0; i < count; i++) {
    const size_t room = i % members.size();
    // Members sit in the order of their index; the room's number spreads the choice over all of them.
    add(members[room][(room + i / members.size()) % members[room].size()], crowd.ridOf(room));
  }
  return publishers;
}

}  // namespace bench
