#include "driver.h"

#include <pthread.h>

#include <algorithm>

#include "report.h"

namespace emulator {
namespace {

// A key of pthread, not a thread_local variable: the first use of one of those would give the calling thread a copy of
// all shared memory of all kernels.
pthread_key_t stackKey() {
  static const pthread_key_t key = [] {
    pthread_key_t created;
    pthread_key_create(&created, [](void* stack) { delete static_cast<std::vector<Context*>*>(stack); });
    return created;
  }();
  return key;
}

}  // namespace

Driver& Driver::instance() {
  static Driver* const driver = new Driver;
  return *driver;
}

std::vector<Context*>& Driver::stack() {
  auto* stack = static_cast<std::vector<Context*>*>(pthread_getspecific(stackKey()));
  if (stack == nullptr) {
    stack = new std::vector<Context*>;
    pthread_setspecific(stackKey(), stack);
  }
  return *stack;
}

Context* Driver::current() {
  const std::vector<Context*>& contexts = stack();
  return !contexts.empty() && isAlive(contexts.back()) ? contexts.back() : nullptr;
}

Context* Driver::create() {
  contexts.push_back(std::make_unique<Context>());
  return contexts.back().get();
}

bool Driver::isAlive(const Context* context) const {
  return std::any_of(contexts.begin(), contexts.end(), [context](const auto& alive) { return alive.get() == context; });
}

void Driver::destroy(Context* context) {
  const auto found =
      std::find_if(contexts.begin(), contexts.end(), [context](const auto& alive) { return alive.get() == context; });
  contexts.erase(found);
  if (context == primary) {
    primary = nullptr;
    primary_users = 0;
  }
}

int Driver::enter(bool needs_init) {
  if (lost == 0 && strikes(settings().lose_device)) {
    lost = settings().lose_status;
    report("the device is lost, as was asked for");
  }
  if (lost != 0) return lost;
  return needs_init && !initialized ? notInitialized : success;
}

}  // namespace emulator

namespace {

// When the process ends, so that objects that nobody freed are named even if their context was not released.
__attribute__((destructor)) void atExit() {
  emulator::Driver& driver = emulator::Driver::instance();
  if (!driver.lock.try_lock()) return;
  driver.contexts.clear();
  if (emulator::settings().report_launches) {
    for (const auto& [name, entry] : emulator::kernels()) {
      if (entry.launches != 0) {
        emulator::report("%llu launches of %s, %.1f ms", static_cast<unsigned long long>(entry.launches), name.c_str(),
                         entry.milliseconds);
      }
    }
    emulator::report("%llu launches in all", static_cast<unsigned long long>(driver.launches));
  }
  driver.lock.unlock();
}

}  // namespace
