#include "kernels.h"

namespace emulator {
namespace {

Kernels& registered() {
  static Kernels* const all = new Kernels;
  return *all;
}

void addSharedVariables(Kernels& all) {
  size_t position = 0;
  for (const SharedRow* row = shared_rows; row->kernel != nullptr; ++row) {
    if (*row->kernel == 0) position = row->offset;
  }
  for (const SharedRow* row = shared_rows; row->kernel != nullptr; ++row) {
    const auto found = all.find(row->kernel);
    if (found == all.end()) continue;
    found->second.shared.push_back(
        {static_cast<ptrdiff_t>(row->offset) - static_cast<ptrdiff_t>(position), row->bytes});
    found->second.shared_bytes += row->bytes;
  }
}

}  // namespace

Kernels& kernels() {
  static Kernels& all = [&]() -> Kernels& {
    addSharedVariables(registered());
    return registered();
  }();
  return all;
}

KernelEntry* findKernel(const std::string& name) {
  const auto found = kernels().find(name);
  return found == kernels().end() ? nullptr : &found->second;
}

std::string moduleText() {
  std::string text = ".version 6.3\n.target sm_75\n.address_size 64\n";
  for (const auto& [name, entry] : kernels()) {
    text += ".visible .entry " + name + "(";
    for (unsigned i = 0; i < entry.kernel.parameters; ++i) {
      text += i == 0 ? "\n" : ",\n";
      const std::string parameter = name + "_param_" + std::to_string(i);
      const std::string bytes = std::to_string(entry.kernel.parameter_bytes[i]);
      text += entry.kernel.is_pointer[i] ? ".param .u64 " + parameter
                                         : ".param .align 8 .b8 " + parameter + "[" + bytes + "]";
    }
    text += "\n)\n";
    if (entry.kernel.max_threads != 0) text += ".maxntid " + std::to_string(entry.kernel.max_threads) + ", 1, 1\n";
    text += "{\n\tret;\n}\n";
  }
  return text;
}

}  // namespace emulator

namespace emulated {

void register_kernel(const Kernel& kernel) { emulator::registered()[kernel.name].kernel = kernel; }

}  // namespace emulated
