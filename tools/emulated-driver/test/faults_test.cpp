// What kernels do wrong: the launch is abandoned, the context failed, the message says where, and the process lives.
#include <stdlib.h>

#include <string>

#include "emulator.h"

namespace {

// After a failure every call gives its status, until the context is gone.
void staysFailed(int status) {
  Address address;
  EQUAL(status, cuCtxSynchronize());
  EQUAL(status, cuMemAlloc_v2(&address, 16));
  depthscope_emulator_set("REPORT_LEAKS", "0");
  depthscope_emulator_destroy_contexts();
}

template <class... Arguments>
void fails(Session& session, int status, const char* kernel, unsigned blocks, unsigned threads,
           Arguments... arguments) {
  EQUAL(0, session.launchOn(nullptr, kernel, blocks, threads, arguments...));
  EQUAL(status, cuCtxSynchronize());
  MESSAGE((std::string("kernel ") + kernel).c_str());
}

void waitingForEver() {
  {
    Session session;
    fails(session, 719, "bad_deadlock", 2, 64, session.upload(std::vector<float>(64)));
    MESSAGE("at __syncthreads");
    MESSAGE("lanes 0x0000ffff of warp 0 for lanes 0xffff0000");
    staysFailed(719);
  }
  {
    Session session;
    fails(session, 719, "bad_two_barriers", 1, 64, session.upload(std::vector<int>(64)));
    MESSAGE("different __syncthreads");
    staysFailed(719);
  }
  {
    Session session;
    fails(session, 719, "bad_left_before_barrier", 1, 64, session.upload(std::vector<int>(64)), 40);
    MESSAGE("40 at __syncthreads");
    MESSAGE("24 have ended");
    staysFailed(719);
  }
  {
    Session session;
    fails(session, 719, "bad_different_exchanges", 1, 32, session.upload(std::vector<unsigned>(64)));
    staysFailed(719);
  }
  {
    Session session;
    fails(session, 719, "bad_mask", 1, 32, session.upload(std::vector<unsigned>(64)));
    MESSAGE("0x0000ffff does not name the lane");
    staysFailed(719);
  }
}

void outOfBounds() {
  struct Case {
    size_t bytes;
    int index;
    const char* message;
  };
  // One past the end, where the next byte is watched or the page ends; before the start; far away.
  for (const Case& c : {Case{400, 100, "wrote beside device allocation"}, Case{1024, 256, "0 bytes past the end"},
                        Case{4096, 1024, "0 bytes past the end"}, Case{400, -1, "wrote beside device allocation"},
                        Case{4096, -1, "4 bytes before allocation"}, Case{400, 500, "1600 bytes past the end"}}) {
    Session session;
    fails(session, 700, "bad_store", 4, 32, session.allocate(c.bytes), c.index);
    MESSAGE(c.message);
    if (std::string(c.message).find("bytes") == 0) MESSAGE("in block 2, thread 3");
    staysFailed(700);
  }
  {
    Session session;
    const Address in = session.allocate(1024), out = session.allocate(128);
    fails(session, 700, "bad_load", 1, 32, in, 256, out);
    MESSAGE("a read of the illegal address");
    MESSAGE("in block 0, thread ");
    staysFailed(700);
  }
  {
    Session session;
    Address freed;
    SUCCEEDS(cuMemAlloc_v2(&freed, 100));
    SUCCEEDS(cuMemFree_v2(freed));
    fails(session, 700, "bad_store", 4, 32, freed, 0);
    MESSAGE("which is freed");
    staysFailed(700);
  }
  {
    Session session;
    int host[16];
    fails(session, 700, "bad_store", 4, 32, reinterpret_cast<Address>(host), 0);
    MESSAGE("argument 0");
    MESSAGE("is not an address of the device");
    staysFailed(700);
  }
  {
    // A pointer that was wrong by so much that it belongs to another allocation's guard.
    Session session;
    const Address first = session.allocate(4096);
    fails(session, 700, "bad_store", 4, 32, first, 4096 / 4 + 1000);
    MESSAGE("past the end of allocation");
    staysFailed(700);
  }
}

void undefinedBehaviour() {
  {
    Session session;
    fails(session, 700, "bad_shared_index", 1, 32, session.allocate(128), 40);
    MESSAGE("index 64 of an array 'int [64]'");
    MESSAGE("bad.cu:");
    MESSAGE("thread 24");
    staysFailed(700);
  }
  {
    Session session;
    fails(session, 700, "bad_shared_pointer", 1, 32, session.allocate(128), 40);
    MESSAGE("outside of its variable");
    staysFailed(700);
  }
  {
    Session session;
    fails(session, 716, "bad_alignment", 1, 8, session.allocate(128), session.allocate(128), 1);
    MESSAGE("is not a multiple of 16");
    staysFailed(716);
  }
  {
    Session session;
    fails(session, 719, "bad_division", 1, 8, session.allocate(128), 0);
    MESSAGE("division by zero");
    staysFailed(719);
  }
  for (const float value : {3e9f, -3e9f, 0.0f / 0.0f * 1.0f}) {
    Session session;
    fails(session, 719, "bad_conversion", 1, 1, session.upload(std::vector<float>{value}), session.allocate(4));
    MESSAGE("does not fit");
    staysFailed(719);
  }
  {
    Session session;
    fails(session, 715, "bad_trap", 1, 1);
    staysFailed(715);
  }
  {
    Session session;
    fails(session, 719, "bad_stack", 1, 1, session.upload(std::vector<int>(2000)));
    MESSAGE("stack");
    staysFailed(719);
  }
}

// Launches that are refused leave the context as it was.
void limits() {
  Session session;
  const Address x = session.allocate(4096);
  struct ScaleParams {
    int count;
    float factor;
  } scale{4, 1};
  EQUAL(1, session.launchOn(nullptr, "test_scale", 0, 256, x, x, scale));
  EQUAL(1, session.launchOn(nullptr, "test_scale", 1, 0, x, x, scale));
  EQUAL(701, session.launchOn(nullptr, "test_scale", 1, 257, x, x, scale));
  EQUAL(1, session.launchOn(nullptr, "test_where", 1, 1025, x));
  EQUAL(1, session.launchOn(nullptr, "test_where", 0x80000000u, 1, x));
  EQUAL(701, session.launchOn(nullptr, "bad_shared_size", 1, 32, x));
  MESSAGE("53248 bytes of shared memory");
  Address argument = x;
  void* arguments[] = {&argument};
  void* where = session.function("test_where");
  EQUAL(1, cuLaunchKernel(where, 1, 65536, 1, 1, 1, 1, 0, nullptr, arguments, nullptr));
  EQUAL(1, cuLaunchKernel(where, 1, 1, 1, 1, 1, 65, 0, nullptr, arguments, nullptr));
  EQUAL(1, cuLaunchKernel(where, 1, 1, 1, 32, 32, 2, 0, nullptr, arguments, nullptr));
  EQUAL(1, cuLaunchKernel(where, 1, 1, 1, 1, 1, 1, 49153, nullptr, arguments, nullptr));
  EQUAL(1, cuLaunchKernel(where, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr));
  EQUAL(400, cuLaunchKernel(nullptr, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr));
  EQUAL(400, cuLaunchKernel(where, 1, 1, 1, 1, 1, 1, 0, &session, arguments, nullptr));
  EQUAL(0, session.run("test_where", 1, 32, x));
  int threads = 0;
  SUCCEEDS(cuFuncGetAttribute(&threads, 0, session.function("test_scale")));
  EQUAL(256, threads);
  SUCCEEDS(cuFuncGetAttribute(&threads, 0, where));
  EQUAL(1024, threads);
}

// A failure in one of several threads of the system ends the others' work, and the next context works.
void failsOnSeveralThreads() {
  for (int round = 0; round < 20; ++round) {
    Session session;
    depthscope_emulator_set("THREADS", "4");
    const Address out = session.allocate(2000 * 64 * 4);
    EQUAL(0, session.run("test_barriers", 2000, 64, out, 20));
    EQUAL(700, session.run("bad_store", 50'000, 64, out, -100'000));
  }
}

}  // namespace

void testFaults() {
  for (const char* seed : {"0", "5"}) {
    setenv("DEPTHSCOPE_EMULATOR_ORDER", seed, 1);
    waitingForEver();
    outOfBounds();
    if (std::string(seed) == "0") undefinedBehaviour();
  }
  unsetenv("DEPTHSCOPE_EMULATOR_ORDER");
  limits();
  failsOnSeveralThreads();
}
