#include "report.h"

#include <stdarg.h>
#include <stdio.h>

#include <mutex>

namespace emulator {
namespace {

std::mutex& lock() {
  static std::mutex* const mutex = new std::mutex;
  return *mutex;
}

std::string& last() {
  static std::string* const message = new std::string;
  return *message;
}

std::string formatted(const char* format, va_list arguments) {
  char line[1024];
  vsnprintf(line, sizeof line, format, arguments);
  return line;
}

}  // namespace

void report(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string message = formatted(format, arguments);
  va_end(arguments);
  std::lock_guard<std::mutex> guard(lock());
  last() = message;
  fprintf(stderr, "emulated driver: %s\n", message.c_str());
}

std::string lastReport() {
  std::lock_guard<std::mutex> guard(lock());
  return last();
}

void forgetReports() {
  std::lock_guard<std::mutex> guard(lock());
  last().clear();
}

std::string text(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string result = formatted(format, arguments);
  va_end(arguments);
  return result;
}

}  // namespace emulator
