#include "seating.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace bench {

namespace {

/** Shuffled passes over all rooms, dealt one room after the other: every room comes up equally often, and who meets whom in
 *  one room does not meet him in the next. */
class Deck {
 public:
  Deck(uint64_t rooms, uint64_t seed) : pass_(rooms), random_(seed) {
    std::iota(pass_.begin(), pass_.end(), 0);
    top_ = pass_.size();
  }

  /** The next room that is not in `hand`. */
  uint64_t draw(const std::vector<uint64_t>& hand) {
    if (top_ == pass_.size()) std::shuffle(pass_.begin(), pass_.end(), random_), top_ = 0;
    // Only where a hand reaches over two passes can it hold the next room already; another one of the pass is taken first.
    size_t found = top_;
    while (found < pass_.size() && std::find(hand.begin(), hand.end(), pass_[found]) != hand.end()) found++;
    if (found == pass_.size()) return pass_[top_++];
    std::swap(pass_[top_], pass_[found]);
    return pass_[top_++];
  }

 private:
  std::vector<uint64_t> pass_;
  std::mt19937_64 random_;
  size_t top_;
};

}  // namespace

Seating seat(const Options& o) {
  Seating seating(static_cast<size_t>(o.connections()));
  if (o.isRoomless()) return seating;
  if (o.scenario == "reconnect") {
    const auto stayers = static_cast<size_t>(o.stayers);
    for (size_t i = 0; i < seating.size(); i++) seating[i] = {i < stayers ? 0 : 1 + (i - stayers) / kReconnectRoomSize};
    return seating;
  }
  const auto rooms = static_cast<uint64_t>(o.rooms);
  if (o.roomsPerMember == 1) {
    for (size_t i = 0; i < seating.size(); i++) seating[i] = {i % rooms};
    return seating;
  }
  Deck deck(rooms, static_cast<uint64_t>(o.seed));
  for (std::vector<uint64_t>& hand : seating) {
    while (hand.size() < static_cast<size_t>(o.roomsPerMember)) hand.push_back(deck.draw(hand));
  }
  return seating;
}

}  // namespace bench
