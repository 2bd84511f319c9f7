// Stacks that can be left in the middle of a function and entered again.
#pragma once

#include <stddef.h>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace emulator {

class Fiber {
 public:
  // The stack this thread already runs on, so that other fibers can come back to it.
  Fiber() = default;

  // A new stack. The number spreads the tops of stacks over the sets of the cache.
  explicit Fiber(size_t number);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Forgets what the stack holds; the next switch to it calls `entry`, which must not return.
  void prepare(void (*entry)());

  // Leaves `from`, which must be the running one, and goes on where `to` was left.
  static void change(Fiber& from, Fiber& to);

  // Whether an access to the address means that this stack is full.
  bool overflows(const void* address) const;

  static constexpr size_t kStackBytes = 64 * 1024;

 private:
  char* memory_ = nullptr;
  char* top_ = nullptr;
#if defined(__x86_64__)
  void* stack_pointer_ = nullptr;
#else
  ucontext_t context_;
#endif
};

}  // namespace emulator
