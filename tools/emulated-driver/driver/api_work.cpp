// Calls about streams, events and launches.
#include <string.h>

#include <algorithm>
#include <vector>

#include "driver.h"
#include "report.h"

namespace emulator {
namespace {

constexpr unsigned kNonBlocking = 1;   // CU_STREAM_NON_BLOCKING
constexpr unsigned kDisableTiming = 2; // CU_EVENT_DISABLE_TIMING

int createStream(Context& context, void** handle, unsigned flags, int priority) {
  Stream* stream = context.scheduler.open((flags & kNonBlocking) == 0, priority);
  context.streams.insert(stream);
  *handle = stream;
  return success;
}

// In the middle of delayed work, a program that only asks must still come to its end.
int query(Context& context, const TaskPointer& task) {
  if (task == nullptr || task->done) return success;
  context.scheduler.progress();
  return task->done ? success : notReady;
}

// What a kernel is called with, kept until it runs.
struct Arguments {
  std::vector<std::vector<char>> values;
  std::vector<void*> pointers;

  Arguments(const emulated::Kernel& kernel, void* const* given) {
    for (unsigned i = 0; i < kernel.parameters; ++i) {
      const char* bytes = static_cast<const char*>(given[i]);
      values.emplace_back(bytes, bytes + kernel.parameter_bytes[i]);
    }
    for (auto& value : values) pointers.push_back(value.data());
  }
};

// The status of a launch that no device can run, with a line that says why.
int checkLimits(const KernelEntry& kernel, const emulated::Index& grid, const emulated::Index& block,
                unsigned dynamic_bytes) {
  const char* name = kernel.kernel.name;
  const uint64_t threads = static_cast<uint64_t>(block.x) * block.y * block.z;
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || threads == 0) {
    report("kernel %s: a grid of %u x %u x %u blocks of %u x %u x %u threads is empty", name, grid.x, grid.y, grid.z,
           block.x, block.y, block.z);
    return invalidValue;
  }
  if (grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535) {
    report("kernel %s: a grid of %u x %u x %u blocks is too large", name, grid.x, grid.y, grid.z);
    return invalidValue;
  }
  if (block.x > 1024 || block.y > 1024 || block.z > 64 || threads > kMaxThreads) {
    report("kernel %s: a block of %u x %u x %u threads is too large", name, block.x, block.y, block.z);
    return invalidValue;
  }
  if (threads > kernel.maxThreads()) {
    report("kernel %s: %u threads a block are more than its launch bound of %u", name, static_cast<unsigned>(threads),
           kernel.maxThreads());
    return outOfResources;
  }
  if (kernel.shared_bytes > kSharedBytes || dynamic_bytes > kSharedBytes - kernel.shared_bytes) {
    report("kernel %s: %zu bytes of shared memory and %u more are over %zu", name, kernel.shared_bytes, dynamic_bytes,
           kSharedBytes);
    return kernel.shared_bytes > kSharedBytes ? outOfResources : invalidValue;
  }
  return success;
}

// Whether this launch is one that shall fail.
bool isDoomed(const KernelEntry& kernel) {
  Settings& now = settings();
  if (!now.fail_kernel.empty() && now.fail_kernel != kernel.kernel.name) return false;
  return strikes(now.fail_launch);
}

}  // namespace

// ---- streams

EMULATOR_API int cuStreamCreate(void** stream, unsigned flags) {
  return contextCall([=](Context& context) -> int { return createStream(context, stream, flags, 0); });
}

EMULATOR_API int cuStreamCreateWithPriority(void** stream, unsigned flags, int priority) {
  return contextCall([=](Context& context) -> int { return createStream(context, stream, flags, priority); });
}

EMULATOR_API int cuStreamGetPriority(void* handle, int* priority) {
  return contextCall([=](Context& context) -> int {
    const Stream* stream = context.stream(handle);
    if (stream == nullptr) return invalidHandle;
    *priority = stream->priority;
    return success;
  });
}

EMULATOR_API int cuStreamDestroy_v2(void* handle) {
  return contextCall([=](Context& context) -> int {
    auto* stream = static_cast<Stream*>(handle);
    if (context.streams.erase(stream) == 0) return invalidHandle;
    context.scheduler.close(stream);
    return success;
  });
}

EMULATOR_API int cuStreamSynchronize(void* handle) {
  return waitingCall([=](Context& context) -> int {
    Stream* stream = context.stream(handle);
    if (stream == nullptr) return invalidHandle;
    // The null stream is waited for together with the streams that take turns with it.
    if (stream == context.scheduler.nullStream()) context.scheduler.submit(stream, [] {});
    context.scheduler.finish(stream);
    return success;
  });
}

EMULATOR_API int cuStreamQuery(void* handle) {
  return waitingCall([=](Context& context) -> int {
    Stream* stream = context.stream(handle);
    return stream == nullptr ? invalidHandle : query(context, stream->last);
  });
}

