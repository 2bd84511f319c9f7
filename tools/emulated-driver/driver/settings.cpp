#include "settings.h"

#include <sched.h>
#include <stdlib.h>

#include <algorithm>

#include "report.h"

namespace emulator {
namespace {

const char* const kNames[] = {"THREADS",       "ORDER",        "DELAY",           "MEMORY",          "CAPABILITY",
                              "DRIVER",        "DEVICES",      "INIT_ERROR",      "ALIGNMENT",       "POISON_SHARED",
                              "REPORT_LEAKS",  "REPORT_LAUNCHES", "FAIL_ALLOCATION", "FAIL_LAUNCH",  "LOSE_DEVICE"};

// Reads a whole number and moves `text` behind it.
bool readNumber(const char*& text, uint64_t& number) {
  if (*text < '0' || *text > '9') return false;
  char* end;
  number = strtoull(text, &end, 10);
  text = end;
  return true;
}

bool wholeNumber(const std::string& value, uint64_t limit, uint64_t& number) {
  const char* text = value.c_str();
  return readNumber(text, number) && *text == 0 && number <= limit;
}

template <class T>
bool assign(const std::string& value, uint64_t limit, T& target) {
  uint64_t number;
  if (!wholeNumber(value, limit, number)) return false;
  target = static_cast<T>(number);
  return true;
}

bool readBytes(const std::string& value, size_t& bytes) {
  const char* text = value.c_str();
  uint64_t number;
  if (!readNumber(text, number)) return false;
  unsigned shift = 0;
  if (*text == 'K') shift = 10;
  if (*text == 'M') shift = 20;
  if (*text == 'G') shift = 30;
  if (shift != 0) ++text;
  if (*text != 0 || number > (1ull << 40 >> shift)) return false;
  bytes = number << shift;
  return true;
}

bool readCapability(const std::string& value, int& major, int& minor) {
  const char* text = value.c_str();
  uint64_t first, second;
  if (!readNumber(text, first) || *text++ != '.' || !readNumber(text, second) || *text != 0) return false;
  if (first > 99 || second > 9) return false;
  major = static_cast<int>(first);
  minor = static_cast<int>(second);
  return true;
}

// "3", "kernel" or "kernel:3"; "0" switches off.
bool readLaunch(const std::string& value, std::string& kernel, uint64_t& count) {
  if (wholeNumber(value, ~0ull, count)) {
    kernel.clear();
    return true;
  }
  const size_t colon = value.find(':');
  uint64_t number = 1;
  if (colon != std::string::npos && !wholeNumber(value.substr(colon + 1), ~0ull, number)) return false;
  if (value.empty() || colon == 0) return false;
  kernel = value.substr(0, colon);
  count = number;
  return true;
}

// "100" or "100:46".
bool readLoss(const std::string& value, uint64_t& count, int& status) {
  const size_t colon = value.find(':');
  uint64_t number, code = 999;
  if (!wholeNumber(value.substr(0, colon), ~0ull, number)) return false;
  if (colon != std::string::npos && !wholeNumber(value.substr(colon + 1), 999, code)) return false;
  count = number;
  status = static_cast<int>(code);
  return true;
}

unsigned processors() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
}

}  // namespace

bool Settings::set(const std::string& name, const std::string& value) {
  if (name == "THREADS") {
    uint64_t number;
    if (!wholeNumber(value, 64, number) || number == 0) return false;
    threads = static_cast<unsigned>(number);
    return true;
  }
  if (name == "ALIGNMENT") {
    uint64_t number;
    if (!wholeNumber(value, 4096, number) || number < 4 || (number & (number - 1)) != 0) return false;
    alignment = number;
    return true;
  }
  if (name == "ORDER") return assign(value, ~0ull, order_seed);
  if (name == "DELAY") return assign(value, ~0ull, delay_seed);
  if (name == "MEMORY") return readBytes(value, memory);
  if (name == "CAPABILITY") return readCapability(value, capability_major, capability_minor);
  if (name == "DRIVER") return assign(value, 99999, driver_version);
  if (name == "DEVICES") return assign(value, 1, devices);
  if (name == "INIT_ERROR") return assign(value, 999, init_error);
  if (name == "POISON_SHARED") return assign(value, 1, poison_shared);
  if (name == "REPORT_LEAKS") return assign(value, 1, report_leaks);
  if (name == "REPORT_LAUNCHES") return assign(value, 1, report_launches);
  if (name == "FAIL_ALLOCATION") return assign(value, ~0ull, fail_allocation);
  if (name == "FAIL_LAUNCH") return readLaunch(value, fail_kernel, fail_launch);
  if (name == "LOSE_DEVICE") return readLoss(value, lose_device, lose_status);
  return false;
}

Settings Settings::fromEnvironment() {
  Settings settings;
  settings.threads = std::min(4u, processors());
  for (const char* name : kNames) {
    const std::string variable = std::string("DEPTHSCOPE_EMULATOR_") + name;
    const char* value = getenv(variable.c_str());
    if (value != nullptr && !settings.set(name, value)) {
      report("%s is not understood: %s", variable.c_str(), value);
    }
  }
  return settings;
}

Settings& settings() {
  static Settings* const settings = new Settings(Settings::fromEnvironment());
  return *settings;
}

bool strikes(uint64_t& count) { return count != 0 && --count == 0; }

}  // namespace emulator
