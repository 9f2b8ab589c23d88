// Which rooms each member is in, decided before anybody connects. Rooms are numbers from 0 here; rids are the crowd's matter.
#pragma once
#include <cstdint>
#include <vector>

#include "options.h"

namespace bench {

/** By member, the rooms it joins when it signs in. */
using Seating = std::vector<std::vector<uint64_t>>;

Seating seat(const Options& options);

/** reconnect: the first members stay, in room 0; the others are in rooms of this size from 1 on. */
constexpr uint64_t kReconnectRoomSize = 1000;

}  // namespace bench
