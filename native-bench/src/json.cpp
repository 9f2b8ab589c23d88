#include "json.h"

#include <cstdio>

namespace bench {

/** The next character that counts, or 0 at the end. */
char JsonReader::peek() {
  while (p_ < end_ && (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t')) p_++;
  return p_ < end_ ? *p_ : '\0';
}

bool JsonReader::expect(char c) {
  if (peek() != c) return fail();
  p_++;
  return true;
}

bool JsonReader::enterMap() { return first_ = true, expect('{'); }
bool JsonReader::enterArray() { return first_ = true, expect('['); }

bool JsonReader::nextKey(std::string_view& key) {
  if (!ok_) return false;
  if (peek() == '}') return p_++, first_ = false;
  if (!first_ && !expect(',')) return false;
  first_ = false;
  peek();
  return string(key) && expect(':');
}

bool JsonReader::nextElement() {
  if (!ok_) return false;
  if (peek() == ']') return p_++, first_ = false;
  if (!first_ && !expect(',')) return false;
  first_ = false;
  return true;
}

bool JsonReader::string(std::string_view& value) {
  if (p_ == end_ || *p_ != '"') return fail();
  const char* start = ++p_;
  while (p_ < end_ && *p_ != '"') p_ += *p_ == '\\' ? 2 : 1;
  if (p_ >= end_) return fail();
  value = {start, static_cast<size_t>(p_++ - start)};
  return true;
}

bool JsonReader::integer(uint64_t& value) {
  const bool quoted = peek() == '"';
  if (quoted) p_++;
  const char* start = p_;
  for (value = 0; p_ < end_ && *p_ >= '0' && *p_ <= '9'; p_++) value = value * 10 + static_cast<uint64_t>(*p_ - '0');
  if (p_ == start) return fail();
  // 1.5e19 instead of bare digits is an id that was rounded on its way: a defect to report, not to repair.
  if (p_ < end_ && (*p_ == '.' || *p_ == 'e' || *p_ == 'E')) return fail();
  return !quoted || expect('"');
}

bool JsonReader::text(std::string_view& value) {
  if (peek() == '"') return string(value);
  value = {};
  return skip();
}

bool JsonReader::raw(std::string_view& value) {
  peek();
  const char* start = p_;
  if (!skip()) return false;
  value = {start, static_cast<size_t>(p_ - start)};
  return true;
}

/** Only the nesting is followed; what stands inside a skipped value is not judged. */
bool JsonReader::skip() {
  std::string_view ignored;
  int depth = 0;
  do {
    switch (peek()) {
      case '\0': return fail();
      case '"': if (!string(ignored)) return false; break;
      case '{': case '[': depth++, p_++; break;
      case '}': case ']': if (depth-- == 0) return fail(); p_++; break;
      case ',': case ':': p_++; if (depth == 0) return fail(); continue;
      default:
        while (p_ < end_ && *p_ != ',' && *p_ != '}' && *p_ != ']' && *p_ != ':' && *p_ > ' ') p_++;
    }
  } while (depth > 0);
  return true;
}

void appendJsonText(std::string& out, std::string_view s) {
  out.push_back('"');
  for (const char c : s) {
    if (c == '"' || c == '\\') out.push_back('\\'), out.push_back(c);
    else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out.append(escape);
    } else out.push_back(c);
  }
  out.push_back('"');
}

}  // namespace bench
