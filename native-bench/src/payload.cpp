#include "payload.h"

namespace bench {

namespace {

constexpr std::string_view kMagic = "imb1";

void appendHex(std::string& out, uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out.push_back("0123456789abcdef"[value >> shift & 15]);
}

bool takeHex(std::string_view& in, int digits, uint64_t& value) {
  value = 0;
  for (int i = 0; i < digits; i++) {
    const char c = in[static_cast<size_t>(i)];
    if (c >= '0' && c <= '9') value = value << 4 | static_cast<uint64_t>(c - '0');
    else if (c >= 'a' && c <= 'f') value = value << 4 | static_cast<uint64_t>(c - 'a' + 10);
    else return false;
  }
  in.remove_prefix(static_cast<size_t>(digits));
  return true;
}

}  // namespace

void writePayload(std::string& out, const Payload& payload, size_t bytes) {
  out.assign(kMagic);
  appendHex(out, payload.run, 8);
  appendHex(out, payload.publisher, 8);
  appendHex(out, payload.number, 8);
  appendHex(out, static_cast<uint64_t>(payload.intendedNs), 16);
  out.resize(bytes, '.');
}

bool readPayload(std::string_view text, Payload& payload) {
  if (text.size() < kPayloadBytesMin || text.substr(0, kMagic.size()) != kMagic) return false;
  text.remove_prefix(kMagic.size());
  uint64_t run, publisher, number, intended;
  if (!takeHex(text, 8, run) || !takeHex(text, 8, publisher) || !takeHex(text, 8, number)) return false;
  if (!takeHex(text, 16, intended)) return false;
  payload = {static_cast<uint32_t>(run), static_cast<uint32_t>(publisher), static_cast<uint32_t>(number),
             static_cast<Nanos>(intended)};
  return true;
}

}  // namespace bench
