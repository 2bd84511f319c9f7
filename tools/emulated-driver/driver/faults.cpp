#include "faults.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <mutex>
#include <new>

namespace emulator {
namespace {

const int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
struct sigaction previous[4];
pthread_key_t runningGuard;

// The handler that was there before. One that would return to the faulting instruction for ever becomes the default.
void passOn(int signal, siginfo_t* info, void* context) {
  const struct sigaction* old = nullptr;
  for (int i = 0; i < 4; ++i) {
    if (kSignals[i] == signal) old = &previous[i];
  }
  if ((old->sa_flags & SA_SIGINFO) != 0) {
    old->sa_sigaction(signal, info, context);
  } else if (old->sa_handler != SIG_DFL && old->sa_handler != SIG_IGN) {
    old->sa_handler(signal);
  } else {
    ::signal(signal, SIG_DFL);
    raise(signal);
  }
}

}  // namespace

struct FaultHandler {
  static void handle(int signal, siginfo_t* info, void* context) {
    // A thread-local variable could allocate here; a key of pthread does not.
    auto* guard = static_cast<FaultGuard*>(pthread_getspecific(runningGuard));
    // A signal that another process sent has no place in the code.
    if (guard == nullptr || info->si_code <= 0) {
      passOn(signal, info, context);
      return;
    }
    Trap& trap = guard->trap_;
    trap.signal = signal;
    trap.address = info->si_addr;
#if defined(__x86_64__)
    const auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    trap.instruction = reinterpret_cast<const void*>(registers[REG_RIP]);
    trap.write = (registers[REG_ERR] & 2) != 0;
#endif
    pthread_setspecific(runningGuard, nullptr);
    siglongjmp(guard->recovery_, 1);
  }

  static void install() {
    pthread_key_create(&runningGuard, nullptr);
    for (int i = 0; i < 4; ++i) {
      // With the mask of the handler before, which runs under it: the virtual machine's may raise signals itself.
      sigaction(kSignals[i], nullptr, &previous[i]);
      struct sigaction action = previous[i];
      action.sa_sigaction = handle;
      action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
      sigaction(kSignals[i], &action, nullptr);
    }
  }
};

FaultGuard::FaultGuard() {
  static std::once_flag once;
  std::call_once(once, FaultHandler::install);
  stack_ = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack_ == MAP_FAILED) throw std::bad_alloc();
}

FaultGuard::~FaultGuard() { munmap(stack_, kStackBytes); }

bool FaultGuard::run(void (*body)(void*), void* argument) {
  stack_t own, before;
  memset(&own, 0, sizeof own);
  own.ss_sp = stack_;
  own.ss_size = kStackBytes;
  sigaltstack(&own, &before);
  trap_ = Trap();
  if (sigsetjmp(recovery_, 1) != 0) {
    sigaltstack(&before, nullptr);
    return false;
  }
  pthread_setspecific(runningGuard, this);
  body(argument);
  pthread_setspecific(runningGuard, nullptr);
  sigaltstack(&before, nullptr);
  return true;
}

}  // namespace emulator
