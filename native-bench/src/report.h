// The result of a run: named values, printed for people and written as JSON for programs.
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "faults.h"

namespace bench {

class Report {
 public:
  void text(const std::string& name, const std::string& value);
  void integer(const std::string& name, uint64_t value);
  void real(const std::string& name, double value, int digits = 2);
  /** Adds all values of another report, each name with the suffix. */
  void append(const Report& other, const std::string& suffix);
  void boolean(const std::string& name, bool value);
  /** A list of reports, such as the steps of a search; not printed. */
  void list(const std::string& name, const std::vector<Report>& items);
  void faults(const Faults& faults);

  void print() const;
  std::string json() const;
  /** @returns false when the file cannot be written. */
  bool save(const std::string& path) const;

 private:
  struct Field {
    std::string name, shown, json;
  };
  std::vector<Field> fields_;
};

}  // namespace bench
