// Modules, the device, contexts, and failures on demand.
#include <stdlib.h>
#include <string.h>

#include <string>

#include "emulator.h"

namespace {

const char* const kHead = ".version 6.3\n.target sm_75\n.address_size 64\n";

int load(const std::string& text) {
  void* module = nullptr;
  const int status = cuModuleLoadData(&module, text.c_str());
  if (status == 0) SUCCEEDS(cuModuleUnload(module));
  return status;
}

std::string entry(const char* parameters, const char* bound = ".maxntid 256, 1, 1\n", const char* body = "\tret;\n") {
  return std::string(kHead) + "// a comment {\n.visible .entry test_scale(" + parameters + ")\n" + bound + "{\n" + body +
         "}\n";
}

const char* const kRight = "\n\t.param .u64 a,\n\t.param .u64 .ptr .global .align 4 b,\n\t.param .align 4 .b8 c[8]\n";

void modules() {
  Session session;
  EQUAL(1, depthscope_emulator_live_modules());
  EQUAL(0, load(entry(kRight)));
  EQUAL(0, load(entry(kRight, ".maxntid 256, 1, 1\n.minnctapersm 2\n")));
  EQUAL(0, load(std::string(kHead) + "/* nothing */ .global .align 4 .b8 table[4] = {1, 2, 3, 4};\n"));

  EQUAL(200, load(entry("\n\t.param .u64 a,\n\t.param .u64 b\n")));
  MESSAGE("test_scale takes parameters of (8, 8) bytes in the module and (8, 8, 8) in the host build");
  EQUAL(200, load(entry("\n\t.param .u64 a,\n\t.param .u64 b,\n\t.param .align 4 .b8 c[12]\n")));
  EQUAL(200, load(entry("")));
  EQUAL(200, load(entry(kRight, "")));
  MESSAGE("bound to 0 threads in the module and 256");
  EQUAL(200, load(std::string(kHead) + ".visible .entry test_unknown()\n{\n\tret;\n}\n"));
  MESSAGE("kernel test_unknown has no host build");

  EQUAL(200, load(""));
  EQUAL(200, load("this is not PTX"));
  EQUAL(209, load("\x7f" "ELF...."));
  EQUAL(209, load("\x50\xed\x55\xba...."));
  const std::string good = entry(kRight, ".maxntid 256, 1, 1\n",
                                 "\t.reg .b32 %r<3>;\n$L_begin:\n\t@%p1 bra $L_begin;\n\tmov.u32 %r1, %r2;\n"
                                 "\t{ .reg .b16 t; mov.b32 {t, _}, %r1; }\n\tret;\n");
  EQUAL(0, load(good));
  for (size_t length = strlen(kHead) + 20; length < good.size() - 2; ++length) {
    EQUAL(218, load(good.substr(0, length)));
  }
  for (const char* broken : {"\tmow.u32 %r1, %r2;\n\tret;\n", "\tmov.u32 %r1, \x01;\n", "\tret\n", "\tmov.u32 \"x;\n"}) {
    EQUAL(218, load(entry(kRight, ".maxntid 256, 1, 1\n", broken)));
  }
  EQUAL(218, load(".version x\n"));
  EQUAL(218, load(".version 6.3\n.target what\n"));

  EQUAL(209, load(".version 7.8\n.target sm_90\n.address_size 64\n"));
  EQUAL(222, load(".version 9.0\n.target sm_75\n.address_size 64\n"));
  EQUAL(0, load(".version 8.5\n.target sm_80\n.address_size 64\n"));

  int options[] = {5, 6};
  char log[200] = "";
  void* values[] = {log, reinterpret_cast<void*>(sizeof log)};
  void* module;
  EQUAL(200, cuModuleLoadDataEx(&module, "nonsense", 2, options, values));
  CHECK(strstr(log, "does not begin with .version") != nullptr);

  void* function;
  SUCCEEDS(cuModuleLoadData(&module, entry(kRight).c_str()));
  SUCCEEDS(cuModuleGetFunction(&function, module, "test_scale"));
  EQUAL(500, cuModuleGetFunction(&function, module, "test_reverse"));
  SUCCEEDS(cuModuleUnload(module));
  EQUAL(400, cuModuleUnload(module));
  EQUAL(400, cuModuleGetFunction(&function, module, "test_scale"));
  int value;
  EQUAL(400, cuFuncGetAttribute(&value, 0, nullptr));
}

void device() {
  Session session;
  int value;
  SUCCEEDS(cuDeviceGetCount(&value));
  EQUAL(1, value);
  EQUAL(101, cuDeviceGet(&value, 1));
  EQUAL(101, cuDeviceGet(&value, -1));
  char name[100];
  SUCCEEDS(cuDeviceGetName(name, sizeof name, 0));
  EQUAL(0, strcmp(name, "Emulated CUDA device (CPU)"));
  const int expected[][2] = {{1, 1024}, {8, 49152}, {10, 32}, {75, 8}, {76, 0}};
  for (const auto& pair : expected) {
    SUCCEEDS(cuDeviceGetAttribute(&value, pair[0], 0));
    EQUAL(pair[1], value);
  }
  EQUAL(0, depthscope_emulator_set("CAPABILITY", "7.5"));
  SUCCEEDS(cuDeviceGetAttribute(&value, 75, 0));
  EQUAL(7, value);
  EQUAL(209, load(".version 7.0\n.target sm_80\n.address_size 64\n"));
  size_t bytes;
  EQUAL(0, depthscope_emulator_set("MEMORY", "12G"));
  SUCCEEDS(cuDeviceTotalMem_v2(&bytes, 0));
  EQUAL(12ull << 30, bytes);
  for (const char* wrong : {"", "x", "1.5", "12T", "-1"}) EQUAL(1, depthscope_emulator_set("MEMORY", wrong));
  EQUAL(1, depthscope_emulator_set("NO_SUCH_NAME", "1"));
  EQUAL(1, depthscope_emulator_set("THREADS", "0"));

  const char* text;
  SUCCEEDS(cuGetErrorName(700, &text));
  EQUAL(0, strcmp(text, "CUDA_ERROR_ILLEGAL_ADDRESS"));
  SUCCEEDS(cuGetErrorString(700, &text));
  CHECK(strlen(text) > 5);
  EQUAL(1, cuGetErrorName(12345, &text));
  CHECK(text == nullptr);
}

void contexts() {
  Session session;
  void *primary, *second, *current;
  SUCCEEDS(cuCtxGetCurrent(&primary));
  SUCCEEDS(cuCtxCreate_v2(&second, 0, 0));
  EQUAL(2, depthscope_emulator_live_contexts());
  SUCCEEDS(cuCtxGetCurrent(&current));
  CHECK(current == second);
  Address address;
  SUCCEEDS(cuMemAlloc_v2(&address, 10));
  SUCCEEDS(cuMemFree_v2(address));
  SUCCEEDS(cuCtxDestroy_v2(second));
  EQUAL(201, cuCtxDestroy_v2(second));
  SUCCEEDS(cuCtxGetCurrent(&current));
  CHECK(current == primary);
  SUCCEEDS(cuCtxSetCurrent(nullptr));
  EQUAL(201, cuMemAlloc_v2(&address, 10));
  SUCCEEDS(cuCtxSetCurrent(primary));
  SUCCEEDS(cuDevicePrimaryCtxRetain(&current, 0));
  CHECK(current == primary);
  SUCCEEDS(cuDevicePrimaryCtxRelease_v2(0));
  SUCCEEDS(cuCtxSynchronize());
  depthscope_emulator_set("REPORT_LEAKS", "0");
  SUCCEEDS(cuDevicePrimaryCtxReset_v2(0));
  EQUAL(201, cuCtxSynchronize());
  EQUAL(0, depthscope_emulator_live_contexts());
  SUCCEEDS(cuDevicePrimaryCtxRetain(&primary, 0));
  SUCCEEDS(cuCtxSetCurrent(primary));
}

}  // namespace

