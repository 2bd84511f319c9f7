// Mean and sums of the second to fourth power about it, in double; operation for operation as
// io.depthscope.stats.Moments, which says what the formulas are.
#pragma once

#include "cuda_language.cuh"

struct Moments {
  double mean, m2, m3, m4;

  __device__ __forceinline__ void clear() { mean = m2 = m3 = m4 = 0.0; }

  // Those of n values whose powers were summed as those of (x - about) / unit.
  __device__ __forceinline__ void setPowers(
      double n, double about, double unit, double s1, double s2, double s3, double s4) {
    double u = s1 / n;
    double unit2 = unit * unit;
    mean = about + u * unit;
    m2 = (s2 - s1 * u) * unit2;
    m3 = (s3 - 3.0 * u * s2 + 2.0 * u * u * s1) * (unit2 * unit);
    m4 = (s4 - 4.0 * u * s3 + 6.0 * u * u * s2 - 3.0 * u * u * u * s1) * (unit2 * unit2);
  }

  // Joins nb values to the na values here.
  __device__ __forceinline__ void add(double na, const Moments& b, double nb) {
    if (nb == 0.0) {
      return;
    }
    if (na == 0.0) {
      *this = b;
      return;
    }
    double total = na + nb;
    double rest = na / total;
    double share = nb / total;
    double c2 = na * share;
    double c3 = c2 * (rest - share);
    double c4 = c2 * (rest * rest - rest * share + share * share);
    double d = b.mean - mean;
    double square = d * d;
    m4 = m4 + b.m4 + square * square * c4 + 6.0 * square * (rest * rest * b.m2 + share * share * m2) +
        4.0 * d * (rest * b.m3 - share * m3);
    m3 = m3 + b.m3 + square * d * c3 + 3.0 * d * (rest * b.m2 - share * m2);
    m2 = m2 + b.m2 + square * c2;
    mean += d * share;
  }
};
