// Decodes what a gateway sent, strictly, and writes each frame or line in one form that other decoders write too.
// Standard input: records of a letter (B: a binary frame, J: a line of JSON), u32 length, bytes. See decode.py.
// The readers of native-bench have to walk over the same bytes; nlohmann's parser too, where it is installed.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "../../native-bench/src/json.h"
#include "../../native-bench/src/msgpack.h"
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#define HAS_NLOHMANN
#endif

namespace {

[[noreturn]] void refuse(const char* why) { throw std::runtime_error(why); }

std::string hex(std::string_view bytes) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char byte : bytes) out += digits[byte >> 4], out += digits[byte & 15];
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "nan";
  uint64_t bits;
  std::memcpy(&bits, &value, 8);
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift);
  return "f" + hex(bytes);
}

/** No overlong forms, no surrogates, nothing beyond U+10FFFF. */
void checkUtf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) continue;
    const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || at + more > text.size()) refuse("not UTF-8");
    uint32_t point = lead & (0x3f >> more);
    for (int i = 0; i < more; i++) {
      const auto byte = static_cast<unsigned char>(text[at++]);
      if (byte >> 6 != 2) refuse("not UTF-8");
      point = point << 6 | (byte & 0x3f);
    }
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) refuse("not UTF-8");
  }
}

class Msgpack {
 public:
  explicit Msgpack(std::string_view bytes) : bytes_(bytes) {}

  std::string value() {
    const auto type = static_cast<unsigned char>(uint(1));
    if (type < 0x80) return std::to_string(type);
    if (type >= 0xe0) return std::to_string(static_cast<int8_t>(type));
    if (type < 0x90) return many(type & 15, true);
    if (type < 0xa0) return many(type & 15, false);
    if (type < 0xc0) return text(type & 31);
    switch (type) {
      case 0xc0: return "null";
      case 0xc2: return "false";
      case 0xc3: return "true";
      case 0xc4: case 0xc5: case 0xc6: return "b" + hex(take(uint(1 << (type - 0xc4))));
      case 0xc7: case 0xc8: case 0xc9: return extension(uint(1 << (type - 0xc7)));
      case 0xca: {
        const auto bits = static_cast<uint32_t>(uint(4));
        float value;
        std::memcpy(&value, &bits, 4);
        return number(value);
      }
      case 0xcb: {
        const uint64_t bits = uint(8);
        double value;
        std::memcpy(&value, &bits, 8);
        return number(value);
      }
      case 0xcc: case 0xcd: case 0xce: case 0xcf: return std::to_string(uint(1 << (type - 0xcc)));
      case 0xd0: return std::to_string(static_cast<int8_t>(uint(1)));
      case 0xd1: return std::to_string(static_cast<int16_t>(uint(2)));
      case 0xd2: return std::to_string(static_cast<int32_t>(uint(4)));
      case 0xd3: return std::to_string(static_cast<int64_t>(uint(8)));
      case 0xd4: case 0xd5: case 0xd6: case 0xd7: case 0xd8: return extension(1u << (type - 0xd4));
      case 0xd9: case 0xda: case 0xdb: return text(uint(1 << (type - 0xd9)));
      case 0xdc: case 0xdd: return many(uint(2 << (type - 0xdc)), false);
      case 0xde: case 0xdf: return many(uint(2 << (type - 0xde)), true);
      default: refuse("a byte that is never used");
    }
  }

  bool atEnd() const { return at_ == bytes_.size(); }

 private:
  std::string_view take(uint64_t count) {
    if (count > bytes_.size() - at_) refuse("cut short");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }

  uint64_t uint(int width) {
    uint64_t value = 0;
    for (unsigned char byte : take(width)) value = value << 8 | byte;
    return value;
  }

  std::string text(uint64_t count) {
    const std::string_view bytes = take(count);
    checkUtf8(bytes);
    return "s" + hex(bytes);
  }

  std::string extension(uint64_t count) {
    const std::string type = std::to_string(static_cast<int8_t>(uint(1)));
    return "e" + type + ":" + hex(take(count));
  }

  std::string many(uint64_t count, bool isMap) {
    std::string out(1, isMap ? '{' : '[');
    for (uint64_t i = 0; i < count; i++) {
      if (i > 0) out += ',';
      out += value();
      if (isMap) out += '=', out += value();
    }
    return out + (isMap ? '}' : ']');
  }

  std::string_view bytes_;
  size_t at_ = 0;
};

class Json {
 public:
  explicit Json(std::string_view text) : text_(text) { checkUtf8(text); }

