// The state of the driver, and how calls enter it: one at a time, and only while the device answers.
#pragma once

#include <stdint.h>

#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "context.h"
#include "settings.h"
#include "status.h"

// What the library exports.
#define EMULATOR_API extern "C" __attribute__((visibility("default")))

namespace emulator {

using DeviceAddress = unsigned long long;

class Driver {
 public:
  static Driver& instance();

  std::mutex lock;
  bool initialized = false;
  int lost = 0;  // what every call answers since the device was lost
  uint64_t launches = 0;

  std::vector<std::unique_ptr<Context>> contexts;
  Context* primary = nullptr;
  unsigned primary_users = 0;

  // The contexts of the calling thread, the current one last. An entry may be null, or destroyed.
  std::vector<Context*>& stack();
  // Null if there is none.
  Context* current();

  Context* create();
  bool isAlive(const Context* context) const;
  void destroy(Context* context);

  // Counts the call. The status with which it must fail, or success.
  int enter(bool needs_init);
};

// Runs body() under the lock.
template <class Body>
int driverCall(Body body, bool needs_init = true) {
  Driver& driver = Driver::instance();
  std::lock_guard<std::mutex> guard(driver.lock);
  if (const int status = driver.enter(needs_init)) return status;
  try {
    return body(driver);
  } catch (const std::bad_alloc&) {
    return outOfMemory;
  }
}

// Runs body(context) for the current context, unless that has failed.
template <class Body>
int contextCall(Body body) {
  return driverCall([&body](Driver& driver) -> int {
    Context* context = driver.current();
    if (context == nullptr) return invalidContext;
    if (context->failed != 0) return context->failed;
    return body(*context);
  });
}

// As contextCall, for calls that wait for work: what fails meanwhile is their result.
template <class Body>
int waitingCall(Body body) {
  return contextCall([&body](Context& context) -> int {
    const int status = body(context);
    return context.failed != 0 ? context.failed : status;
  });
}

}  // namespace emulator
