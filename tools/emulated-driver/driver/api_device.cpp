// Calls about the driver, the device and contexts.
#include <stdio.h>
#include <string.h>

#include <algorithm>

#include "driver.h"

namespace emulator {
namespace {

constexpr int kDevice = 0;
constexpr int kClockKilohertz = 1'000'000;

struct Attribute {
  int number;
  int value;
};

// What programs ask for, by the numbers of CUdevice_attribute. Everything else is 0: the device does not have it.
const Attribute kAttributes[] = {
    {1, kMaxThreads},                     // max threads per block
    {2, 1024}, {3, 1024}, {4, 64},        // max block dimensions
    {5, 2147483647}, {6, 65535}, {7, 65535},  // max grid dimensions
    {8, static_cast<int>(kSharedBytes)},  // shared memory per block
    {9, 65536},                           // constant memory
    {10, 32},                             // warp size
    {11, 2147483647},                     // max pitch
    {12, 65536},                          // registers per block
    {13, kClockKilohertz},
    {14, 512},                            // texture alignment
    {15, 1},                              // copies overlap
    {16, 4},                              // multiprocessors
    {18, 1}, {19, 1},                     // integrated, can map host memory
    {31, 1},                              // concurrent kernels
    {36, kClockKilohertz},                // memory clock
    {37, 256},                            // width of the memory bus, bits
    {38, 1 << 20},                        // L2 bytes
    {39, 2048},                           // max threads per multiprocessor
    {40, 2},                              // copy engines
    {41, 1},                              // unified addresses
    {78, 1},                              // stream priorities
    {81, 100 * 1024},                     // shared memory per multiprocessor
    {82, 65536},                          // registers per multiprocessor
    {97, static_cast<int>(kSharedBytes)}, // shared memory per block that can be asked for
    {106, 32},                            // max blocks per multiprocessor
};

int attribute(int number) {
  if (number == 75) return settings().capability_major;
  if (number == 76) return settings().capability_minor;
  for (const Attribute& attribute : kAttributes) {
    if (attribute.number == number) return attribute.value;
  }
  return 0;
}

// Calls about a device: it must exist.
template <class Body>
int deviceCall(int device, Body body) {
  return driverCall([&](Driver& driver) -> int {
    if (device != kDevice || settings().devices == 0) return invalidDevice;
    return body(driver);
  });
}

}  // namespace

EMULATOR_API int cuInit(unsigned flags) {
  return driverCall(
      [flags](Driver& driver) -> int {
        if (settings().init_error != 0) return settings().init_error;
        if (flags != 0) return invalidValue;
        driver.initialized = true;
        return success;
      },
      false);
}

EMULATOR_API int cuDriverGetVersion(int* version) {
  if (version == nullptr) return invalidValue;
  *version = settings().driver_version;
  return success;
}

EMULATOR_API int cuGetErrorName(int status, const char** name) {
  switch (status) {
#define EMULATOR_NAME(code, constant, cuda, text) \
  case code:                                      \
    *name = cuda;                                 \
    return success;
    EMULATOR_STATUS(EMULATOR_NAME)
#undef EMULATOR_NAME
  }
  *name = nullptr;
  return invalidValue;
}

EMULATOR_API int cuGetErrorString(int status, const char** text) {
  switch (status) {
#define EMULATOR_TEXT(code, constant, cuda, what) \
  case code:                                      \
    *text = what;                                 \
    return success;
    EMULATOR_STATUS(EMULATOR_TEXT)
#undef EMULATOR_TEXT
  }
  *text = nullptr;
  return invalidValue;
}

EMULATOR_API int cuDeviceGetCount(int* count) {
  return driverCall([count](Driver&) -> int {
    *count = settings().devices;
    return success;
  });
}

EMULATOR_API int cuDeviceGet(int* device, int ordinal) {
  return deviceCall(ordinal, [device](Driver&) -> int {
    *device = kDevice;
    return success;
  });
}

EMULATOR_API int cuDeviceGetName(char* name, int bytes, int device) {
  return deviceCall(device, [=](Driver&) -> int {
    if (name == nullptr || bytes <= 0) return invalidValue;
    snprintf(name, static_cast<size_t>(bytes), "Emulated CUDA device (CPU)");
    return success;
  });
}

EMULATOR_API int cuDeviceGetUuid(char* uuid, int device) {
  return deviceCall(device, [uuid](Driver&) -> int {
    memcpy(uuid, "EMULATED DEVICE ", 16);
    return success;
  });
}

EMULATOR_API int cuDeviceGetPCIBusId(char* id, int bytes, int device) {
  return deviceCall(device, [=](Driver&) -> int {
    if (id == nullptr || bytes <= 0) return invalidValue;
    snprintf(id, static_cast<size_t>(bytes), "0000:00:00.0");
    return success;
  });
}

EMULATOR_API int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  return deviceCall(device, [bytes](Driver&) -> int {
    *bytes = settings().memory;
    return success;
  });
}

