// Lines on stderr.
#pragma once

#include <string>

namespace emulator {

// Prints "emulated driver: " and the message, and keeps it as the last one.
void report(const char* format, ...) __attribute__((format(printf, 1, 2)));

// The last message reported, or nothing.
std::string lastReport();
void forgetReports();

// A string as printf would print it.
std::string text(const char* format, ...) __attribute__((format(printf, 1, 2)));

}  // namespace emulator
