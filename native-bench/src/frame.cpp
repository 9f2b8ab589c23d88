#include "frame.h"

#include "bytes.h"
#include "json.h"
#include "msgpack.h"

namespace bench {

namespace {

/** The one table of fields, for both formats: MsgpackReader and JsonReader have the same shape. */
template <class Reader>
bool readBody(Reader& reader, Message& m) {
  if (!reader.enterMap()) return false;
  for (std::string_view key; reader.nextKey(key);) {
    const bool read = key == "uid"      ? reader.integer(m.uid)
                      : key == "rid"    ? reader.integer(m.rid)
                      : key == "suid"   ? reader.integer(m.suid)
                      : key == "duid"   ? reader.integer(m.duid)
                      : key == "gid"    ? reader.integer(m.gid)
                      : key == "msgid"  ? reader.integer(m.msgid)
                      : key == "code"   ? reader.integer(m.code)
                      : key == "text"   ? reader.text(m.text)
                      : key == "data"   ? reader.text(m.data)
                      : key == "errmsg" ? reader.text(m.errmsg)
                                        : reader.skip();
    if (!read) return false;
  }
  return reader.ok();
}

}  // namespace

size_t binaryFrameSize(const uint8_t* p, size_t n) { return n < 4 ? 0 : 4 + static_cast<size_t>(load32(p)); }

bool decodeBinary(const uint8_t* p, size_t n, Message& message) {
  if (n < kFrameHeader) return false;
  message = {};
  message.command = static_cast<Command>(load16(p + 4));
  message.seq = load32(p + 8);
  if (n == kFrameHeader) return true;  // a command without fields may come without a body
  MsgpackReader reader(p + kFrameHeader, n - kFrameHeader);
  return readBody(reader, message);
}

bool decodeJson(std::string_view line, Message& message) {
  message = {};
  JsonReader reader(line);
  if (!reader.enterMap()) return false;
  for (std::string_view key, value; reader.nextKey(key);) {
    uint64_t seq = 0;
    if (key == "cmd") {
      if (!reader.text(value)) return false;
      message.command = commandNamed(value);
    } else if (key == "seq") {
      if (!reader.integer(seq)) return false;
      message.seq = static_cast<uint32_t>(seq);
    } else if (key == "body") {
      if (!reader.raw(value)) return false;
      JsonReader body(value);
      if (!readBody(body, message)) return false;
    } else if (!reader.skip()) return false;
  }
  return reader.ok();
}

FrameWriter::FrameWriter(std::string& out, Format format, Command command, uint32_t seq, uint32_t fields)
    : out_(out), format_(format), start_(out.size()) {
  if (format == Format::BINARY) {
    append(out, 0, 4);  // the length, known when finished
    append(out, static_cast<uint16_t>(command), 2);
    append(out, 0, 2);
    append(out, seq, 4);
    MsgpackWriter(out).map(fields);
  } else {
    out.append("{\"cmd\":\"").append(nameOf(command)).append("\",\"seq\":").append(std::to_string(seq));
    out.append(",\"body\":{");
  }
}

void FrameWriter::jsonName(std::string_view name) {
  if (!first_) out_.push_back(',');
  first_ = false;
  out_.append("\"").append(name).append("\":");
}

void FrameWriter::text(std::string_view name, std::string_view value) {
  if (format_ == Format::BINARY) {
    MsgpackWriter writer(out_);
    writer.text(name), writer.text(value);
  } else {
    jsonName(name);
    appendJsonText(out_, value);
  }
}

void FrameWriter::integer(std::string_view name, uint64_t value) {
  if (format_ == Format::BINARY) {
    MsgpackWriter writer(out_);
    writer.text(name), writer.integer(value);
  } else {
    jsonName(name);
    out_.append(std::to_string(value));
  }
}

void FrameWriter::finish() {
  if (format_ == Format::BINARY) store32(&out_[start_], static_cast<uint32_t>(out_.size() - start_ - 4));
  else out_.append("}}");
}

}  // namespace bench
