// What can be set from outside: by environment variables DEPTHSCOPE_EMULATOR_<NAME>, or by name while the program runs.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string>

namespace emulator {

struct Settings {
  unsigned threads;                // THREADS: of the operating system, for the blocks of a launch
  uint64_t order_seed = 0;         // ORDER: shuffles threads and blocks; 0 is ascending order
  uint64_t delay_seed = 0;         // DELAY: asynchronous work waits in its stream until it must be done; 0 is at once
  size_t memory = 4ull << 30;      // MEMORY: bytes of the pretended device; 512M and 4G are understood
  int capability_major = 8;        // CAPABILITY: 8.0
  int capability_minor = 0;
  int driver_version = 12060;      // DRIVER: also decides which PTX is too new
  int devices = 1;                 // DEVICES: 0 or 1
  int init_error = 0;              // INIT_ERROR: what cuInit answers
  size_t alignment = 256;          // ALIGNMENT: of allocations; smaller brings their ends nearer to the guard pages
  bool poison_shared = true;       // POISON_SHARED: fill shared memory before each block
  bool report_leaks = true;        // REPORT_LEAKS: a line on stderr for each object that outlives its context
  bool report_launches = false;    // REPORT_LAUNCHES: a line on stderr for each kernel when the process ends

  // Injected failures. A count goes down with each call and strikes when it reaches zero; 0 is off.
  uint64_t fail_allocation = 0;    // FAIL_ALLOCATION: the n-th allocation from now is out of memory
  uint64_t fail_launch = 0;        // FAIL_LAUNCH: the n-th launch from now fails: n, NAME or NAME:n
  std::string fail_kernel;         //   ... of this kernel, or of any
  uint64_t lose_device = 0;        // LOSE_DEVICE: from the n-th call from now on every call fails: n or n:code
  int lose_status = 999;

  // All from the environment; what it does not name has its default.
  static Settings fromEnvironment();

  // False if there is no such name or the value is not one; then nothing changes.
  bool set(const std::string& name, const std::string& value);
};

// The settings in force. Guarded by the driver's lock.
Settings& settings();

// True when a count that was set has just come to its end.
bool strikes(uint64_t& count);

}  // namespace emulator
