#include "context.h"

#include <string.h>

#include "launcher.h"
#include "report.h"
#include "settings.h"
#include "status.h"

namespace emulator {
namespace {

template <class Value>
Value* find(const std::map<void*, std::unique_ptr<Value>>& objects, void* handle) {
  const auto found = objects.find(handle);
  return found == objects.end() ? nullptr : found->second.get();
}

}  // namespace

Context::~Context() {
  if (failed == 0) scheduler.finishAll();
  for (const auto& [address, allocation] : device.live()) {
    if (GuardedMemory::isDamaged(allocation, true)) reportDamage(allocation, "device", "the end of its context");
  }
  for (const auto& [address, allocation] : host.live()) {
    if (GuardedMemory::isDamaged(allocation, true)) reportDamage(allocation, "page-locked", "the end of its context");
  }
  if (settings().report_leaks) reportLeaks();
}

void Context::reportLeaks() const {
  for (const auto& [address, allocation] : device.live()) {
    report("leak: device allocation %llu of %zu bytes", allocation.number, allocation.bytes);
  }
  for (const auto& [address, allocation] : host.live()) {
    report("leak: page-locked allocation %llu of %zu bytes", allocation.number, allocation.bytes);
  }
  for (const auto& [address, bytes] : registered) report("leak: %zu bytes registered as page-locked", bytes);
  for (size_t i = 0; i < streams.size(); ++i) report("leak: a stream");
  for (size_t i = 0; i < events.size(); ++i) report("leak: an event");
  for (const auto& [handle, module] : modules) report("leak: a module of %zu kernels", module->functions.size());
}

bool Context::reportDamage(const GuardedMemory::Allocation& allocation, const char* kind, const std::string& found) {
  report("%s allocation %llu of %zu bytes was written beside; found at %s", kind, allocation.number, allocation.bytes,
         found.c_str());
  return true;
}

Stream* Context::stream(void* handle) {
  if (handle == nullptr || handle == reinterpret_cast<void*>(1)) return scheduler.nullStream();
  auto* stream = static_cast<Stream*>(handle);
  return streams.count(stream) != 0 ? stream : nullptr;
}

Event* Context::event(void* handle) { return find(events, handle); }

Module* Context::module(void* handle) { return find(modules, handle); }

Function* Context::function(void* handle) {
  const auto found = functions.find(handle);
  return found == functions.end() ? nullptr : found->second;
}

bool Context::isPageLocked(const void* address, size_t bytes) const {
  if (host.holding(address, bytes) != nullptr) return true;
  const char* wanted = static_cast<const char*>(address);
  auto next = registered.upper_bound(wanted);
  if (next == registered.begin()) return false;
  --next;
  const size_t offset = static_cast<size_t>(wanted - next->first);
  return offset <= next->second && bytes <= next->second - offset;
}

bool Context::isAccessible(const void* address) const {
  return device.holding(address, 0) != nullptr || isPageLocked(address, 0);
}

void Context::fail(int status, const std::string& message) {
  report("%s", message.c_str());
  if (failed == 0) failed = status;
}

// What is wrong with a pointer among the arguments, or "". On a GPU only its use would fail.
std::string Context::unusableArgument(const KernelEntry& kernel, void* const* arguments) const {
  for (unsigned i = 0; i < kernel.kernel.parameters; ++i) {
    if (!kernel.kernel.is_pointer[i]) continue;
    const void* pointer;
    memcpy(&pointer, arguments[i], sizeof pointer);
    if (pointer != nullptr && !isAccessible(pointer)) {
      return text("argument %u, %p, is not an address of the device", i, pointer) + device.describe(pointer);
    }
  }
  return "";
}

void Context::launch(KernelEntry& kernel, emulated::Index grid, emulated::Index block, void* const* arguments) {
  if (failed != 0) return;
  const std::string name = std::string("kernel ") + kernel.kernel.name;
  const std::string unusable = unusableArgument(kernel, arguments);
  if (!unusable.empty()) {
    fail(illegalAddress, name + ": " + unusable);
    return;
  }
  const double start = milliseconds();
  const Failure failure = Launcher::instance().run({&kernel, arguments, grid, block});
  kernel.milliseconds += milliseconds() - start;
  if (failure.status != 0) {
    const std::string detail = failure.address == nullptr ? "" : device.describe(failure.address);
    fail(failure.status, name + ": " + failure.what + detail + ", in " + failure.place);
    return;
  }
  if (const GuardedMemory::Allocation* damaged = device.damaged(false)) {
    fail(illegalAddress, name + text(" wrote beside device allocation %llu of %zu bytes, in a grid of %u blocks of %u",
                                     damaged->number, damaged->bytes, grid.x * grid.y * grid.z,
                                     block.x * block.y * block.z));
  }
}

}  // namespace emulator