  std::string whole() {
    std::string out = value();
    space();
    if (at_ != text_.size()) refuse("more than one value");
    return out;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void space() {
    while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n') at_++;
  }
  bool accept(char c) {
    space();
    return peek() == c && ++at_ > 0;
  }
  void expect(char c) {
    if (!accept(c)) refuse("another character was expected");
  }

  std::string value() {
    space();
    const char c = peek();
    if (c == '{' || c == '[') return many(c == '{');
    if (c == '"') return "s" + hex(string());
    if (c == '-' || (c >= '0' && c <= '9')) return digits();
    for (const char* word : {"null", "true", "false"}) {
      if (text_.substr(at_, std::strlen(word)) == word) return at_ += std::strlen(word), word;
    }
    refuse("no value");
  }

  std::string many(bool isMap) {
    at_++;
    std::string out(1, isMap ? '{' : '[');
    const char end = isMap ? '}' : ']';
    for (bool first = true; !accept(end); first = false) {
      if (!first) expect(','), out += ',';
      if (isMap) {
        space();
        if (peek() != '"') refuse("a key was expected");
        out += "s" + hex(string()) + "=";
        expect(':');
      }
      out += value();
    }
    return out + end;
  }

  void run() {
    if (peek() < '0' || peek() > '9') refuse("a digit was expected");
    while (peek() >= '0' && peek() <= '9') at_++;
  }

  std::string digits() {
    const size_t start = at_;
    if (peek() == '-') at_++;
    if (peek() == '0') at_++;
    else run();
    bool isFloat = false;
    if (peek() == '.') at_++, run(), isFloat = true;
    if (peek() == 'e' || peek() == 'E') {
      at_++, isFloat = true;
      if (peek() == '+' || peek() == '-') at_++;
      run();
    }
    const std::string said(text_.substr(start, at_ - start));
    if (!isFloat) return said;
    const double value = std::strtod(said.c_str(), nullptr);
    if (std::isinf(value)) refuse("a number beyond all");
    return number(value);
  }

  uint32_t unit() {
    uint32_t value = 0;
    for (int i = 0; i < 4; i++, at_++) {
      const char c = peek();
      if (!std::isxdigit(static_cast<unsigned char>(c))) refuse("no escape");
      value = value * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
  }

  std::string string() {
    std::string out;
    for (at_++; peek() != '"';) {
      if (at_ >= text_.size() || static_cast<unsigned char>(peek()) < 0x20) refuse("no text");
      if (peek() != '\\') { out += text_[at_++]; continue; }
      at_++;
      const char c = peek();
      at_++;
      static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
      if (c == 'u') {
        uint32_t point = unit();
        if (point >= 0xdc00 && point < 0xe000) refuse("a surrogate alone");
        if (point >= 0xd800 && point < 0xdc00) {
          if (text_.substr(at_, 2) != "\\u") refuse("a surrogate alone");
          at_ += 2;
          const uint32_t low = unit();
          if (low < 0xdc00 || low > 0xdfff) refuse("a surrogate alone");
          point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        }
        append(out, point);
      } else if (const char* found = c == '\0' ? nullptr : std::strchr(from, c)) out += to[found - from];
      else refuse("no escape");
    }
    at_++;
    return out;
  }

  static void append(std::string& out, uint32_t point) {
    if (point < 0x80) out += static_cast<char>(point);
    else if (point < 0x800) out += static_cast<char>(0xc0 | point >> 6), out += static_cast<char>(0x80 | (point & 63));
    else if (point < 0x10000) {
      out += static_cast<char>(0xe0 | point >> 12), out += static_cast<char>(0x80 | (point >> 6 & 63));
      out += static_cast<char>(0x80 | (point & 63));
    } else {
      out += static_cast<char>(0xf0 | point >> 18), out += static_cast<char>(0x80 | (point >> 12 & 63));
      out += static_cast<char>(0x80 | (point >> 6 & 63)), out += static_cast<char>(0x80 | (point & 63));
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

uint64_t bigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (unsigned char byte : bytes) value = value << 8 | byte;
  return value;
}

std::string frame(std::string_view bytes) {
  if (bytes.size() < 12 || bigEndian(bytes.substr(0, 4)) != bytes.size() - 4 || bigEndian(bytes.substr(6, 2)) != 0) {
    refuse("a header that makes no sense");
  }
  std::string out = std::to_string(bigEndian(bytes.substr(4, 2))) + " " + std::to_string(bigEndian(bytes.substr(8, 4)));
  if (bytes.size() == 12) return out;
  const std::string_view body = bytes.substr(12);
  Msgpack reader(body);
  out += " " + reader.value();
  if (!reader.atEnd()) refuse("more than one value");
  bench::MsgpackReader walk(reinterpret_cast<const uint8_t*>(body.data()), body.size());
  if (!walk.skip()) refuse("the benchmark's reader does not walk over it");
  return out;
}

std::string line(std::string_view text) {
  std::string out = Json(text).whole();
  bench::JsonReader walk(text);
  if (!walk.skip()) refuse("the benchmark's reader does not walk over it");
#ifdef HAS_NLOHMANN
  if (nlohmann::json::parse(text).is_discarded()) refuse("nlohmann's parser does not take it");
#endif
  return out;
}

}  // namespace

int main() {
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  for (size_t at = 0; at < input.size();) {
    const size_t length = bigEndian(std::string_view(input).substr(at + 1, 4));
    const std::string_view record = std::string_view(input).substr(at + 5, length);
    try {
      std::cout << (input[at] == 'B' ? frame(record) : line(record)) << '\n';
    } catch (const std::exception& error) {
      std::cout << "ERROR " << error.what() << '\n';
    }
    at += 5 + length;
  }
}
