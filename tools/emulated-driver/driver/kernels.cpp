#include "kernels.h"

namespace emulated {

void register_kernel(const Kernel& kernel) { emulator::kernels()[kernel.name].kernel = kernel; }

}  // namespace emulated

namespace emulator {

Kernels& kernels() {
  static Kernels* const all = new Kernels;
  return *all;
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
