// Streams: with DELAY, work is done as late as the program allows, and what it forgot to wait for is seen.
#include <stdlib.h>

#include "emulator.h"

namespace {

const char* const kSeeds[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"};

struct ScaleParams {
  int count;
  float factor;
};

constexpr int kCount = 64;
constexpr size_t kBytes = kCount * 4;

// Page-locked memory of one session, as floats.
float* pageLocked() {
  void* memory;
  SUCCEEDS(cuMemAllocHost_v2(&memory, kBytes));
  return static_cast<float*>(memory);
}

struct Streams {
  void *upload, *compute, *done;

  Streams() {
    SUCCEEDS(cuStreamCreate(&upload, 1));
    SUCCEEDS(cuStreamCreate(&compute, 1));
    SUCCEEDS(cuEventCreate(&done, 2));
  }
  ~Streams() {
    SUCCEEDS(cuStreamDestroy_v2(upload));
    SUCCEEDS(cuStreamDestroy_v2(compute));
    SUCCEEDS(cuEventDestroy_v2(done));
  }
};

// Upload on one stream, compute and download on another. What happens without the wait for the event?
bool pipeline(const char* seed, bool waits) {
  Session session;
  depthscope_emulator_set("DELAY", seed);
  bool right = true;
  {
    Streams streams;
    float *in = pageLocked(), *out = pageLocked();
    const Address x = session.allocate(kBytes), y = session.allocate(kBytes);
    for (int i = 0; i < kCount; ++i) in[i] = static_cast<float>(i);
    SUCCEEDS(cuMemcpyHtoDAsync_v2(x, in, kBytes, streams.upload));
    SUCCEEDS(cuEventRecord(streams.done, streams.upload));
    if (waits) SUCCEEDS(cuStreamWaitEvent(streams.compute, streams.done, 0));
    SUCCEEDS(session.launchOn(streams.compute, "test_scale", 1, 256, x, y, ScaleParams{kCount, 2}));
    SUCCEEDS(cuMemcpyDtoHAsync_v2(out, y, kBytes, streams.compute));
    SUCCEEDS(cuStreamSynchronize(streams.compute));
    for (int i = 0; i < kCount; ++i) right &= out[i] == 2 * in[i];
    SUCCEEDS(cuCtxSynchronize());
    SUCCEEDS(cuMemFreeHost(in));
    SUCCEEDS(cuMemFreeHost(out));
  }
  return right;
}

void eventsOrderStreams() {
  bool found = false;
  for (const char* seed : kSeeds) {
    CHECK(pipeline(seed, true));
    const bool right = pipeline(seed, false);
    if (*seed == '0') CHECK(right);
    found |= !right;
  }
  CHECK(found);
}

// The host must not read what is on its way, nor write what has not been read.
void hostMustWait() {
  bool early = false, overwritten = false;
  for (const char* seed : kSeeds) {
    Session session;
    depthscope_emulator_set("DELAY", seed);
    Streams streams;
    float *in = pageLocked(), *out = pageLocked();
    const Address x = session.allocate(kBytes);
    for (int i = 0; i < kCount; ++i) in[i] = 1;
    SUCCEEDS(cuMemcpyHtoDAsync_v2(x, in, kBytes, streams.upload));
    for (int i = 0; i < kCount; ++i) in[i] = 2;
    SUCCEEDS(cuMemcpyDtoHAsync_v2(out, x, kBytes, streams.upload));
    early |= !(out[0] == 1 || out[0] == 2);
    SUCCEEDS(cuStreamSynchronize(streams.upload));
    overwritten |= out[0] == 2;
    if (*seed == '0') CHECK(!early && !overwritten);
    SUCCEEDS(cuMemFreeHost(in));
    SUCCEEDS(cuMemFreeHost(out));
  }
  CHECK(early);
  CHECK(overwritten);
}

// Memory that is not page-locked is read before the call returns, and written before it returns.
void ordinaryMemoryIsSafe() {
  for (const char* seed : kSeeds) {
    Session session;
    depthscope_emulator_set("DELAY", seed);
    Streams streams;
    std::vector<float> in(kCount, 1), out(kCount);
    const Address x = session.allocate(kBytes);
    SUCCEEDS(cuMemcpyHtoDAsync_v2(x, in.data(), kBytes, streams.upload));
    in.assign(kCount, 2);
    SUCCEEDS(cuMemcpyDtoHAsync_v2(out.data(), x, kBytes, streams.upload));
    EQUAL(1.0f, out[kCount - 1]);
  }
}

// Without a stream of its own, work takes turns with the streams that block, and only with those.
void nullStream() {
  bool late = false;
  for (const char* seed : kSeeds) {
    Session session;
    depthscope_emulator_set("DELAY", seed);
    void *blocking, *other;
    SUCCEEDS(cuStreamCreate(&blocking, 0));
    SUCCEEDS(cuStreamCreate(&other, 1));
    const Address x = session.upload(std::vector<unsigned>(1, 0)), y = session.upload(std::vector<unsigned>(1, 0));
    SUCCEEDS(cuMemsetD32Async(x, 5, 1, blocking));
    SUCCEEDS(cuMemsetD32Async(y, 5, 1, other));
    EQUAL(5u, session.download<unsigned>(x, 1)[0]);
    late |= session.download<unsigned>(y, 1)[0] != 5;
    SUCCEEDS(cuMemsetD32_v2(x, 6, 1));
    SUCCEEDS(cuMemcpyDtoDAsync_v2(y, x, 4, blocking));
    SUCCEEDS(cuStreamSynchronize(blocking));
    SUCCEEDS(cuStreamSynchronize(other));
    const unsigned last = session.download<unsigned>(y, 1)[0];
    CHECK(last == 6 || (last == 5 && *seed != '0'));
    SUCCEEDS(cuStreamDestroy_v2(blocking));
    SUCCEEDS(cuStreamDestroy_v2(other));
  }
  CHECK(late);
}

void eventsTellTime() {
  for (const char* seed : {"0", "3"}) {
    Session session;
    depthscope_emulator_set("DELAY", seed);
    void *stream, *start, *end, *never, *untimed;
    SUCCEEDS(cuStreamCreate(&stream, 1));
    for (void** event : {&start, &end, &never}) SUCCEEDS(cuEventCreate(event, 0));
    SUCCEEDS(cuEventCreate(&untimed, 2));
    EQUAL(5, depthscope_emulator_live_events() + depthscope_emulator_live_streams());
    const Address x = session.allocate(kBytes);
    SUCCEEDS(cuEventRecord(start, stream));
    SUCCEEDS(session.launchOn(stream, "test_scale", 1, 256, x, x, ScaleParams{kCount, 2}));
    SUCCEEDS(cuEventRecord(end, stream));
    float milliseconds = -1;
    if (*seed != '0') EQUAL(600, cuEventElapsedTime(&milliseconds, start, end));
    // A program that only asks comes to its end.
    int asked = 0;
    while (cuEventQuery(end) == 600 && asked < 100) ++asked;
    EQUAL(*seed == '0' ? 0 : 2, asked);
    SUCCEEDS(cuEventSynchronize(end));
    SUCCEEDS(cuStreamQuery(stream));
    SUCCEEDS(cuEventElapsedTime(&milliseconds, start, end));
    CHECK(milliseconds >= 0 && milliseconds < 10'000);
    EQUAL(400, cuEventElapsedTime(&milliseconds, start, never));
    EQUAL(400, cuEventElapsedTime(&milliseconds, start, untimed));
    SUCCEEDS(cuEventSynchronize(never));
    SUCCEEDS(cuEventQuery(never));
    SUCCEEDS(cuStreamWaitEvent(stream, never, 0));
    EQUAL(400, cuEventRecord(stream, stream));
    EQUAL(400, cuStreamSynchronize(start));
    EQUAL(400, cuStreamWaitEvent(stream, stream, 0));
    for (void* event : {start, end, never, untimed}) SUCCEEDS(cuEventDestroy_v2(event));
    EQUAL(400, cuEventDestroy_v2(end));
    SUCCEEDS(cuStreamDestroy_v2(stream));
    EQUAL(400, cuStreamDestroy_v2(stream));
  }
}

// A launch keeps its arguments, and an event that is destroyed or recorded anew keeps whom it held.
void submittedWorkIsKept() {
  for (const char* seed : kSeeds) {
    Session session;
    depthscope_emulator_set("DELAY", seed);
    Streams streams;
    const Address x = session.upload(std::vector<float>(kCount, 1)), y = session.allocate(kBytes);
    ScaleParams params{kCount, 2};
    Address in = x, out = x;
    void* arguments[] = {&in, &out, &params};
    SUCCEEDS(cuLaunchKernel(session.function("test_scale"), 1, 1, 1, 64, 1, 1, 0, streams.upload, arguments, nullptr));
    params = {kCount, 1000};
    in = out = 0;
    void* event;
    SUCCEEDS(cuEventCreate(&event, 2));
    SUCCEEDS(cuEventRecord(event, streams.upload));
    SUCCEEDS(cuStreamWaitEvent(streams.compute, event, 0));
    SUCCEEDS(cuEventRecord(event, streams.compute));
    SUCCEEDS(cuEventDestroy_v2(event));
    SUCCEEDS(cuMemcpyDtoDAsync_v2(y, x, kBytes, streams.compute));
    SUCCEEDS(cuStreamSynchronize(streams.compute));
    EQUAL(2.0f, session.download<float>(y, kCount)[kCount - 1]);
  }
}

// With delayed work a failure comes to light where somebody waits.
void failuresComeLate() {
  Session session;
  depthscope_emulator_set("DELAY", "1");
  Streams streams;
  const Address x = session.allocate(400);
  EQUAL(0, session.launchOn(streams.compute, "bad_store", 4, 32, x, 1 << 20));
  EQUAL(0, cuEventRecord(streams.done, streams.compute));
  EQUAL(700, cuEventSynchronize(streams.done));
  EQUAL(700, cuCtxSynchronize());
  depthscope_emulator_set("REPORT_LEAKS", "0");
  depthscope_emulator_destroy_contexts();
  void* context;
  SUCCEEDS(cuDevicePrimaryCtxRetain(&context, 0));
  SUCCEEDS(cuCtxSetCurrent(context));
  for (void** stream : {&streams.upload, &streams.compute}) SUCCEEDS(cuStreamCreate(stream, 1));
  SUCCEEDS(cuEventCreate(&streams.done, 0));
}

}  // namespace

void testStreams() {
  eventsOrderStreams();
  hostMustWait();
  ordinaryMemoryIsSafe();
  nullStream();
  eventsTellTime();
  submittedWorkIsKept();
  failuresComeLate();
}
