/*
 * Answers to the name libcublas.so.12 and hands every call to libcublas.so.13.
 *
 * JCuda's library for cuBLAS asks the system's loader for libcublas.so.12, which a machine with
 * CUDA 13 does not have. The functions below are the ones Depthscope calls (device.jcuda.Cublas and
 * CublasMatrices); their parameters are the same in both versions. The others need not be here:
 * the loader looks for a function when it is called first.
 */
#include <dlfcn.h>
#include <stddef.h>

#ifdef __x86_64__
/* The versions of before glibc 2.34, so that a library built with a new glibc loads with an old. */
__asm__(".symver dlopen, dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym, dlsym@GLIBC_2.2.5");
#endif

enum { NOT_INITIALIZED = 1 }; /* cuBLAS's status for a library that is not there */

#define FORWARD(name, parameters, arguments)                            \
  static int(*next_##name) parameters;                                  \
  int name parameters {                                                 \
    return next_##name ? next_##name arguments : NOT_INITIALIZED;       \
  }

FORWARD(cublasGetProperty, (int type, int *value), (type, value))
FORWARD(cublasCreate_v2, (void **handle), (handle))
FORWARD(cublasDestroy_v2, (void *handle), (handle))
FORWARD(cublasSetMathMode, (void *handle, int mode), (handle, mode))
FORWARD(cublasSetStream_v2, (void *handle, void *stream), (handle, stream))
FORWARD(cublasSgemm_v2,
        (void *handle, int transa, int transb, int m, int n, int k, const float *alpha,
         const float *a, int lda, const float *b, int ldb, const float *beta, float *c, int ldc),
        (handle, transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc))

#define FIND(name) *(void **)&next_##name = dlsym(library, #name)

__attribute__((constructor)) static void find(void) {
  void *library = dlopen("libcublas.so.13", RTLD_LAZY | RTLD_LOCAL);
  if (library == NULL) {
    return;
  }
  FIND(cublasGetProperty);
  FIND(cublasCreate_v2);
  FIND(cublasDestroy_v2);
  FIND(cublasSetMathMode);
  FIND(cublasSetStream_v2);
  FIND(cublasSgemm_v2);
}
