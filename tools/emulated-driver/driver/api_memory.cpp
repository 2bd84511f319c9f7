// Calls about memory: allocations, copies, fills.
#include <string.h>

#include <algorithm>
#include <vector>

#include "driver.h"
#include "report.h"

namespace emulator {
namespace {

char* bytesAt(DeviceAddress address) { return reinterpret_cast<char*>(address); }

DeviceAddress addressOf(const void* pointer) { return reinterpret_cast<DeviceAddress>(pointer); }

// Whether all bytes are device memory or page-locked; says on stderr if not, since the status alone helps nobody.
bool isDeviceRange(const Context& context, DeviceAddress address, size_t bytes, const char* call) {
  const char* start = bytesAt(address);
  if (bytes == 0 || context.device.holding(start, bytes) != nullptr || context.isPageLocked(start, bytes)) return true;
  report("%s: %zu bytes at %p are not within one allocation%s", call, bytes, static_cast<const void*>(start),
         context.device.describe(start).c_str());
  return false;
}

// Where the work of a call goes, and whether the call returns before it is done.
struct Order {
  Stream* stream;
  bool waits;
};

int submit(Context& context, const Order& order, std::function<void()> work) {
  const TaskPointer task = context.scheduler.submit(order.stream, [&context, work = std::move(work)] {
    if (context.failed == 0) work();
  });
  if (order.waits) {
    context.scheduler.finish(task);
    return context.failed;
  }
  return success;
}

int copyToDevice(Context& context, DeviceAddress to, const void* from, size_t bytes, const Order& order) {
  if (!isDeviceRange(context, to, bytes, "copy to the device")) return invalidValue;
  if (from == nullptr && bytes != 0) return invalidValue;
  char* target = bytesAt(to);
  if (order.waits || context.isPageLocked(from, bytes)) {
    return submit(context, order, [=] { memcpy(target, from, bytes); });
  }
  // Memory that is not page-locked may change as soon as the call returns.
  const char* source = static_cast<const char*>(from);
  auto staged = std::make_shared<std::vector<char>>(source, source + bytes);
  return submit(context, order, [=] { memcpy(target, staged->data(), bytes); });
}

int copyToHost(Context& context, void* to, DeviceAddress from, size_t bytes, Order order) {
  if (!isDeviceRange(context, from, bytes, "copy to the host")) return invalidValue;
  if (to == nullptr && bytes != 0) return invalidValue;
  // Into memory that is not page-locked, the call returns when the copy is done.
  if (!context.isPageLocked(to, bytes)) order.waits = true;
  const char* source = bytesAt(from);
  return submit(context, order, [=] { memcpy(to, source, bytes); });
}

int copyOnDevice(Context& context, DeviceAddress to, DeviceAddress from, size_t bytes, const Order& order) {
  if (!isDeviceRange(context, from, bytes, "copy on the device")) return invalidValue;
  if (!isDeviceRange(context, to, bytes, "copy on the device")) return invalidValue;
  char* target = bytesAt(to);
  const char* source = bytesAt(from);
  return submit(context, order, [=] { memmove(target, source, bytes); });
}

template <class Value>
int fill(Context& context, DeviceAddress to, Value value, size_t count, const Order& order) {
  if (count > (1ull << 40)) return invalidValue;
  if (!isDeviceRange(context, to, count * sizeof(Value), "fill") || to % sizeof(Value) != 0) return invalidValue;
  auto* target = reinterpret_cast<Value*>(to);
  return submit(context, order, [=] { std::fill_n(target, count, value); });
}

// Calls without a stream.
template <class Body>
int inNullStream(bool waits, Body body) {
  return contextCall([&](Context& context) -> int { return body(context, Order{context.scheduler.nullStream(), waits}); });
}

template <class Body>
int inStream(void* handle, Body body) {
  return contextCall([&](Context& context) -> int {
    Stream* stream = context.stream(handle);
    return stream == nullptr ? invalidHandle : body(context, Order{stream, false});
  });
}

int allocate(Context& context, size_t bytes, DeviceAddress* address) {
  if (bytes == 0 || address == nullptr) return invalidValue;
  if (strikes(settings().fail_allocation)) {
    report("an allocation of %zu bytes fails, as was asked for", bytes);
    return outOfMemory;
  }
  if (bytes > settings().memory || context.device.used() > settings().memory - bytes) return outOfMemory;
  char* memory = context.device.allocate(bytes, settings().alignment);
  if (memory == nullptr) return outOfMemory;
  *address = addressOf(memory);
  return success;
}

int allocateHost(Context& context, size_t bytes, void** address) {
  if (bytes == 0 || address == nullptr) return invalidValue;
  if (strikes(settings().fail_allocation)) {
    report("a page-locked allocation of %zu bytes fails, as was asked for", bytes);
    return outOfMemory;
  }
  *address = context.host.allocate(bytes, settings().alignment);
  return *address == nullptr ? outOfMemory : success;
}

// Ends an allocation, once nothing that was submitted can use it any more.
int release(Context& context, GuardedMemory& memory, void* address, const char* kind) {
  if (address == nullptr) return success;
  context.scheduler.finishAll();
  const GuardedMemory::Allocation* allocation = memory.holding(address, 0);
  if (allocation == nullptr || allocation->address != address) {
    report("free: no %s allocation begins at %p%s", kind, address, memory.describe(address).c_str());
    return invalidValue;
  }
  const bool damaged = GuardedMemory::isDamaged(*allocation, true);
  if (damaged) {
    context.fail(illegalAddress, text("%s allocation %llu of %zu bytes was written beside; found when it was freed",
                                      kind, allocation->number, allocation->bytes));
  }
  memory.free(address);
  return context.failed;
}

}  // namespace

EMULATOR_API int cuMemGetInfo_v2(size_t* free, size_t* total) {
  return contextCall([=](Context& context) -> int {
    *total = settings().memory;
    *free = settings().memory - std::min(settings().memory, context.device.used());
    return success;
  });
}

EMULATOR_API int cuMemAlloc_v2(DeviceAddress* address, size_t bytes) {
  return contextCall([=](Context& context) -> int { return allocate(context, bytes, address); });
}

EMULATOR_API int cuMemFree_v2(DeviceAddress address) {
  return contextCall(
      [=](Context& context) -> int { return release(context, context.device, bytesAt(address), "device"); });
}

EMULATOR_API int cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  return contextCall([=](Context& context) -> int { return allocateHost(context, bytes, address); });
}

