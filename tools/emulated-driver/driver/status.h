// The results of driver calls that this driver can give.
#pragma once

namespace emulator {

// X(code, constant, name in CUDA, what it means)
#define EMULATOR_STATUS(X)                                                                            \
  X(0, success, "CUDA_SUCCESS", "no error")                                                           \
  X(1, invalidValue, "CUDA_ERROR_INVALID_VALUE", "an argument is out of its range")                   \
  X(2, outOfMemory, "CUDA_ERROR_OUT_OF_MEMORY", "not enough memory")                                  \
  X(3, notInitialized, "CUDA_ERROR_NOT_INITIALIZED", "cuInit has not been called")                    \
  X(46, deviceUnavailable, "CUDA_ERROR_DEVICE_UNAVAILABLE", "the device cannot be used now")         \
  X(100, noDevice, "CUDA_ERROR_NO_DEVICE", "there is no device")                                      \
  X(101, invalidDevice, "CUDA_ERROR_INVALID_DEVICE", "no device has this number")                     \
  X(200, invalidImage, "CUDA_ERROR_INVALID_IMAGE", "the module is not one this driver can read")      \
  X(201, invalidContext, "CUDA_ERROR_INVALID_CONTEXT", "no context is current, or it is destroyed")   \
  X(209, noBinaryForDevice, "CUDA_ERROR_NO_BINARY_FOR_GPU", "the module has no code for this device") \
  X(218, invalidPtx, "CUDA_ERROR_INVALID_PTX", "the PTX text does not parse")                         \
  X(222, unsupportedPtx, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the PTX is newer than the driver")    \
  X(301, fileNotFound, "CUDA_ERROR_FILE_NOT_FOUND", "the file cannot be read")                        \
  X(400, invalidHandle, "CUDA_ERROR_INVALID_HANDLE", "the handle belongs to nothing alive")           \
  X(500, notFound, "CUDA_ERROR_NOT_FOUND", "no such name in the module")                              \
  X(600, notReady, "CUDA_ERROR_NOT_READY", "the work is not done yet")                                \
  X(700, illegalAddress, "CUDA_ERROR_ILLEGAL_ADDRESS", "a kernel touched memory that is not its own") \
  X(701, outOfResources, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "the launch asks for too much")        \
  X(708, contextActive, "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", "the primary context is in use")         \
  X(712, alreadyRegistered, "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", "already page-locked")       \
  X(713, notRegistered, "CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED", "not page-locked by registration")   \
  X(715, illegalInstruction, "CUDA_ERROR_ILLEGAL_INSTRUCTION", "a kernel ran into a trap")            \
  X(716, misalignedAddress, "CUDA_ERROR_MISALIGNED_ADDRESS", "a kernel used a misaligned address")    \
  X(719, launchFailed, "CUDA_ERROR_LAUNCH_FAILED", "a kernel failed while it ran")                    \
  X(801, notSupported, "CUDA_ERROR_NOT_SUPPORTED", "this driver does not have the call")              \
  X(999, unknown, "CUDA_ERROR_UNKNOWN", "the device does not answer")

enum Status : int {
#define EMULATOR_CONSTANT(code, constant, name, text) constant = code,
  EMULATOR_STATUS(EMULATOR_CONSTANT)
#undef EMULATOR_CONSTANT
};

}  // namespace emulator
