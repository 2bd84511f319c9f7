// A context and all that lives in it.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "block.h"
#include "kernels.h"
#include "memory.h"
#include "streams.h"

namespace emulator {

struct Function {
  KernelEntry* kernel;
  int ptx_version;
};

struct Module {
  std::map<std::string, std::unique_ptr<Function>> functions;
};

class Context {
 public:
  Context() = default;

  // Reports what is still alive, and what was written beside an allocation.
  ~Context();

  // The result of a call that failed for good, or 0. It stays until the context is destroyed.
  int failed = 0;

  GuardedMemory device;
  GuardedMemory host;                       // page-locked
  std::map<const char*, size_t> registered; // page-locked later, by registration
  StreamScheduler scheduler;
  std::set<Stream*> streams;
  std::map<void*, std::unique_ptr<Event>> events;
  std::map<void*, std::unique_ptr<Module>> modules;
  std::map<void*, Function*> functions;

  // What a handle stands for; null if nothing alive has it. The handles null and 1 mean the null stream.
  Stream* stream(void* handle);
  Event* event(void* handle);
  Module* module(void* handle);
  Function* function(void* handle);

  // Device memory, or page-locked memory, which kernels may use by the same address.
  bool isAccessible(const void* address) const;
  // True if all of these bytes are page-locked.
  bool isPageLocked(const void* address, size_t bytes) const;

  // Runs a kernel now.
  void launch(KernelEntry& kernel, emulated::Index grid, emulated::Index block, void* const* arguments);

  // The context is of no use from now on.
  void fail(int status, const std::string& message);

  // Reports an allocation that was written beside. True if there was one.
  static bool reportDamage(const GuardedMemory::Allocation& allocation, const char* kind, const std::string& found);

 private:
  std::string unusableArgument(const KernelEntry& kernel, void* const* arguments) const;
  void reportLeaks() const;
};

}  // namespace emulator
