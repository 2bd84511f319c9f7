// Runs all blocks of a launch, on as many threads of the operating system as it is worth.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "block.h"

namespace emulator {

class Launcher {
 public:
  // The one of this process. Only one thread may use it at a time.
  static Launcher& instance();

  // Runs the grid to its end, or until a block fails; then status is not 0.
  Failure run(const Grid& grid);

 private:
  void help(BlockRunner& runner);
  void callHelpers(unsigned helpers);
  bool takeBlock(uint64_t& block);

  const Grid* grid_ = nullptr;
  uint64_t order_seed_ = 0;
  bool poison_shared_ = true;
  uint64_t blocks_ = 0;
  uint64_t stride_ = 1;  // of the numbers of blocks, when their order is shuffled
  std::atomic<uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  Failure failure_;

  BlockRunner own_;
  std::vector<std::unique_ptr<BlockRunner>> helpers_;
  std::mutex lock_;  // of the two counts and failure_
  std::condition_variable wake_, done_;
  unsigned wanted_ = 0;  // helpers that should still join this launch
  unsigned busy_ = 0;
};

}  // namespace emulator
