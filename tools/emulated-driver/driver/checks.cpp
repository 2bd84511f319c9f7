// What the compiler calls where -fsanitize finds that a kernel does what C++ leaves undefined: instead of the compiler's
// own run-time library, which would only print a line.
#include <stdint.h>

#include "block.h"
#include "report.h"
#include "status.h"

namespace emulator {
namespace {

// What the compiler passes begins with these.
struct SourceLocation {
  const char* file;
  uint32_t line;
  uint32_t column;
};
struct TypeDescriptor {
  uint16_t kind;
  uint16_t info;
  char name[1];  // as in the source, with quotes
};

struct Mismatch {
  SourceLocation location;
  const TypeDescriptor* type;
  uint8_t alignment_log2;
  uint8_t access;
};
struct OutOfBounds {
  SourceLocation location;
  const TypeDescriptor* array;
};

[[noreturn]] void stop(const SourceLocation& location, int status, const std::string& what) {
  const std::string file = location.file == nullptr ? "?" : location.file;
  const size_t slash = file.rfind('/');
  BlockRunner::current().stop(status, what + text(" (%s:%u)", file.substr(slash == std::string::npos ? 0 : slash + 1).c_str(),
                                                  location.line));
}

}  // namespace
}  // namespace emulator

#define CHECK(name) extern "C" [[noreturn]] __attribute__((visibility("hidden"))) void __ubsan_handle_##name##_abort

CHECK(out_of_bounds)(const emulator::OutOfBounds* found, uintptr_t index) {
  emulator::stop(found->location, emulator::illegalAddress,
                 emulator::text("index %lld of an array %s", static_cast<long long>(index), found->array->name));
}

CHECK(type_mismatch_v1)(const emulator::Mismatch* found, uintptr_t address) {
  const uintptr_t alignment = static_cast<uintptr_t>(1) << found->alignment_log2;
  if (address % alignment != 0) {
    emulator::stop(found->location, emulator::misalignedAddress,
                   emulator::text("address %p of a %s is not a multiple of %zu", reinterpret_cast<void*>(address),
                                  found->type->name, alignment));
  }
  emulator::stop(found->location, emulator::illegalAddress,
                 emulator::text("a %s at %p is outside of its variable", found->type->name,
                                reinterpret_cast<void*>(address)));
}

CHECK(float_cast_overflow)(const emulator::SourceLocation* location, uintptr_t) {
  emulator::stop(*location, emulator::launchFailed, "a float that does not fit the integer it is converted to");
}

CHECK(divrem_overflow)(const emulator::SourceLocation* location, uintptr_t, uintptr_t) {
  emulator::stop(*location, emulator::launchFailed, "an integer division by zero");
}

CHECK(shift_out_of_bounds)(const emulator::SourceLocation* location, uintptr_t, uintptr_t distance) {
  emulator::stop(*location, emulator::launchFailed,
                 emulator::text("a shift by %lld", static_cast<long long>(distance)));
}
