/*
 * A libcuda.so.1 that computes nothing: it prints the launches it gets and answers with the
 * statuses the environment asks for. For what the emulated driver is too well-behaved to show.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int number(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

int cuDriverGetVersion(int *version) {
  *version = number("FAKE_VERSION", 12060);
  return 0;
}
int cuInit(unsigned flags) { (void)flags; return number("FAKE_INIT", 0); }
int cuDeviceGetCount(int *count) {
  *count = number("FAKE_COUNT", 1);
  return number("FAKE_COUNT_STATUS", 0);
}
int cuDeviceGet(int *device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
  snprintf(name, (size_t)length, "Fake %d", device);
  return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = 3UL << 30; return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
  (void)device;
  int capability = number("FAKE_CAPABILITY", 10 * 75 + 76);
  *value = attribute;
  if (attribute == 75) *value = (capability - capability % 10) / 10; /* its major number */
  if (attribute == 76) *value = capability % 10;
  return 0;
}
int cuDevicePrimaryCtxRetain(void **context, int device) {
  (void)device;
  *context = (void *)5;
  return number("FAKE_OPEN", 0);
}
int cuDevicePrimaryCtxRelease_v2(int device) { (void)device; return 0; }
int cuCtxSetCurrent(void *context) { (void)context; return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) { *free = 2UL << 30; *total = 3UL << 30; return 0; }
int cuModuleLoadDataEx(void **module, const char *image, unsigned count, int *options, void **values) {
  for (unsigned i = 0; i < count; i++) {
    if (options[i] == 5 && number("FAKE_LOAD", 0) != 0) { /* CU_JIT_ERROR_LOG_BUFFER */
      sprintf(values[i], "line 1: not good\n\n\tline 2: %zu characters  \n", strlen(image));
    }
  }
  *module = (void *)7;
  return number("FAKE_LOAD", 0);
}
int cuModuleUnload(void *module) { (void)module; return 0; }
int cuModuleGetFunction(void **function, void *module, const char *name) {
  (void)module;
  *function = (void *)9;
  return strstr(name, "missing") ? 500 : 0;
}
int cuStreamCreate(void **stream, unsigned flags) { (void)flags; *stream = (void *)8; return 0; }
int cuStreamSynchronize(void *stream) { (void)stream; return number("FAKE_RUN", 0); }
int cuEventCreate(void **event, unsigned flags) { (void)flags; *event = (void *)10; return 0; }
int cuEventRecord(void *event, void *stream) { (void)event, (void)stream; return 0; }
int cuEventSynchronize(void *event) { (void)event; return number("FAKE_RUN", 0); }
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
                   unsigned bz, unsigned shared, void *stream, void **args, void **extra) {
  unsigned char *params = args[2];
  printf("launch %ld grid %u %u %u block %u %u %u shared %u stream %ld: %lx %lx %u %u extra %d\n",
         (long)function, gx, gy, gz, bx, by, bz, shared, (long)stream, *(unsigned long *)args[0],
         *(unsigned long *)args[1], params[0], params[11], extra != NULL);
  fflush(stdout);
  return 0;
}
