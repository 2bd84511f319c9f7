// Calls about modules and their functions.
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <string>

#include "driver.h"
#include "ptx.h"
#include "report.h"

namespace emulator {
namespace {

// The options of cuModuleLoadDataEx that are heard; values of CUjit_option.
constexpr int kErrorLog = 5;
constexpr int kErrorLogBytes = 6;

struct Problem {
  int status = success;
  std::string what;
};

std::string list(const std::vector<size_t>& bytes) {
  std::string result;
  for (const size_t size : bytes) result += (result.empty() ? "" : ", ") + std::to_string(size);
  return "(" + result + ")";
}

// Whether an entry of the text is what the host build was made from. If it is not, the text or the build is stale.
Problem compare(const PtxEntry& entry, const KernelEntry* kernel) {
  const char* name = entry.name.c_str();
  if (kernel == nullptr) return {invalidImage, text("kernel %s has no host build in this driver", name)};
  const std::vector<size_t> bytes(kernel->kernel.parameter_bytes,
                                  kernel->kernel.parameter_bytes + kernel->kernel.parameters);
  if (entry.parameter_bytes != bytes) {
    return {invalidImage, text("kernel %s takes parameters of %s bytes in the module and %s in the host build", name,
                               list(entry.parameter_bytes).c_str(), list(bytes).c_str())};
  }
  if (entry.max_threads != kernel->kernel.max_threads) {
    return {invalidImage, text("kernel %s is bound to %u threads in the module and %u in the host build (0: unbound)",
                               name, entry.max_threads, kernel->kernel.max_threads)};
  }
  return {};
}

Problem load(Context& context, const char* image, void** handle) {
  if (image == nullptr || handle == nullptr) return {invalidValue, "no module given"};
  static const unsigned char kElf[] = {0x7f, 'E', 'L', 'F'}, kFatbin[] = {0x50, 0xed, 0x55, 0xba};
  if (memcmp(image, kElf, 4) == 0 || memcmp(image, kFatbin, 4) == 0) {
    return {noBinaryForDevice, "a module of machine code; this device has none, it takes PTX"};
  }
  PtxModule ptx;
  Problem problem;
  problem.status = readPtx(image, ptx, problem.what);
  if (problem.status != success) return problem;
  if (ptx.version > newestPtx(settings().driver_version)) {
    return {unsupportedPtx, text("PTX ISA %d.%d is newer than a driver of version %d takes", ptx.version / 10,
                                 ptx.version % 10, settings().driver_version)};
  }
  const int capability = settings().capability_major * 10 + settings().capability_minor;
  if (ptx.target > capability) {
    return {noBinaryForDevice, text("code for sm_%d does not run on sm_%d", ptx.target, capability)};
  }
  auto module = std::make_unique<Module>();
  for (const PtxEntry& entry : ptx.entries) {
    KernelEntry* kernel = findKernel(entry.name);
    problem = compare(entry, kernel);
    if (problem.status != success) return problem;
    module->functions[entry.name] = std::make_unique<Function>(Function{kernel, ptx.version});
  }
  for (const auto& [name, function] : module->functions) context.functions[function.get()] = function.get();
  *handle = module.get();
  context.modules[module.get()] = std::move(module);
  return {};
}

int loadAndReport(Context& context, const void* image, void** handle, std::string& what) {
  const Problem problem = load(context, static_cast<const char*>(image), handle);
  if (problem.status != success) report("module: %s", problem.what.c_str());
  what = problem.what;
  return problem.status;
}

void writeErrorLog(const std::string& what, unsigned count, const int* options, void** values) {
  char* log = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == kErrorLog) log = static_cast<char*>(values[i]);
    if (options[i] == kErrorLogBytes) bytes = reinterpret_cast<size_t>(values[i]) & 0xffffffffu;
  }
  if (log != nullptr && bytes != 0) snprintf(log, bytes, "%s", what.c_str());
}

// Numbers of CUfunction_attribute.
int attribute(const Function& function, int number, int* value) {
  const KernelEntry& kernel = *function.kernel;
  switch (number) {
    case 0:
      *value = static_cast<int>(kernel.maxThreads());
      return success;
    case 1:
      *value = static_cast<int>(kernel.shared_bytes);
      return success;
    case 2:  // constant bytes
    case 3:  // local bytes
    case 4:  // registers
    case 7:  // caching
      *value = 0;
      return success;
    case 5:
      *value = function.ptx_version;
      return success;
    case 6:
      *value = settings().capability_major * 10 + settings().capability_minor;
      return success;
    case 8:
      *value = static_cast<int>(kSharedBytes - std::min(kSharedBytes, kernel.shared_bytes));
      return success;
    case 9:
      *value = -1;
      return success;
    default:
      return invalidValue;
  }
}

template <class Body>
int functionCall(void* handle, Body body) {
  return contextCall([&](Context& context) -> int {
    const Function* function = context.function(handle);
    return function == nullptr ? invalidHandle : body(*function);
  });
}

}  // namespace

EMULATOR_API int cuModuleLoadData(void** handle, const void* image) {
  return contextCall([=](Context& context) -> int {
    std::string what;
    return loadAndReport(context, image, handle, what);
  });
}

EMULATOR_API int cuModuleLoadDataEx(void** handle, const void* image, unsigned count, int* options, void** values) {
  return contextCall([=](Context& context) -> int {
    std::string what;
    const int status = loadAndReport(context, image, handle, what);
    if (status != success) writeErrorLog(what, count, options, values);
    return status;
  });
}

EMULATOR_API int cuModuleLoadFatBinary(void** handle, const void* image) { return cuModuleLoadData(handle, image); }

EMULATOR_API int cuModuleLoad(void** handle, const char* path) {
  return contextCall([=](Context& context) -> int {
    FILE* file = fopen(path, "rb");
    if (file == nullptr) return fileNotFound;
    std::string image;
    char part[4096];
    while (const size_t bytes = fread(part, 1, sizeof part, file)) image.append(part, bytes);
    fclose(file);
    std::string what;
    return loadAndReport(context, image.c_str(), handle, what);
  });
}

EMULATOR_API int cuModuleUnload(void* handle) {
  return contextCall([=](Context& context) -> int {
    const Module* module = context.module(handle);
    if (module == nullptr) return invalidHandle;
    context.scheduler.finishAll();
    for (const auto& [name, function] : module->functions) context.functions.erase(function.get());
    context.modules.erase(handle);
    return success;
  });
}

EMULATOR_API int cuModuleGetFunction(void** handle, void* module_handle, const char* name) {
  return contextCall([=](Context& context) -> int {
    Module* module = context.module(module_handle);
    if (module == nullptr) return invalidHandle;
    const auto found = module->functions.find(name);
    if (found == module->functions.end()) return notFound;
    *handle = found->second.get();
    return success;
  });
}

EMULATOR_API int cuModuleGetGlobal_v2(unsigned long long*, size_t*, void* module_handle, const char*) {
  return contextCall(
      [=](Context& context) -> int { return context.module(module_handle) == nullptr ? invalidHandle : notFound; });
}

EMULATOR_API int cuFuncGetAttribute(int* value, int number, void* handle) {
  return functionCall(handle, [=](const Function& function) { return attribute(function, number, value); });
}

EMULATOR_API int cuFuncSetAttribute(void* handle, int, int) {
  return functionCall(handle, [](const Function&) -> int { return success; });
}

EMULATOR_API int cuFuncSetCacheConfig(void* handle, int) {
  return functionCall(handle, [](const Function&) -> int { return success; });
}

}  // namespace emulator
