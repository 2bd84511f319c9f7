// emulator-test: all tests. emulator-test leak, or one of the words below: one thing that only a process of its own shows.
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "emulator.h"

int failures = 0;

Session::Session() {
  depthscope_emulator_destroy_contexts();
  depthscope_emulator_reset();
  void* context;
  SUCCEEDS(cuInit(0));
  SUCCEEDS(cuDevicePrimaryCtxRetain(&context, 0));
  SUCCEEDS(cuCtxSetCurrent(context));
  SUCCEEDS(cuModuleLoadData(&module_, depthscope_emulator_module()));
}

Session::~Session() {
  // What fails here was to fail: the test has looked at it.
  for (const Address address : allocations_) cuMemFree_v2(address);
  cuModuleUnload(module_);
  depthscope_emulator_reset();
  depthscope_emulator_set("REPORT_LEAKS", "0");
  depthscope_emulator_destroy_contexts();
  depthscope_emulator_reset();
}

void* Session::function(const char* name) {
  void* function = nullptr;
  checkEqualAt(__FILE__, __LINE__, name, 0, cuModuleGetFunction(&function, module_, name));
  return function;
}

Address Session::allocate(size_t bytes) {
  Address address = 0;
  SUCCEEDS(cuMemAlloc_v2(&address, bytes));
  allocations_.push_back(address);
  return address;
}

namespace {

void leak() {
  void *context, *module, *stream, *event, *host;
  Address address;
  cuInit(0);
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxSetCurrent(context);
  cuModuleLoadData(&module, depthscope_emulator_module());
  cuMemAlloc_v2(&address, 1234);
  cuMemAllocHost_v2(&host, 77);
  cuStreamCreate(&stream, 0);
  cuEventCreate(&event, 0);
}

// A signal outside of kernels belongs to whoever handled it before the driver did.
void foreignSignal() {
  signal(SIGSEGV, [](int) { _Exit(42); });
  {
    Session session;
    EQUAL(700, session.run("bad_store", 3, 32, session.allocate(400), 1 << 20));
  }
  *reinterpret_cast<volatile int*>(8) = 1;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  if (what == "leak") {
    leak();
    return 0;
  }
  if (what == "signal") foreignSignal();
  if (what == "stub") {
    void* graph;
    EQUAL(801, cuGraphCreate(&graph, 0));
    return failures != 0;
  }
  int devices;
  EQUAL(3, cuDeviceGetCount(&devices));  // before cuInit
  testKernels();
  testFaults();
  testMemory();
  testStreams();
  testModules();
  testInjections();
  if (failures != 0) fprintf(stderr, "%d checks failed\n", failures);
  return failures != 0;
}
