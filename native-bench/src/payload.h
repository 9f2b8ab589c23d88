// The text of every published message: fixed-size ASCII, so that both formats, and a push, carry it unchanged.
//   imb1 | run, 8 hex | publisher, 8 hex | number, 8 hex | intended send time, 16 hex | padding dots
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "clock.h"

namespace bench {

struct Payload {
  uint32_t run = 0;        // tells the messages of another run in the same room from ours
  uint32_t publisher = 0;
  uint32_t number = 0;     // counts from 1 for each publisher
  Nanos intendedNs = 0;
};

constexpr size_t kPayloadBytesMin = 4 + 8 + 8 + 8 + 16;

/** Replaces `out` with the text of `payload`, `bytes` long. */
void writePayload(std::string& out, const Payload& payload, size_t bytes);

/** @returns false when `text` is not one of ours. */
bool readPayload(std::string_view text, Payload& payload);

}  // namespace bench
