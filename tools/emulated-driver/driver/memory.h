// Memory that shows what is done wrong with it: fresh bytes are NaN, bytes around an allocation are watched, the pages
// before and after it cannot be touched, and neither can those that were freed.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <deque>
#include <map>
#include <string>

namespace emulator {

class GuardedMemory {
 public:
  struct Allocation {
    char* address;
    size_t bytes;
    char* mapping;       // the pages of it, the guards among them
    size_t mapped;
    char* watched;       // first byte behind the guard in front
    char* watched_end;   // first byte of the guard behind
    unsigned long long number;  // counted from 1, in the order of allocation
  };

  GuardedMemory() = default;
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // Null if the system has no more. The alignment is a power of two up to a page.
  char* allocate(size_t bytes, size_t alignment);

  // False if no allocation begins there.
  bool free(const void* address);

  // The allocation that holds all of these bytes; null if there is none. No bytes at its end are held, too.
  const Allocation* holding(const void* address, size_t bytes) const;

  // The first allocation that was written beside, or null. Looks at what lies next to each; `wholly` at all of it.
  const Allocation* damaged(bool wholly) const;
  static bool isDamaged(const Allocation& allocation, bool wholly);

  // What is known about an address that could not be accessed: "", or " (...)".
  std::string describe(const void* address) const;

  const std::map<uintptr_t, Allocation>& live() const { return live_; }
  size_t used() const { return used_; }

 private:

  char* mapPages(size_t inner);
  void retire(const Allocation& allocation);

  std::map<uintptr_t, Allocation> live_;
  std::deque<Allocation> retired_;  // freed, and kept for a while so that late accesses to them fault
  size_t retired_bytes_ = 0;
  size_t used_ = 0;
  unsigned long long count_ = 0;
};

}  // namespace emulator
