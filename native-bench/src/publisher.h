// A member that publishes: numbers its messages and says in each when it was meant to be sent.
#pragma once
#include "crowd.h"
#include "payload.h"

namespace bench {

class Publisher {
 public:
  Publisher(Member& member, uint32_t run, uint32_t index, size_t payloadBytes)
      : member_(&member), run_(run), index_(index), payloadBytes_(payloadBytes) {}

  /** @returns how many deliveries this must lead to. */
  uint64_t publish(Nanos intended) {
    static std::string text;
    writePayload(text, {run_, index_, ++number_, intended}, payloadBytes_);
    member_->publish(number_, text);
    return member_->audience() == nullptr ? 0 : member_->audience()->size();
  }

  uint32_t published() const { return number_; }
  Member& member() const { return *member_; }

 private:
  Member* member_;
  uint32_t run_;
  uint32_t index_;
  uint32_t number_ = 0;
  size_t payloadBytes_;
};

/** The first `options.publishers` members: as rooms are dealt out in turn, every room has its share of them. */
inline std::vector<Publisher> choosePublishers(Crowd& crowd, const Options& options) {
  std::vector<Publisher> publishers;
  for (size_t i = 0; i < static_cast<size_t>(options.publishers); i++) {
    publishers.emplace_back(crowd.member(i), crowd.run, static_cast<uint32_t>(i), static_cast<size_t>(options.payload));
  }
  return publishers;
}

}  // namespace bench
