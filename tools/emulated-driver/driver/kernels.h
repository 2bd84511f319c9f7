// The kernels that were compiled into this library.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <map>
#include <string>
#include <vector>

#include "emulated_cuda.h"

namespace emulator {

// A __shared__ variable of a kernel, as an offset into the thread-local storage of this library. The build writes a table
// of them; its row with an empty name is emulated::position, its last one has none.
struct SharedRow {
  const char* kernel;
  size_t offset;
  size_t bytes;
};
extern const SharedRow shared_rows[];

// The same in the storage of the calling thread.
struct SharedVariable {
  ptrdiff_t from_position;
  size_t bytes;

  char* here() const { return reinterpret_cast<char*>(&emulated::position) + from_position; }
};

struct KernelEntry {
  emulated::Kernel kernel;
  std::vector<SharedVariable> shared;  // what it and the functions it calls use
  size_t shared_bytes = 0;
  uint64_t launches = 0;
  double milliseconds = 0;  // they took

  unsigned maxThreads() const { return kernel.max_threads == 0 ? 1024 : kernel.max_threads; }
};

using Kernels = std::map<std::string, KernelEntry>;

// All of them by name. Each has its shared variables once the library is loaded.
Kernels& kernels();

// Null if there is none of this name.
KernelEntry* findKernel(const std::string& name);

// A module in which every kernel has its parameters and an empty body.
std::string moduleText();

constexpr unsigned kMaxThreads = 1024;
constexpr size_t kSharedBytes = 48 * 1024;

}  // namespace emulator
