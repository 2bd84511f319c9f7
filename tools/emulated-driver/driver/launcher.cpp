#include "launcher.h"

#include <time.h>

#include <numeric>
#include <thread>

#include "settings.h"

namespace emulator {
namespace {

// A launch that is shorter than this is done sooner by the calling thread alone.
constexpr int64_t kAloneNanoseconds = 50'000;

int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000ll + time.tv_nsec;
}

// A number near a golden section of n that has no divisor in common with it, so that multiples of it visit all of n.
uint64_t strideFor(uint64_t n, uint64_t seed) {
  uint64_t stride = (n * 5 / 8 + seed % 97) % n;
  while (std::gcd(stride, n) != 1) ++stride;
  return stride;
}

}  // namespace

Launcher& Launcher::instance() {
  static Launcher* const launcher = new Launcher;
  return *launcher;
}

Failure Launcher::run(const Grid& grid) {
  grid_ = &grid;
  order_seed_ = settings().order_seed;
  poison_shared_ = settings().poison_shared;
  blocks_ = grid.blocks();
  stride_ = order_seed_ == 0 ? 1 : strideFor(blocks_, order_seed_);
  next_ = 0;
  failed_ = false;
  failure_ = Failure();

  struct Alone {
    Launcher* launcher;
    int64_t since;
    unsigned helpers;
  } alone{this, blocks_ > 1 ? now() : 0, settings().threads - 1};

  // Helpers are called by the way, once the launch has turned out to be a long one.
  const auto nextBlock = [](void* source, uint64_t& block) {
    auto& alone = *static_cast<Alone*>(source);
    if (!alone.launcher->takeBlock(block)) return false;
    if (alone.helpers != 0 && block + 1 < alone.launcher->blocks_ && now() - alone.since > kAloneNanoseconds) {
      alone.launcher->callHelpers(alone.helpers);
      alone.helpers = 0;
    }
    return true;
  };
  if (!own_.run(grid, order_seed_, poison_shared_, nextBlock, &alone)) {
    std::lock_guard<std::mutex> guard(lock_);
    if (!failed_.exchange(true)) failure_ = own_.failure();
  }
  std::unique_lock<std::mutex> guard(lock_);
  wanted_ = 0;
  done_.wait(guard, [this] { return busy_ == 0; });
  return failure_;
}

bool Launcher::takeBlock(uint64_t& block) {
  if (failed_.load(std::memory_order_relaxed)) return false;
  const uint64_t number = next_.fetch_add(1, std::memory_order_relaxed);
  if (number >= blocks_) return false;
  block = static_cast<uint64_t>(static_cast<unsigned __int128>(number) * stride_ % blocks_);
  return true;
}

void Launcher::callHelpers(unsigned helpers) {
  std::lock_guard<std::mutex> guard(lock_);
  while (helpers_.size() < helpers) {
    helpers_.push_back(std::make_unique<BlockRunner>());
    std::thread([this, runner = helpers_.back().get()] { help(*runner); }).detach();
  }
  wanted_ = helpers;
  wake_.notify_all();
}

// The life of a helper.
void Launcher::help(BlockRunner& runner) {
  std::unique_lock<std::mutex> guard(lock_);
  for (;;) {
    wake_.wait(guard, [this] { return wanted_ != 0; });
    --wanted_;
    ++busy_;
    guard.unlock();
    const auto nextBlock = [](void* self, uint64_t& block) { return static_cast<Launcher*>(self)->takeBlock(block); };
    const bool succeeded = runner.run(*grid_, order_seed_, poison_shared_, nextBlock, this);
    guard.lock();
    if (!succeeded && !failed_.exchange(true)) failure_ = runner.failure();
    if (--busy_ == 0) done_.notify_all();
  }
}

}  // namespace emulator