void testModules() {
  modules();
  device();
  contexts();
}

void testInjections() {
  Address address;
  {
    Session session;
    EQUAL(0, depthscope_emulator_set("FAIL_ALLOCATION", "3"));
    SUCCEEDS(cuMemAlloc_v2(&address, 10));
    SUCCEEDS(cuMemAlloc_v2(&address, 10));
    EQUAL(2, cuMemAlloc_v2(&address, 10));
    SUCCEEDS(cuMemAlloc_v2(&address, 10));
    EQUAL(3, depthscope_emulator_live_allocations());
  }
  {
    Session session;
    const Address x = session.allocate(4096);
    EQUAL(0, depthscope_emulator_set("FAIL_LAUNCH", "2"));
    EQUAL(0, session.run("test_where", 1, 1, x));
    EQUAL(719, session.run("test_where", 1, 1, x));
    MESSAGE("test_where fails, as was asked for");
    EQUAL(719, cuMemFree_v2(x));
  }
  {
    Session session;
    const Address x = session.allocate(4096);
    EQUAL(0, depthscope_emulator_set("FAIL_LAUNCH", "test_syncwarp:2"));
    for (int i = 0; i < 3; ++i) EQUAL(0, session.run("test_where", 1, 1, x));
    EQUAL(0, session.run("test_syncwarp", 1, 32, x));
    EQUAL(3, depthscope_emulator_launches("test_where"));
    EQUAL(1, depthscope_emulator_launches("test_syncwarp"));
    EQUAL(0, depthscope_emulator_launches("test_sums"));
    EQUAL(-1, depthscope_emulator_launches("test_unknown"));
    EQUAL(4, depthscope_emulator_launches(nullptr));
    EQUAL(719, session.run("test_syncwarp", 1, 32, x));
  }
  for (const int code : {999, 46}) {
    Session session;
    EQUAL(0, depthscope_emulator_set("LOSE_DEVICE", code == 999 ? "2" : "2:46"));
    SUCCEEDS(cuCtxSynchronize());
    EQUAL(code, cuCtxSynchronize());
    EQUAL(code, cuMemAlloc_v2(&address, 1));
    EQUAL(code, cuInit(0));
    depthscope_emulator_reset();
    SUCCEEDS(cuCtxSynchronize());
  }
  {
    Session session;
    EQUAL(0, depthscope_emulator_set("DRIVER", "9020"));
    int version;
    SUCCEEDS(cuDriverGetVersion(&version));
    EQUAL(9020, version);
    EQUAL(222, load(depthscope_emulator_module()));
    MESSAGE("PTX ISA 6.3 is newer than a driver of version 9020 takes");
    EQUAL(0, depthscope_emulator_set("DRIVER", "10000"));
    EQUAL(0, load(depthscope_emulator_module()));
  }
  {
    Session session;
    int count;
    EQUAL(0, depthscope_emulator_set("DEVICES", "0"));
    SUCCEEDS(cuDeviceGetCount(&count));
    EQUAL(0, count);
    EQUAL(101, cuDeviceGet(&count, 0));
    EQUAL(0, depthscope_emulator_set("INIT_ERROR", "100"));
    EQUAL(100, cuInit(0));
  }
  int names = 0;
  while (depthscope_emulator_kernel(names) != nullptr) ++names;
  EQUAL(depthscope_emulator_kernels(), names);
  CHECK(names > 20);
}
