#include "report.h"

#include <cstdio>

#include "json.h"

namespace bench {

namespace {

/** 1234567 -> 1,234,567 */
std::string grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string fixed(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

}  // namespace

void Report::text(const std::string& name, const std::string& value) {
  std::string quoted;
  appendJsonText(quoted, value);
  fields_.push_back({name, value, quoted});
}

void Report::integer(const std::string& name, uint64_t value) {
  fields_.push_back({name, grouped(value), std::to_string(value)});
}

void Report::real(const std::string& name, double value, int digits) {
  fields_.push_back({name, fixed(value, digits), fixed(value, 6)});
}

void Report::boolean(const std::string& name, bool value) {
  fields_.push_back({name, value ? "yes" : "no", value ? "true" : "false"});
}

void Report::append(const Report& other, const std::string& suffix) {
  for (const Field& field : other.fields_) fields_.push_back({field.name + suffix, field.shown, field.json});
}

void Report::list(const std::string& name, const std::vector<Report>& items) {
  std::string json = "[";
  for (const Report& item : items) json.append(json.size() > 1 ? "," : "").append(item.json());
  fields_.push_back({name, "", json + "]"});
}

void Report::faults(const Faults& faults) {
  integer("faults", faults.total());
  std::string json = "{", examples = "[";
  for (size_t i = 0; i < kFaultKinds; i++) {
    const auto kind = static_cast<Fault>(i);
    if (i > 0) json += ",";
    json += std::string("\"") + Faults::nameOf(kind) + "\":" + std::to_string(faults.count(kind));
    if (faults.count(kind) > 0) fields_.push_back({std::string("  ") + Faults::nameOf(kind), grouped(faults.count(kind)), ""});
  }
  for (const std::string& example : faults.examples()) {
    if (examples.size() > 1) examples += ",";
    appendJsonText(examples, example);
    fields_.push_back({"  e.g.", example, ""});
  }
  fields_.push_back({"faults_by_kind", "", json + "}"});
  fields_.push_back({"fault_examples", "", examples + "]"});
}

void Report::print() const {
  for (const Field& field : fields_) {
    if (!field.shown.empty()) std::printf("  %-26s %s\n", field.name.c_str(), field.shown.c_str());
  }
  std::fflush(stdout);
}

std::string Report::json() const {
  std::string out = "{";
  for (const Field& field : fields_) {
    if (field.json.empty()) continue;
    if (out.size() > 1) out += ",";
    appendJsonText(out, field.name);
    out.append(":").append(field.json);
  }
  return out + "}";
}

bool Report::save(const std::string& path) const {
  FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  const std::string content = json() + "\n";
  const bool written = std::fwrite(content.data(), 1, content.size(), file) == content.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace bench
