// Reads what a module of PTX declares. Its instructions are not run: the host build of the same source is.
#pragma once

#include <stddef.h>

#include <string>
#include <vector>

namespace emulator {

struct PtxEntry {
  std::string name;
  std::vector<size_t> parameter_bytes;
  unsigned max_threads = 0;  // of .maxntid, or 0
};

struct PtxModule {
  int version = 0;  // 63 is PTX ISA 6.3
  int target = 0;   // 75 is sm_75
  std::vector<PtxEntry> entries;
};

// Gives a status; when it is not success, `problem` says what is wrong and where.
int readPtx(const char* text, PtxModule& module, std::string& problem);

// The newest PTX ISA that a driver of a CUDA version takes: 63 for 10000.
int newestPtx(int driver_version);

}  // namespace emulator
