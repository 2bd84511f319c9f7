// Signals that kernel code raises: caught and turned into failures of the launch. All others go to whoever handled them
// before, which in a Java process is the virtual machine.
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

namespace emulator {

// What interrupted kernel code.
struct Trap {
  int signal = 0;
  const void* address = nullptr;  // the memory that could not be accessed, if it was that
  const void* instruction = nullptr;
  bool write = false;
};

// Lets one thread of the operating system run code that may raise signals. The handler runs on a stack of its own, since
// the signal may mean that a stack is full.
class FaultGuard {
 public:
  FaultGuard();
  ~FaultGuard();
  FaultGuard(const FaultGuard&) = delete;
  FaultGuard& operator=(const FaultGuard&) = delete;

  // Calls body(argument). False if a signal ended it; trap() then says which. Nothing of the body is unwound.
  bool run(void (*body)(void*), void* argument);
  const Trap& trap() const { return trap_; }

 private:
  friend struct FaultHandler;

  sigjmp_buf recovery_;
  Trap trap_;
  void* stack_;
  static constexpr size_t kStackBytes = 64 * 1024;
};

}  // namespace emulator
