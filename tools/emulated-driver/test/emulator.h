// The calls of the driver that the tests make, and what the tests are written with.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <string>
#include <vector>

using Address = unsigned long long;

extern "C" {
int cuInit(unsigned flags);
int cuDriverGetVersion(int* version);
int cuGetErrorName(int status, const char** name);
int cuGetErrorString(int status, const char** text);
int cuDeviceGetCount(int* count);
int cuDeviceGet(int* device, int ordinal);
int cuDeviceGetName(char* name, int bytes, int device);
int cuDeviceGetAttribute(int* value, int number, int device);
int cuDeviceTotalMem_v2(size_t* bytes, int device);
int cuDevicePrimaryCtxRetain(void** context, int device);
int cuDevicePrimaryCtxRelease_v2(int device);
int cuDevicePrimaryCtxReset_v2(int device);
int cuCtxCreate_v2(void** context, unsigned flags, int device);
int cuCtxDestroy_v2(void* context);
int cuCtxSetCurrent(void* context);
int cuCtxGetCurrent(void** context);
int cuCtxSynchronize();
int cuMemGetInfo_v2(size_t* free, size_t* total);
int cuMemAlloc_v2(Address* address, size_t bytes);
int cuMemFree_v2(Address address);
int cuMemAllocHost_v2(void** address, size_t bytes);
int cuMemFreeHost(void* address);
int cuMemHostRegister_v2(void* address, size_t bytes, unsigned flags);
int cuMemHostUnregister(void* address);
int cuMemcpyHtoD_v2(Address to, const void* from, size_t bytes);
int cuMemcpyDtoH_v2(void* to, Address from, size_t bytes);
int cuMemcpyDtoD_v2(Address to, Address from, size_t bytes);
int cuMemcpyHtoDAsync_v2(Address to, const void* from, size_t bytes, void* stream);
int cuMemcpyDtoHAsync_v2(void* to, Address from, size_t bytes, void* stream);
int cuMemcpyDtoDAsync_v2(Address to, Address from, size_t bytes, void* stream);
int cuMemsetD8_v2(Address to, unsigned char value, size_t count);
int cuMemsetD32_v2(Address to, unsigned value, size_t count);
int cuMemsetD32Async(Address to, unsigned value, size_t count, void* stream);
int cuStreamCreate(void** stream, unsigned flags);
int cuStreamDestroy_v2(void* stream);
int cuStreamSynchronize(void* stream);
int cuStreamQuery(void* stream);
int cuStreamWaitEvent(void* stream, void* event, unsigned flags);
int cuEventCreate(void** event, unsigned flags);
int cuEventDestroy_v2(void* event);
int cuEventRecord(void* event, void* stream);
int cuEventSynchronize(void* event);
int cuEventQuery(void* event);
int cuEventElapsedTime(float* milliseconds, void* start, void* end);
int cuModuleLoadData(void** module, const void* image);
int cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options, void** values);
int cuModuleUnload(void* module);
int cuModuleGetFunction(void** function, void* module, const char* name);
int cuFuncGetAttribute(int* value, int number, void* function);
int cuLaunchKernel(void* function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void* stream, void** parameters, void** extra);
int cuGraphCreate(void** graph, unsigned flags);

long long depthscope_emulator_live_allocations();
long long depthscope_emulator_live_bytes();
long long depthscope_emulator_live_host_allocations();
long long depthscope_emulator_live_streams();
long long depthscope_emulator_live_events();
long long depthscope_emulator_live_modules();
long long depthscope_emulator_live_contexts();
long long depthscope_emulator_launches(const char* kernel);
int depthscope_emulator_kernels();
const char* depthscope_emulator_kernel(int index);
const char* depthscope_emulator_module();
int depthscope_emulator_set(const char* name, const char* value);
void depthscope_emulator_reset();
void depthscope_emulator_destroy_contexts();
long long depthscope_emulator_last_message(char* buffer, long long bytes);
}

// ---- checks: a test goes on after a failed one, and the process ends with 1

extern int failures;

inline void checkAt(const char* file, int line, bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

template <class A, class B>
void checkEqualAt(const char* file, int line, const char* what, const A& expected, const B& found) {
  checkAt(file, line, expected == found,
          std::string(what) + ": expected " + std::to_string(expected) + ", found " + std::to_string(found));
}

#define CHECK(condition) checkAt(__FILE__, __LINE__, condition, #condition)
#define EQUAL(expected, found) checkEqualAt(__FILE__, __LINE__, #found, expected, found)
#define SUCCEEDS(call) checkEqualAt(__FILE__, __LINE__, #call, 0, call)
// That the driver's last message has this in it.
#define MESSAGE(part) checkMessageAt(__FILE__, __LINE__, part)

inline void checkMessageAt(const char* file, int line, const char* part) {
  char message[1024];
  depthscope_emulator_last_message(message, sizeof message);
  checkAt(file, line, std::string(message).find(part) != std::string::npos,
          std::string("message without \"") + part + "\": " + message);
}

// ---- a context with the test kernels loaded; a new one for each test

class Session {
 public:
  Session();
  ~Session();

  void* function(const char* name);

  // Device memory of the session, filled from a vector.
  template <class T>
  Address upload(const std::vector<T>& values) {
    const Address address = allocate(values.size() * sizeof(T));
    SUCCEEDS(cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)));
    return address;
  }
  Address allocate(size_t bytes);

  template <class T>
  std::vector<T> download(Address address, size_t count) {
    std::vector<T> values(count);
    SUCCEEDS(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)));
    return values;
  }

  // Launches on a stream; gives the status of the launch.
  template <class... Arguments>
  int launchOn(void* stream, const char* name, unsigned blocks, unsigned threads, Arguments... arguments) {
    void* pointers[] = {&arguments..., nullptr};
    return cuLaunchKernel(function(name), blocks, 1, 1, threads, 1, 1, 0, stream, pointers, nullptr);
  }
  // Launches and waits; gives the status of the waiting.
  template <class... Arguments>
  int run(const char* name, unsigned blocks, unsigned threads, Arguments... arguments) {
    const int status = launchOn(nullptr, name, blocks, threads, arguments...);
    return status != 0 ? status : cuCtxSynchronize();
  }

 private:
  void* module_ = nullptr;
  std::vector<Address> allocations_;
};

// The tests, one function a file.
void testKernels();
void testFaults();
void testMemory();
void testStreams();
void testModules();
void testInjections();
