// Runs the threads of one block on one thread of the operating system.
//
// Threads run one after the other on the same stack. Only when one must wait for others is its stack put aside and the
// next thread started on another, so a kernel without barriers costs no more than a loop over its threads.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

#include "faults.h"
#include "fiber.h"
#include "kernels.h"

namespace emulator {

// Why a launch was abandoned.
struct Failure {
  int status = 0;
  std::string what;
  std::string place;              // block and, where it is one, thread
  const void* address = nullptr;  // that could not be accessed, if it was that
};

struct Grid {
  const KernelEntry* kernel;
  void* const* arguments;
  emulated::Index grid;
  emulated::Index block;

  unsigned threads() const { return block.x * block.y * block.z; }
  uint64_t blocks() const { return static_cast<uint64_t>(grid.x) * grid.y * grid.z; }
};

class BlockRunner {
 public:
  BlockRunner();
  ~BlockRunner();

  // Runs the blocks whose numbers nextBlock(source, number) gives, until it gives no more. False if one failed.
  bool run(const Grid& grid, uint64_t order_seed, bool poison_shared, bool (*nextBlock)(void*, uint64_t&), void* source);
  const Failure& failure() const { return failure_; }

  // The runner of the calling thread; only while it runs a kernel.
  static BlockRunner& current();

  // What kernels call. They return when the running thread may go on.
  void barrier(int line);
  uint64_t exchange(emulated::Exchange kind, unsigned mask, uint64_t value, unsigned source);

  // Ends the launch because of what the running thread did.
  [[noreturn]] void stop(int status, const std::string& what);

 private:
  // A stack with the thread on it, when that thread waits or may go on.
  struct Strand {
    Strand() = default;
    explicit Strand(size_t number) : fiber(number) {}

    Fiber fiber;
    emulated::Index thread{};
    unsigned linear = 0;
    int line = 0;          // of the barrier it waits at
    uint64_t result = 0;   // of the exchange it waited for
    Strand* next = nullptr;
  };

  // First in, first out.
  struct Queue {
    Strand* first = nullptr;
    Strand* last = nullptr;

    bool empty() const { return first == nullptr; }
    void add(Strand* strand);
    Strand* take();
  };

  // Lanes of a warp that came with the same exchange and mask.
  struct Meeting {
    Meeting(emulated::Exchange kind, unsigned mask) : kind(kind), mask(mask) {}

    emulated::Exchange kind;
    unsigned mask;
    unsigned arrived = 0;
    Strand* strands[32];
    uint64_t values[32];
    unsigned sources[32];
  };
  struct Warp {
    unsigned alive = 0;
    std::vector<Meeting> meetings;  // those that wait for more lanes; rarely more than one
  };

  static void enter();
  void runBlocks();
  void startBlock(uint64_t block);
  void runThreads();
  bool startNext();
  void left();
  void suspend();
  void goTo(Strand* strand);
  Strand* idleStrand();
  void release(Queue& waiting);
  bool complete(Warp& warp, size_t meeting);
  [[noreturn]] void fail(int status, const std::string& what);
  void describeTrap();
  std::string whoWaits() const;
  std::string place() const;
  uint64_t random();

  FaultGuard guard_;
  Grid grid_{};
  bool (*next_block_)(void*, uint64_t&) = nullptr;
  void* source_ = nullptr;
  Failure failure_;

  Strand main_;
  std::vector<std::unique_ptr<Strand>> strands_;
  std::vector<Strand*> idle_;  // their stacks hold no thread
  Strand* running_ = nullptr;
  Queue ready_;

  unsigned threads_ = 0;
  unsigned started_ = 0;
  unsigned finished_ = 0;
  unsigned at_barrier_ = 0;
  Queue barrier_;
  std::vector<Warp> warps_;

  uint64_t order_seed_ = 0;
  uint64_t random_ = 0;
  std::vector<unsigned> order_;   // of the threads, when it is shuffled
  std::vector<Strand*> shuffled_;
  bool poison_shared_ = true;
};

}  // namespace emulator
