#include "fiber.h"

#include <sys/mman.h>

#include <new>

namespace emulator {
namespace {

constexpr size_t kGuardBytes = 16 * 4096;

}  // namespace

Fiber::Fiber(size_t number) {
  void* memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, kGuardBytes, PROT_NONE);
  memory_ = static_cast<char*>(memory);
  // Were all tops at the same place in their page, a few hundred stacks would share a handful of cache sets.
  top_ = memory_ + kGuardBytes + kStackBytes - number * 320 % 4096;
}

Fiber::~Fiber() {
  if (memory_ != nullptr) munmap(memory_, kGuardBytes + kStackBytes);
}

bool Fiber::overflows(const void* address) const { return address >= memory_ && address < memory_ + kGuardBytes; }

#if defined(__x86_64__)

// Saves what a called function must preserve, changes the stack, and restores the same from there.
extern "C" __attribute__((visibility("hidden"))) void emulator_change_stack(void** from, void* to);
asm(R"(
    .text
    .hidden emulator_change_stack
    .globl emulator_change_stack
    .type emulator_change_stack, @function
emulator_change_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size emulator_change_stack, .-emulator_change_stack
)");

void Fiber::prepare(void (*entry)()) {
  // As emulator_change_stack leaves a stack: six registers, then where to return to. Above it a null return address, at
  // the alignment that a function finds when it is called.
  void** frame = reinterpret_cast<void**>(top_);
  *--frame = nullptr;
  *--frame = reinterpret_cast<void*>(entry);
  for (int i = 0; i < 6; ++i) *--frame = nullptr;
  stack_pointer_ = frame;
}

void Fiber::change(Fiber& from, Fiber& to) { emulator_change_stack(&from.stack_pointer_, to.stack_pointer_); }

#else

void Fiber::prepare(void (*entry)()) {
  getcontext(&context_);
  context_.uc_stack.ss_sp = memory_ + kGuardBytes;
  context_.uc_stack.ss_size = static_cast<size_t>(top_ - memory_) - kGuardBytes;
  context_.uc_link = nullptr;
  makecontext(&context_, entry, 0);
}

void Fiber::change(Fiber& from, Fiber& to) { swapcontext(&from.context_, &to.context_); }

#endif

}  // namespace emulator
