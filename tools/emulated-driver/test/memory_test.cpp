// Allocations: fresh bytes are NaN, neighbours are watched, ranges are checked, everything is counted.
#include <string.h>

#include <cmath>

#include "emulator.h"

namespace {

void freshIsNaN() {
  Session session;
  const Address device = session.allocate(4000);
  for (const float value : session.download<float>(device, 1000)) CHECK(std::isnan(value));
  void* host;
  SUCCEEDS(cuMemAllocHost_v2(&host, 64));
  for (int i = 0; i < 16; ++i) CHECK(std::isnan(static_cast<float*>(host)[i]));
  for (int i = 0; i < 8; ++i) CHECK(std::isnan(static_cast<double*>(host)[i]));
  SUCCEEDS(cuMemFreeHost(host));
  // Memory that was used before is fresh, too.
  for (int round = 0; round < 300; ++round) {
    Address again;
    SUCCEEDS(cuMemAlloc_v2(&again, 4000));
    EQUAL(0u, again % 256);
    CHECK(session.download<uint32_t>(again, 1000)[999] == 0xffffffffu);
    SUCCEEDS(cuMemsetD8_v2(again, 0, 4000));
    SUCCEEDS(cuMemFree_v2(again));
  }
}

void copiesAndFills() {
  Session session;
  std::vector<int> x(500);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int>(i);
  const Address a = session.upload(x), b = session.allocate(2000);
  SUCCEEDS(cuMemcpyDtoD_v2(b + 400, a, 1600));
  SUCCEEDS(cuMemsetD32_v2(b, 0xabcd, 100));
  SUCCEEDS(cuMemsetD8_v2(b + 4, 1, 3));
  const auto y = session.download<int>(b, 500);
  EQUAL(0xabcd, y[0]);
  EQUAL(0x10101, y[1]);
  EQUAL(0xabcd, y[99]);
  for (size_t i = 100; i < 500; ++i) EQUAL(x[i - 100], y[i]);
  // Into the middle of itself.
  SUCCEEDS(cuMemcpyDtoD_v2(a + 4, a, 1996));
  EQUAL(498, session.download<int>(a, 500)[499]);
}

void rangesAreChecked() {
  Session session;
  std::vector<char> host(5000);
  const Address a = session.allocate(2000), b = session.allocate(2000);
  EQUAL(1, cuMemcpyHtoD_v2(a, host.data(), 2001));
  MESSAGE("not within one allocation");
  EQUAL(1, cuMemcpyDtoH_v2(host.data(), a + 1, 2000));
  EQUAL(1, cuMemcpyDtoH_v2(host.data(), a - 1, 10));
  EQUAL(1, cuMemcpyDtoD_v2(a, b + 1000, 1001));
  EQUAL(1, cuMemcpyDtoD_v2(a + 1000, b, 1001));
  EQUAL(1, cuMemsetD8_v2(a, 0, 2001));
  EQUAL(1, cuMemsetD32_v2(a, 0, 501));
  EQUAL(1, cuMemsetD32_v2(a + 2, 0, 1));
  EQUAL(1, cuMemsetD32_v2(a, 0, ~0ull / 4 + 1));
  EQUAL(1, cuMemcpyHtoD_v2(reinterpret_cast<Address>(host.data()), host.data(), 1));
  EQUAL(1, cuMemcpyHtoD_v2(a, nullptr, 1));
  EQUAL(1, cuMemFree_v2(a + 4));
  EQUAL(0, cuMemFree_v2(0));
  SUCCEEDS(cuMemcpyHtoD_v2(a, host.data(), 2000));
  Address freed;
  SUCCEEDS(cuMemAlloc_v2(&freed, 100));
  SUCCEEDS(cuMemFree_v2(freed));
  EQUAL(1, cuMemFree_v2(freed));
  MESSAGE("which is freed");
  EQUAL(1, cuMemcpyDtoH_v2(host.data(), freed, 4));
  EQUAL(1, cuMemAlloc_v2(&freed, 0));
}

// The host may write beside page-locked memory, which nobody sees until it is freed.
void damageIsFound() {
  for (const int at : {-1, 100, 101}) {
    Session session;
    void* host;
    SUCCEEDS(cuMemAllocHost_v2(&host, 100));
    static_cast<char*>(host)[at] = 3;
    EQUAL(700, cuMemFreeHost(host));
    MESSAGE("was written beside");
  }
  {
    Session session;
    void* host;
    SUCCEEDS(cuMemAllocHost_v2(&host, 100));
    static_cast<char*>(host)[100] = 3;
    depthscope_emulator_set("REPORT_LEAKS", "0");
    depthscope_emulator_destroy_contexts();
    MESSAGE("found at the end of its context");
  }
}

void countsAndLimits() {
  Session session;
  size_t free, total;
  SUCCEEDS(cuMemGetInfo_v2(&free, &total));
  EQUAL(4ull << 30, total);
  EQUAL(total, free);
  EQUAL(0, depthscope_emulator_live_allocations());
  const Address a = session.allocate(1000);
  (void)a;
  EQUAL(1, depthscope_emulator_live_allocations());
  EQUAL(1000, depthscope_emulator_live_bytes());
  SUCCEEDS(cuMemGetInfo_v2(&free, &total));
  EQUAL(total - 1000, free);
  EQUAL(0, depthscope_emulator_set("MEMORY", "1M"));
  Address more;
  EQUAL(2, cuMemAlloc_v2(&more, 1 << 20));
  SUCCEEDS(cuMemAlloc_v2(&more, (1 << 20) - 1000));
  EQUAL(2, cuMemAlloc_v2(&more, 1));
  EQUAL(2, cuMemAlloc_v2(&more, ~0ull));
  void* host;
  SUCCEEDS(cuMemAllocHost_v2(&host, 10));
  EQUAL(1, depthscope_emulator_live_host_allocations());
  SUCCEEDS(cuMemFreeHost(host));
  EQUAL(0, depthscope_emulator_live_host_allocations());
  std::vector<char> own(100);
  SUCCEEDS(cuMemHostRegister_v2(own.data(), own.size(), 0));
  EQUAL(712, cuMemHostRegister_v2(own.data() + 5, 10, 0));
  EQUAL(1, depthscope_emulator_live_host_allocations());
  SUCCEEDS(cuMemHostUnregister(own.data()));
  EQUAL(713, cuMemHostUnregister(own.data()));
}

}  // namespace

void testMemory() {
  freshIsNaN();
  copiesAndFills();
  rangesAreChecked();
  damageIsFound();
  countsAndLimits();
}
