// The language: every kernel of kernels/good.cu gives what a GPU gives, in any order of threads and blocks.
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "emulator.h"

namespace {

float asFloat(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

uint32_t asBits(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

struct ScaleParams {
  int count;
  float factor;
};

void scales() {
  Session session;
  std::vector<float> x(1000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const Address in = session.upload(x), out = session.allocate(4000);
  SUCCEEDS(session.run("test_scale", 3, 256, in, out, ScaleParams{1000, 3}));
  const auto y = session.download<float>(out, 1000);
  for (size_t i = 0; i < x.size(); ++i) EQUAL(3 * x[i], y[i]);
}

void knowsWhereItIs() {
  Session session;
  const unsigned threads = 2 * 3 * 4 * 5 * 2 * 3;
  const Address out = session.allocate(threads * 6 * 4);
  Address argument = out;
  void* arguments[] = {&argument};
  SUCCEEDS(cuLaunchKernel(session.function("test_where"), 2, 3, 4, 5, 2, 3, 0, nullptr, arguments, nullptr));
  SUCCEEDS(cuCtxSynchronize());
  const auto rows = session.download<unsigned>(out, threads * 6);
  size_t at = 0;
  for (unsigned bz = 0; bz < 4; ++bz)
    for (unsigned by = 0; by < 3; ++by)
      for (unsigned bx = 0; bx < 2; ++bx)
        for (unsigned tz = 0; tz < 3; ++tz)
          for (unsigned ty = 0; ty < 2; ++ty)
            for (unsigned tx = 0; tx < 5; ++tx)
              for (unsigned expected : {bx, by, bz, tx, ty, tz}) EQUAL(expected, rows[at++]);
}

void barriers() {
  Session session;
  std::vector<int> x(40 * 256);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int>(i * 7);
  const Address in = session.upload(x), out = session.allocate(x.size() * 4);
  SUCCEEDS(session.run("test_reverse", 40, 256, in, out));
  const auto y = session.download<int>(out, x.size());
  for (size_t i = 0; i < x.size(); ++i) EQUAL(x[i / 256 * 256 + 255 - i % 256], y[i]);

  for (const unsigned threads : {1u, 31u, 33u, 256u}) {
    const Address rounds = session.allocate(3 * threads * 4);
    SUCCEEDS(session.run("test_barriers", 3, threads, rounds, 50));
    const auto values = session.download<int>(rounds, 3 * threads);
    for (size_t i = 0; i < values.size(); ++i) EQUAL(static_cast<int>((i + 50) % threads) + 50, values[i]);
  }
}

void sharedMemory() {
  Session session;
  std::vector<float> f(64);
  std::vector<double> d(96);
  for (size_t i = 0; i < d.size(); ++i) d[i] = static_cast<double>(i) / 4;
  for (size_t i = 0; i < f.size(); ++i) f[i] = static_cast<float>(i) / 2;
  const Address fIn = session.upload(f), fOut = session.allocate(64 * 4);
  const Address dIn = session.upload(d), dOut = session.allocate(96 * 8);
  SUCCEEDS(session.run("test_rotate_f32_64", 1, 64, fIn, fOut));
  SUCCEEDS(session.run("test_rotate_f64_96", 1, 96, dIn, dOut));
  const auto fy = session.download<float>(fOut, 64);
  const auto dy = session.download<double>(dOut, 96);
  for (size_t i = 0; i < 64; ++i) EQUAL(f[(i + 32) % 64], fy[i]);
  for (size_t i = 0; i < 96; ++i) EQUAL(d[(i + 48) % 96], dy[i]);
  int bytes = 0;
  SUCCEEDS(cuFuncGetAttribute(&bytes, 1, session.function("test_rotate_f32_64")));
  EQUAL(64 * 4 + 4, bytes);
  SUCCEEDS(cuFuncGetAttribute(&bytes, 1, session.function("test_rotate_f64_96")));
  EQUAL(96 * 8 + 4, bytes);
  SUCCEEDS(cuFuncGetAttribute(&bytes, 1, session.function("test_scale")));
  EQUAL(0, bytes);

  // What the block before left there must not be seen.
  const Address left = session.allocate(64 * 4);
  for (int launch = 0; launch < 2; ++launch) {
    SUCCEEDS(session.run("test_uninitialized", 3, 64, left));
    for (const unsigned value : session.download<unsigned>(left, 64)) EQUAL(0xffffffffu, value);
  }
}

void sums() {
  Session session;
  std::vector<int> i(64);
  std::vector<unsigned> u(64);
  std::vector<float> f(64);
  std::vector<double> d(64);
  for (size_t k = 0; k < 64; ++k) {
    i[k] = static_cast<int>(k) - 20;
    u[k] = 0xf0000000u + static_cast<unsigned>(k);
    f[k] = static_cast<float>(k) * 0.5f;
    d[k] = static_cast<double>(k) * 1e-12 + 1;
  }
  const Address iAt = session.upload(i), uAt = session.upload(u), fAt = session.upload(f), dAt = session.upload(d);
  SUCCEEDS(session.run("test_sums", 1, 64, iAt, uAt, fAt, dAt));
  // The same tree, so that sums of floats are the same bits.
  const auto tree = [](auto values, size_t first) {
    for (size_t step = 16; step > 0; step /= 2) {
      for (size_t k = 0; k < step; ++k) values[first + k] += values[first + k + step];
    }
    return values[first];
  };
  const auto iGot = session.download<int>(iAt, 64);
  const auto uGot = session.download<unsigned>(uAt, 64);
  const auto fGot = session.download<float>(fAt, 64);
  const auto dGot = session.download<double>(dAt, 64);
  for (size_t k = 0; k < 64; ++k) {
    const size_t first = k / 32 * 32;
    EQUAL(tree(i, first), iGot[k]);
    EQUAL(tree(u, first), uGot[k]);
    EQUAL(tree(f, first), fGot[k]);
    EQUAL(tree(d, first), dGot[k]);
  }
}

void shuffles() {
  Session session;
  const Address out = session.allocate(8 * 32 * 4);
  SUCCEEDS(session.run("test_shuffles", 1, 32, out));
  const auto got = session.download<int>(out, 8 * 32);
  for (int lane = 0; lane < 32; ++lane) {
    const int segment = lane & ~7;
    EQUAL(5, got[lane]);
    EQUAL((lane + 1) % 32, got[32 + lane]);
    EQUAL(segment + 3, got[64 + lane]);
    EQUAL(lane ^ 1, got[96 + lane]);
    EQUAL((lane ^ 12) <= (lane | 7) ? lane ^ 12 : lane, got[128 + lane]);
    EQUAL(lane + 4 < 32 ? lane + 4 : lane, got[160 + lane]);
    EQUAL(lane % 4 + 2 < 4 ? lane + 2 : lane, got[192 + lane]);
    EQUAL(lane >= 3 ? lane - 3 : lane, got[224 + lane]);
  }
}

void votes() {
  Session session;
  // The second warp has eight lanes: the others take no part.
  const Address out = session.allocate(4 * 40 * 4);
  SUCCEEDS(session.run("test_votes", 1, 40, out));
  const auto got = session.download<unsigned>(out, 4 * 40);
  for (unsigned thread = 0; thread < 40; ++thread) {
    const unsigned first = thread / 32 * 32, last = first == 0 ? 32 : 40;
    unsigned equal = 0;
    for (unsigned other = first; other < last; ++other) {
      if (other / 5 == thread / 5) equal |= 1u << (other - first);
    }
    EQUAL(first == 0 ? 0xaaaaaaaau : 0xaau, got[thread]);
    EQUAL(first == 0 ? 3u : 2u, got[40 + thread]);
    EQUAL(equal, got[80 + thread]);
    EQUAL(first == 0 ? 16 * 10000 + 2 * 100 + 0u : 4 * 10000 + 2 * 100 + 24u, got[120 + thread]);
  }
}

void groups() {
  Session session;
  std::vector<int> keys(96);
  std::map<int, int> expected;
  for (int i = 0; i < 96; ++i) {
    keys[static_cast<size_t>(i)] = i % 7 == 3 ? -1 : i * i % 5;
    if (keys[static_cast<size_t>(i)] >= 0) ++expected[keys[static_cast<size_t>(i)]];
  }
  const Address in = session.upload(keys), counts = session.upload(std::vector<int>(5, 0));
  SUCCEEDS(session.run("test_groups", 1, 96, in, counts));
  const auto got = session.download<int>(counts, 5);
  for (int key = 0; key < 5; ++key) EQUAL(expected[key], got[static_cast<size_t>(key)]);

  const Address pairs = session.allocate(64 * 4);
  SUCCEEDS(session.run("test_syncwarp", 1, 64, pairs));
  const auto values = session.download<int>(pairs, 64);
  for (int i = 0; i < 64; ++i) EQUAL((i ^ 31) * 3, values[static_cast<size_t>(i)]);
}

void atomics() {
  Session session;
  std::vector<unsigned char> x(100'000);
  std::vector<unsigned long long> expected(256);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<unsigned char>(i * i % 251 + 2);
    ++expected[x[i]];
  }
  const Address in = session.upload(x), bins = session.upload(std::vector<unsigned long long>(256));
  const Address largest = session.upload(std::vector<unsigned>(1)), smallest = session.upload(std::vector<int>(1));
  SUCCEEDS(session.run("test_histogram", 300, 128, in, static_cast<int>(x.size()), bins, largest, smallest));
  const auto got = session.download<unsigned long long>(bins, 256);
  for (size_t i = 0; i < 256; ++i) EQUAL(expected[i], got[i]);
  EQUAL(static_cast<unsigned>(*std::max_element(x.begin(), x.end())), session.download<unsigned>(largest, 1)[0]);
  EQUAL(2 - 300, session.download<int>(smallest, 1)[0]);
}

void arithmetic() {
  Session session;
  const std::vector<double> d = {1.4142135623730951, 2.5, -3.5, 1e-310};
  const Address in = session.upload(d), out = session.allocate(16 * 8), bits = session.allocate(4 * 8);
  SUCCEEDS(session.run("test_doubles", 1, 4, in, out, bits));
  const auto y = session.download<double>(out, 16);
  const auto b = session.download<long long>(bits, 4);
  for (size_t i = 0; i < 4; ++i) {
    const volatile double square = d[i] * d[i]; // not fused with what follows
    EQUAL(std::fma(d[i], d[i], -2.0), y[4 * i]);
    CHECK(d[i] < 0 ? std::isnan(y[4 * i + 1]) : std::sqrt(d[i]) / 3 == y[4 * i + 1]);
    EQUAL(square - 2.0, y[4 * i + 2]);
    EQUAL(std::nearbyint(d[i]), y[4 * i + 3]);
    CHECK(memcmp(&d[i], &b[i], 8) == 0);
  }
  CHECK(y[0] != y[2]);

  const float nan = NAN, infinity = INFINITY;
  const std::vector<float> x = {1, -0.0f, 0.0f, nan, 2, nan, infinity, 1.0000002f, 0.5f, 1e-40f};
  const std::vector<float> z = {2, 0.0f, -0.0f, 3, nan, nan, -infinity, -1.0000002f, 1.5f, 3};
  const int count = static_cast<int>(x.size());
  const Address xAt = session.upload(x), zAt = session.upload(z), floats = session.allocate(x.size() * 7 * 4);
  SUCCEEDS(session.run("test_floats", 1, static_cast<unsigned>(count), xAt, zAt, floats, count));
  const auto got = session.download<uint32_t>(floats, x.size() * 7);
  const uint32_t minima[] = {asBits(1), 0x80000000u, 0x80000000u, asBits(3), asBits(2)};
  const uint32_t maxima[] = {asBits(2), 0, 0, asBits(3), asBits(2)};
  for (size_t i = 0; i < 5; ++i) {
    EQUAL(minima[i], got[i]);
    EQUAL(maxima[i], got[x.size() + i]);
  }
  CHECK(std::isnan(asFloat(got[5])));
  for (size_t i = 0; i < x.size(); ++i) {
    const volatile float product = x[i] * z[i];
    const float expected[] = {std::fma(x[i], z[i], 1.0f), product + 1.0f, std::nearbyint(x[i]), x[i] / z[i],
                              std::sqrt(std::fabs(x[i]))};
    for (size_t k = 0; k < 5; ++k) {
      const float found = asFloat(got[(k + 2) * x.size() + i]);
      CHECK(std::isnan(expected[k]) ? std::isnan(found) : asBits(expected[k]) == asBits(found));
    }
  }
  CHECK(got[2 * x.size() + 7] != got[3 * x.size() + 7]);
}

void vectorsAndParameters() {
  Session session;
  std::vector<float> x(32);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
  const Address in = session.upload(x), pairs = session.allocate(8 * 8), bytes = session.allocate(8 * 4);
  SUCCEEDS(session.run("test_vectors", 1, 8, in, pairs, bytes));
  const auto sums = session.download<float>(pairs, 16);
  const auto copied = session.download<unsigned char>(bytes, 32);
  for (size_t i = 0; i < 16; ++i) EQUAL(x[2 * i] + x[2 * i + 1], sums[i]);
  for (size_t i = 0; i < 32; ++i) EQUAL(static_cast<unsigned char>(x[i]), copied[i]);

  struct Many {
    int values[25];
  } many;
  for (int i = 0; i < 25; ++i) many.values[i] = i * i;
  const Address out = session.allocate(20);
  SUCCEEDS(session.run("test_many_parameters", 1, 1, out, many, static_cast<unsigned char>(200),
                       static_cast<short>(-3), 2.5, Address(0)));
  const auto values = session.download<int>(out, 5);
  const int expected[] = {4900, 200, -3, 25, 1};
  for (size_t i = 0; i < 5; ++i) EQUAL(expected[i], values[i]);
}

// Kernels that give the right result only in one order are found out by another one.
void orders() {
  std::vector<int> x(256);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<int>(i) + 1;
  bool seen[2] = {}, blocks = false;
  for (const char* seed : {"0", "1", "2", "3"}) {
    Session session;
    depthscope_emulator_set("ORDER", seed);
    const Address in = session.upload(x), out = session.allocate(256 * 4);
    SUCCEEDS(session.run("bad_missing_barrier", 1, 256, in, out));
    auto y = session.download<int>(out, 256);
    for (size_t i = 0; i < 256; ++i) seen[0] |= y[i] != x[255 - i];
    SUCCEEDS(session.run("bad_order", 1, 256, in, out));
    y = session.download<int>(out, 256);
    bool right = true;
    for (size_t i = 1; i < 256; ++i) right &= y[i] == x[i - 1];
    EQUAL(*seed == '0', right);
    const Address z = session.allocate(64 * 4);
    SUCCEEDS(session.run("bad_missing_second_barrier", 1, 64, z));
    for (const int value : session.download<int>(z, 64)) seen[1] |= value != 300;
    depthscope_emulator_set("THREADS", "1");
    const Address chain = session.upload(std::vector<int>(100, 0));
    SUCCEEDS(session.run("bad_order_of_blocks", 99, 1, chain));
    blocks |= session.download<int>(chain, 100)[99] != 99;
  }
  CHECK(seen[0]);
  CHECK(seen[1]);
  CHECK(blocks);
}

}  // namespace

void testKernels() {
  // In the order of their numbers, in others, on one thread of the system and on several.
  for (const char* seed : {"0", "1", "77"}) {
    for (const char* threads : {"1", "3"}) {
      setenv("DEPTHSCOPE_EMULATOR_ORDER", seed, 1);
      setenv("DEPTHSCOPE_EMULATOR_THREADS", threads, 1);
      scales();
      knowsWhereItIs();
      barriers();
      sharedMemory();
      sums();
      shuffles();
      votes();
      groups();
      atomics();
      arithmetic();
      vectorsAndParameters();
    }
  }
  unsetenv("DEPTHSCOPE_EMULATOR_ORDER");
  unsetenv("DEPTHSCOPE_EMULATOR_THREADS");
  orders();
}
