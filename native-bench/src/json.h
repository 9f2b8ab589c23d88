// JSON as far as this client meets it: flat objects of the gateway, read in place, and the report, written.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/** Walks objects in place. Integers are read as the bare 64-bit digits they are. Same shape as MsgpackReader. */
class JsonReader {
 public:
  explicit JsonReader(std::string_view s) : p_(s.data()), end_(s.data() + s.size()) {}

  bool enterMap();
  /** Like enterMap, for `[`. */
  bool enterArray();
  /** @returns false at the end of the object (then `ok()`) or on broken text. */
  bool nextKey(std::string_view& key);
  /** Is there another element of the array just entered? */
  bool nextElement();
  /** Digits, bare or in quotes. */
  bool integer(uint64_t& value);
  /** The string as it stands, escapes not resolved. Any other value is skipped and leaves `value` empty. */
  bool text(std::string_view& value);
  bool skip();
  /** Skips one value and gives its text, to be read later by a reader of its own. */
  bool raw(std::string_view& value);
  bool ok() const { return ok_; }

 private:
  bool fail() { return ok_ = false; }
  char peek();
  bool expect(char c);
  bool string(std::string_view& value);

  const char* p_;
  const char* end_;
  bool first_ = false;
  bool ok_ = true;
};

/** Appends `s` as a JSON string, quotes included. */
void appendJsonText(std::string& out, std::string_view s);

}  // namespace bench
