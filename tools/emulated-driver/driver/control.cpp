// What a test may ask the emulated driver itself: counts, the last message, and settings that change while it runs.
#include <string.h>

#include <algorithm>

#include "driver.h"
#include "report.h"

namespace emulator {
namespace {

template <class Count>
long long sum(Count count) {
  Driver& driver = Driver::instance();
  std::lock_guard<std::mutex> guard(driver.lock);
  size_t total = 0;
  for (const auto& context : driver.contexts) total += count(*context);
  return static_cast<long long>(total);
}

}  // namespace

EMULATOR_API long long depthscope_emulator_live_allocations() {
  return sum([](const Context& context) { return context.device.live().size(); });
}

EMULATOR_API long long depthscope_emulator_live_bytes() {
  return sum([](const Context& context) { return context.device.used(); });
}

EMULATOR_API long long depthscope_emulator_live_host_allocations() {
  return sum([](const Context& context) { return context.host.live().size() + context.registered.size(); });
}

EMULATOR_API long long depthscope_emulator_live_streams() {
  return sum([](const Context& context) { return context.streams.size(); });
}

EMULATOR_API long long depthscope_emulator_live_events() {
  return sum([](const Context& context) { return context.events.size(); });
}

EMULATOR_API long long depthscope_emulator_live_modules() {
  return sum([](const Context& context) { return context.modules.size(); });
}

EMULATOR_API long long depthscope_emulator_live_contexts() {
  return sum([](const Context&) { return 1u; });
}

// Launches since the last reset: all, or those of one kernel; -1 if there is no such kernel.
EMULATOR_API long long depthscope_emulator_launches(const char* kernel) {
  Driver& driver = Driver::instance();
  std::lock_guard<std::mutex> guard(driver.lock);
  if (kernel == nullptr) return static_cast<long long>(driver.launches);
  const KernelEntry* entry = findKernel(kernel);
  return entry == nullptr ? -1 : static_cast<long long>(entry->launches);
}

EMULATOR_API int depthscope_emulator_kernels() { return static_cast<int>(kernels().size()); }

// The kernels of the host build in the order of their names; null beyond the last.
EMULATOR_API const char* depthscope_emulator_kernel(int index) {
  for (const auto& [name, entry] : kernels()) {
    if (index-- == 0) return entry.kernel.name;
  }
  return nullptr;
}

// A module of PTX that declares every kernel of the host build, for tests that have no other. Lives for ever.
EMULATOR_API const char* depthscope_emulator_module() {
  static const std::string* const text = new std::string(moduleText());
  return text->c_str();
}

// Changes a setting by the name its environment variable has behind DEPTHSCOPE_EMULATOR_. 0, or 1 if that is not possible.
EMULATOR_API int depthscope_emulator_set(const char* name, const char* value) {
  Driver& driver = Driver::instance();
  std::lock_guard<std::mutex> guard(driver.lock);
  if (!settings().set(name, value)) return 1;
  if (strcmp(name, "LOSE_DEVICE") == 0) driver.lost = 0;
  return 0;
}

// Settings as in the environment, counts of launches at 0, the device found again, and the last message forgotten.
// Contexts and what lives in them stay.
EMULATOR_API void depthscope_emulator_reset() {
  Driver& driver = Driver::instance();
  std::lock_guard<std::mutex> guard(driver.lock);
  settings() = Settings::fromEnvironment();
  driver.lost = 0;
  driver.launches = 0;
  for (auto& [name, entry] : kernels()) {
    entry.launches = 0;
    entry.milliseconds = 0;
  }
  forgetReports();
}

// Destroys all contexts with everything in them, as the end of the process does; leaks are reported.
EMULATOR_API void depthscope_emulator_destroy_contexts() {
  Driver& driver = Driver::instance();
  std::lock_guard<std::mutex> guard(driver.lock);
  while (!driver.contexts.empty()) driver.destroy(driver.contexts.back().get());
}

// Copies the last line that went to stderr, without the name of the driver. Gives its length.
EMULATOR_API long long depthscope_emulator_last_message(char* buffer, long long bytes) {
  const std::string message = lastReport();
  if (bytes > 0) {
    const size_t kept = std::min(message.size(), static_cast<size_t>(bytes) - 1);
    memcpy(buffer, message.data(), kept);
    buffer[kept] = 0;
  }
  return static_cast<long long>(message.size());
}

}  // namespace emulator