EMULATOR_API int cuMemAllocHost_v2(void** address, size_t bytes) {
  return contextCall([=](Context& context) -> int { return allocateHost(context, bytes, address); });
}

EMULATOR_API int cuMemFreeHost(void* address) {
  return contextCall(
      [=](Context& context) -> int { return release(context, context.host, address, "page-locked"); });
}

EMULATOR_API int cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  return contextCall([=](Context& context) -> int {
    if (address == nullptr || bytes == 0) return invalidValue;
    if (context.isPageLocked(address, 1)) return alreadyRegistered;
    context.registered[static_cast<const char*>(address)] = bytes;
    return success;
  });
}

EMULATOR_API int cuMemHostUnregister(void* address) {
  return contextCall([=](Context& context) -> int {
    context.scheduler.finishAll();
    return context.registered.erase(static_cast<const char*>(address)) != 0 ? success : notRegistered;
  });
}

EMULATOR_API int cuMemHostGetDevicePointer_v2(DeviceAddress* device, void* host, unsigned) {
  return contextCall([=](Context& context) -> int {
    if (!context.isPageLocked(host, 1)) return invalidValue;
    *device = addressOf(host);
    return success;
  });
}

EMULATOR_API int cuMemHostGetFlags(unsigned* flags, void* host) {
  return contextCall([=](Context& context) -> int {
    if (!context.isPageLocked(host, 1)) return invalidValue;
    *flags = 0;
    return success;
  });
}

EMULATOR_API int cuMemcpyHtoD_v2(DeviceAddress to, const void* from, size_t bytes) {
  return inNullStream(true, [=](Context& c, const Order& order) { return copyToDevice(c, to, from, bytes, order); });
}

EMULATOR_API int cuMemcpyDtoH_v2(void* to, DeviceAddress from, size_t bytes) {
  return inNullStream(true, [=](Context& c, const Order& order) { return copyToHost(c, to, from, bytes, order); });
}

// Copies and fills on the device do not keep the host waiting, with a stream or without.
EMULATOR_API int cuMemcpyDtoD_v2(DeviceAddress to, DeviceAddress from, size_t bytes) {
  return inNullStream(false, [=](Context& c, const Order& order) { return copyOnDevice(c, to, from, bytes, order); });
}

EMULATOR_API int cuMemcpyHtoDAsync_v2(DeviceAddress to, const void* from, size_t bytes, void* stream) {
  return inStream(stream, [=](Context& c, const Order& order) { return copyToDevice(c, to, from, bytes, order); });
}

EMULATOR_API int cuMemcpyDtoHAsync_v2(void* to, DeviceAddress from, size_t bytes, void* stream) {
  return inStream(stream, [=](Context& c, const Order& order) { return copyToHost(c, to, from, bytes, order); });
}

EMULATOR_API int cuMemcpyDtoDAsync_v2(DeviceAddress to, DeviceAddress from, size_t bytes, void* stream) {
  return inStream(stream, [=](Context& c, const Order& order) { return copyOnDevice(c, to, from, bytes, order); });
}

EMULATOR_API int cuMemsetD8_v2(DeviceAddress to, unsigned char value, size_t count) {
  return inNullStream(false, [=](Context& c, const Order& order) { return fill(c, to, value, count, order); });
}

EMULATOR_API int cuMemsetD32_v2(DeviceAddress to, unsigned value, size_t count) {
  return inNullStream(false, [=](Context& c, const Order& order) { return fill(c, to, value, count, order); });
}

EMULATOR_API int cuMemsetD8Async(DeviceAddress to, unsigned char value, size_t count, void* stream) {
  return inStream(stream, [=](Context& c, const Order& order) { return fill(c, to, value, count, order); });
}

EMULATOR_API int cuMemsetD32Async(DeviceAddress to, unsigned value, size_t count, void* stream) {
  return inStream(stream, [=](Context& c, const Order& order) { return fill(c, to, value, count, order); });
}

}  // namespace emulator