EMULATOR_API int cuStreamWaitEvent(void* handle, void* event_handle, unsigned) {
  return contextCall([=](Context& context) -> int {
    Stream* stream = context.stream(handle);
    const Event* event = context.event(event_handle);
    if (stream == nullptr || event == nullptr) return invalidHandle;
    // An event that was never recorded keeps nobody waiting.
    if (event->record != nullptr && !event->record->done) context.scheduler.submit(stream, [] {}, event->record);
    return success;
  });
}

// ---- events

EMULATOR_API int cuEventCreate(void** handle, unsigned flags) {
  return contextCall([=](Context& context) -> int {
    auto event = std::make_unique<Event>();
    event->timed = (flags & kDisableTiming) == 0;
    *handle = event.get();
    context.events[event.get()] = std::move(event);
    return success;
  });
}

EMULATOR_API int cuEventDestroy_v2(void* handle) {
  return contextCall(
      [=](Context& context) -> int { return context.events.erase(handle) != 0 ? success : invalidHandle; });
}

EMULATOR_API int cuEventRecord(void* event_handle, void* stream_handle) {
  return contextCall([=](Context& context) -> int {
    Event* event = context.event(event_handle);
    Stream* stream = context.stream(stream_handle);
    if (event == nullptr || stream == nullptr) return invalidHandle;
    event->record = context.scheduler.submit(stream, [] {});
    return success;
  });
}

EMULATOR_API int cuEventRecordWithFlags(void* event, void* stream, unsigned) { return cuEventRecord(event, stream); }

EMULATOR_API int cuEventSynchronize(void* handle) {
  return waitingCall([=](Context& context) -> int {
    const Event* event = context.event(handle);
    if (event == nullptr) return invalidHandle;
    if (event->record != nullptr) context.scheduler.finish(TaskPointer(event->record));
    return success;
  });
}

EMULATOR_API int cuEventQuery(void* handle) {
  return waitingCall([=](Context& context) -> int {
    const Event* event = context.event(handle);
    return event == nullptr ? invalidHandle : query(context, event->record);
  });
}

EMULATOR_API int cuEventElapsedTime(float* milliseconds, void* start_handle, void* end_handle) {
  return contextCall([=](Context& context) -> int {
    const Event* start = context.event(start_handle);
    const Event* end = context.event(end_handle);
    if (start == nullptr || end == nullptr || !start->timed || !end->timed) return invalidHandle;
    if (start->record == nullptr || end->record == nullptr) return invalidHandle;
    if (!start->record->done || !end->record->done) return notReady;
    *milliseconds = static_cast<float>(end->record->done_at - start->record->done_at);
    return success;
  });
}

// ---- launches

EMULATOR_API int cuLaunchKernel(void* handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                unsigned block_y, unsigned block_z, unsigned dynamic_bytes, void* stream_handle,
                                void** parameters, void** extra) {
  return contextCall([=](Context& context) -> int {
    const Function* function = context.function(handle);
    Stream* stream = context.stream(stream_handle);
    if (function == nullptr || stream == nullptr) return invalidHandle;
    KernelEntry* kernel = function->kernel;
    if (extra != nullptr) {
      report("kernel %s: arguments in a buffer (extra) are not understood", kernel->kernel.name);
      return notSupported;
    }
    if (parameters == nullptr && kernel->kernel.parameters != 0) return invalidValue;
    const emulated::Index grid{grid_x, grid_y, grid_z}, block{block_x, block_y, block_z};
    if (const int status = checkLimits(*kernel, grid, block, dynamic_bytes)) return status;

    ++kernel->launches;
    ++Driver::instance().launches;
    const bool doomed = isDoomed(*kernel);
    auto arguments = std::make_shared<Arguments>(kernel->kernel, parameters);
    context.scheduler.submit(stream, [&context, kernel, grid, block, doomed, arguments] {
      if (doomed && context.failed == 0) {
        context.fail(launchFailed, text("kernel %s fails, as was asked for", kernel->kernel.name));
      }
      context.launch(*kernel, grid, block, arguments->pointers.data());
    });
    return success;
  });
}

EMULATOR_API int cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads, size_t dynamic) {
  return contextCall([=](Context& context) -> int {
    const Function* function = context.function(handle);
    if (function == nullptr) return invalidHandle;
    if (threads <= 0) return invalidValue;
    const size_t shared = function->kernel->shared_bytes + dynamic;
    const size_t by_threads = 2048u / static_cast<unsigned>(threads);
    const size_t by_shared = shared == 0 ? 32 : 100 * 1024 / shared;
    *blocks = static_cast<int>(std::min<size_t>({by_threads, by_shared, 32}));
    return success;
  });
}

}  // namespace emulator