EMULATOR_API int cuDeviceComputeCapability(int* major, int* minor, int device) {
  return deviceCall(device, [=](Driver&) -> int {
    *major = settings().capability_major;
    *minor = settings().capability_minor;
    return success;
  });
}

EMULATOR_API int cuDeviceGetAttribute(int* value, int number, int device) {
  return deviceCall(device, [=](Driver&) -> int {
    *value = attribute(number);
    return success;
  });
}

// ---- contexts

EMULATOR_API int cuDevicePrimaryCtxRetain(void** context, int device) {
  return deviceCall(device, [context](Driver& driver) -> int {
    if (driver.primary == nullptr) driver.primary = driver.create();
    ++driver.primary_users;
    *context = driver.primary;
    return success;
  });
}

EMULATOR_API int cuDevicePrimaryCtxRelease_v2(int device) {
  return deviceCall(device, [](Driver& driver) -> int {
    if (driver.primary_users == 0) return invalidContext;
    if (--driver.primary_users == 0) driver.destroy(driver.primary);
    return success;
  });
}

EMULATOR_API int cuDevicePrimaryCtxReset_v2(int device) {
  return deviceCall(device, [](Driver& driver) -> int {
    if (driver.primary != nullptr) driver.destroy(driver.primary);
    return success;
  });
}

EMULATOR_API int cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  return deviceCall(device, [=](Driver& driver) -> int {
    *flags = 0;
    *active = driver.primary != nullptr;
    return success;
  });
}

EMULATOR_API int cuDevicePrimaryCtxSetFlags_v2(int device, unsigned) {
  return deviceCall(device, [](Driver&) -> int { return success; });
}

EMULATOR_API int cuCtxCreate_v2(void** context, unsigned, int device) {
  return deviceCall(device, [context](Driver& driver) -> int {
    Context* created = driver.create();
    driver.stack().push_back(created);
    *context = created;
    return success;
  });
}

EMULATOR_API int cuCtxDestroy_v2(void* context) {
  return driverCall([context](Driver& driver) -> int {
    auto* destroyed = static_cast<Context*>(context);
    if (!driver.isAlive(destroyed) || destroyed == driver.primary) return invalidContext;
    auto& stack = driver.stack();
    if (!stack.empty() && stack.back() == destroyed) stack.pop_back();
    driver.destroy(destroyed);
    return success;
  });
}

EMULATOR_API int cuCtxPushCurrent_v2(void* context) {
  return driverCall([context](Driver& driver) -> int {
    auto* pushed = static_cast<Context*>(context);
    if (!driver.isAlive(pushed)) return invalidContext;
    driver.stack().push_back(pushed);
    return success;
  });
}

EMULATOR_API int cuCtxPopCurrent_v2(void** context) {
  return driverCall([context](Driver& driver) -> int {
    auto& stack = driver.stack();
    if (stack.empty()) return invalidContext;
    if (context != nullptr) *context = stack.back();
    stack.pop_back();
    return success;
  });
}

EMULATOR_API int cuCtxSetCurrent(void* context) {
  return driverCall([context](Driver& driver) -> int {
    auto* wanted = static_cast<Context*>(context);
    if (wanted != nullptr && !driver.isAlive(wanted)) return invalidContext;
    auto& stack = driver.stack();
    if (!stack.empty()) stack.pop_back();
    if (wanted != nullptr) stack.push_back(wanted);
    return success;
  });
}

EMULATOR_API int cuCtxGetCurrent(void** context) {
  return driverCall([context](Driver& driver) -> int {
    *context = driver.current();
    return success;
  });
}

EMULATOR_API int cuCtxGetDevice(int* device) {
  return contextCall([device](Context&) -> int {
    *device = kDevice;
    return success;
  });
}

EMULATOR_API int cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return contextCall([=](Context&) -> int {
    if (least != nullptr) *least = 0;
    if (greatest != nullptr) *greatest = -1;
    return success;
  });
}

EMULATOR_API int cuCtxSynchronize() {
  return waitingCall([](Context& context) -> int {
    context.scheduler.finishAll();
    return success;
  });
}

EMULATOR_API int cuProfilerStart() { return success; }
EMULATOR_API int cuProfilerStop() { return success; }

}  // namespace emulator
