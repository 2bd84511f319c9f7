/* A libcublas.so.13 that computes nothing and prints its calls. */
#include <stdio.h>

int cublasGetProperty(int type, int *value) { *value = 13 + type; return 0; }
int cublasCreate_v2(void **handle) { *handle = (void *)77; return 0; }
int cublasSetMathMode(void *handle, int mode) {
  printf("math %ld %d\n", (long)handle, mode);
  return 0;
}
int cublasSetStream_v2(void *handle, void *stream) {
  printf("stream %ld %ld\n", (long)handle, (long)stream);
  return 0;
}
int cublasSgemm_v2(void *handle, int transa, int transb, int m, int n, int k, const float *alpha,
                   const float *a, int lda, const float *b, int ldb, const float *beta, float *c,
                   int ldc) {
  printf("sgemm %ld %d %d %d %d %d %g %lx %d %lx %d %g %lx %d\n", (long)handle, transa, transb, m, n,
         k, *alpha, (long)a, lda, (long)b, ldb, *beta, (long)c, ldc);
  return m == 999 ? 13 : 0;
}
int cublasDestroy_v2(void *handle) {
  printf("destroy %ld\n", (long)handle);
  fflush(stdout);
  return 0;
}
