#include "block.h"

#include <string.h>

#include <algorithm>

#include "report.h"
#include "status.h"

namespace emulated {

__thread Position position;

void barrier(int line) { emulator::BlockRunner::current().barrier(line); }

uint64_t exchange(Exchange kind, unsigned mask, uint64_t value, unsigned source) {
  return emulator::BlockRunner::current().exchange(kind, mask, value, source);
}

}  // namespace emulated

namespace emulator {

using emulated::Exchange;
using emulated::Index;
using emulated::position;

namespace {

__thread BlockRunner* runner;

constexpr unsigned kWarp = 32;

unsigned bit(unsigned lane) { return 1u << lane; }

}  // namespace

BlockRunner& BlockRunner::current() { return *runner; }

BlockRunner::BlockRunner() = default;
BlockRunner::~BlockRunner() = default;

void BlockRunner::Queue::add(Strand* strand) {
  strand->next = nullptr;
  (empty() ? first : last->next) = strand;
  last = strand;
}

BlockRunner::Strand* BlockRunner::Queue::take() {
  Strand* strand = first;
  first = strand->next;
  return strand;
}

// xorshift: the order of threads must be the same for a seed, and need not be good.
uint64_t BlockRunner::random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

// ---- one launch

bool BlockRunner::run(const Grid& grid, uint64_t order_seed, bool poison_shared, bool (*nextBlock)(void*, uint64_t&),
                      void* source) {
  grid_ = grid;
  next_block_ = nextBlock;
  source_ = source;
  order_seed_ = order_seed;
  poison_shared_ = poison_shared;
  failure_ = Failure();
  runner = this;
  threads_ = grid.threads();
  warps_.resize((threads_ + kWarp - 1) / kWarp);
  position.block_size = grid.block;
  position.grid_size = grid.grid;

  const bool undisturbed = guard_.run([](void* self) { static_cast<BlockRunner*>(self)->runBlocks(); }, this);
  if (!undisturbed) describeTrap();
  if (failure_.status != 0) {
    // Threads were left in the middle: their stacks hold nothing of use.
    for (auto& strand : strands_) strand->fiber.prepare(&enter);
    idle_.clear();
    for (auto& strand : strands_) idle_.push_back(strand.get());
  }
  runner = nullptr;
  return failure_.status == 0;
}

void BlockRunner::runBlocks() {
  uint64_t block;
  while (failure_.status == 0 && next_block_(source_, block)) {
    startBlock(block);
    running_ = &main_;
    goTo(idleStrand());
  }
}

void BlockRunner::startBlock(uint64_t block) {
  const Index& size = grid_.grid;
  position.block_index.x = static_cast<unsigned>(block % size.x);
  position.block_index.y = static_cast<unsigned>(block / size.x % size.y);
  position.block_index.z = static_cast<unsigned>(block / (static_cast<uint64_t>(size.x) * size.y));
  started_ = finished_ = at_barrier_ = 0;
  ready_ = barrier_ = Queue();
  for (unsigned i = 0; i < warps_.size(); ++i) {
    const unsigned lanes = std::min(kWarp, threads_ - i * kWarp);
    warps_[i].alive = lanes == kWarp ? ~0u : bit(lanes) - 1;
    warps_[i].meetings.clear();
  }
  if (order_seed_ != 0) {
    random_ = (order_seed_ * 0x9e3779b97f4a7c15ull) ^ ((block + 1) * 0xbf58476d1ce4e5b9ull);
    if (random_ == 0) random_ = 1;
    order_.resize(threads_);
    for (unsigned i = 0; i < threads_; ++i) order_[i] = i;
    for (unsigned i = threads_; i > 1; --i) std::swap(order_[i - 1], order_[random() % i]);
  }
  if (poison_shared_) {
    for (const SharedVariable& variable : grid_.kernel->shared) memset(variable.here(), 0xff, variable.bytes);
  }
}

// ---- threads and their stacks

void BlockRunner::enter() { current().runThreads(); }

// The life of a strand: threads that run to their end, one after the other. It never returns.
void BlockRunner::runThreads() {
  for (;;) {
    while (ready_.empty() && startNext()) {
    }
    idle_.push_back(running_);
    if (!ready_.empty()) {
      goTo(ready_.take());
    } else if (finished_ == threads_) {
      goTo(&main_);
    } else {
      fail(launchFailed, "its threads wait for each other: " + whoWaits());
    }
  }
}

// Runs a thread that has not been started, if there is one. Others may run in between.
bool BlockRunner::startNext() {
  if (started_ == threads_) return false;
  unsigned linear = started_++;
  if (order_seed_ != 0) linear = order_[linear];
  const Index& size = grid_.block;
  position.linear = linear;
  position.thread = {linear % size.x, linear / size.x % size.y, linear / (size.x * size.y)};
  grid_.kernel->kernel.run(grid_.arguments);
  left();
  return true;
}

// The running thread has come to its end: those that wait for it wait no more.
void BlockRunner::left() {
  ++finished_;
  Warp& warp = warps_[position.linear / kWarp];
  warp.alive &= ~bit(position.linear % kWarp);
  for (size_t i = 0; i < warp.meetings.size();) {
    if (!complete(warp, i)) ++i;
  }
}

// Puts the running thread aside until it is in the ready queue again and its turn comes.
void BlockRunner::suspend() {
  Strand* self = running_;
  self->thread = position.thread;
  self->linear = position.linear;
  if (!ready_.empty() && !(order_seed_ != 0 && started_ < threads_ && (random() & 1) != 0)) {
    goTo(ready_.take());
  } else if (started_ < threads_) {
    goTo(idleStrand());
  } else {
    fail(launchFailed, "its threads wait for each other: " + whoWaits());
  }
}

void BlockRunner::goTo(Strand* strand) {
  Strand* from = running_;
  running_ = strand;
  position.thread = strand->thread;
  position.linear = strand->linear;
  Fiber::change(from->fiber, strand->fiber);
}

BlockRunner::Strand* BlockRunner::idleStrand() {
  if (idle_.empty()) {
    strands_.push_back(std::make_unique<Strand>(strands_.size()));
    strands_.back()->fiber.prepare(&enter);
    return strands_.back().get();
  }
  Strand* strand = idle_.back();
  idle_.pop_back();
  return strand;
}

// All of a queue may go on.
void BlockRunner::release(Queue& waiting) {
  if (order_seed_ == 0) {
    while (!waiting.empty()) ready_.add(waiting.take());
    return;
  }
  shuffled_.clear();
  while (!waiting.empty()) shuffled_.push_back(waiting.take());
  for (size_t i = shuffled_.size(); i > 1; --i) std::swap(shuffled_[i - 1], shuffled_[random() % i]);
  for (Strand* strand : shuffled_) ready_.add(strand);
}

// ---- waiting for the block

void BlockRunner::barrier(int line) {
  Strand* self = running_;
  self->line = line;
  ++at_barrier_;
  if (at_barrier_ < threads_) {
    barrier_.add(self);
    suspend();
    return;
  }
  for (Strand* other = barrier_.first; other != nullptr; other = other->next) {
    if (other->line != line) {
      fail(launchFailed, text("its threads are at different __syncthreads: thread %u in line %d, thread %u in line %d",
                              other->linear, other->line, position.linear, line));
    }
  }
  at_barrier_ = 0;
  release(barrier_);
}

// ---- waiting for lanes of the warp

uint64_t BlockRunner::exchange(Exchange kind, unsigned mask, uint64_t value, unsigned source) {
  const unsigned lane = position.linear % kWarp;
  if ((mask & bit(lane)) == 0) {
    fail(launchFailed, text("a warp exchange with mask 0x%08x does not name the lane %u that calls it", mask, lane));
  }
  Warp& warp = warps_[position.linear / kWarp];
  size_t index = 0;
  while (index < warp.meetings.size() &&
         (warp.meetings[index].kind != kind || warp.meetings[index].mask != mask)) {
    ++index;
  }
  if (index == warp.meetings.size()) warp.meetings.emplace_back(kind, mask);
  Meeting& meeting = warp.meetings[index];
  Strand* self = running_;
  meeting.arrived |= bit(lane);
  meeting.strands[lane] = self;
  meeting.values[lane] = value;
  meeting.sources[lane] = source;
  if (!complete(warp, index)) suspend();
  return self->result;
}

// If all living lanes of the mask are there, gives each its result, lets them go on and ends the meeting.
bool BlockRunner::complete(Warp& warp, size_t index) {
  Meeting& meeting = warp.meetings[index];
  if ((meeting.mask & warp.alive & ~meeting.arrived) != 0) return false;

  Queue others;
  unsigned ballot = 0;
  for (unsigned lanes = meeting.arrived; lanes != 0; lanes &= lanes - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctz(lanes));
    if (meeting.values[lane] != 0) ballot |= bit(lane);
  }
  for (unsigned lanes = meeting.arrived; lanes != 0; lanes &= lanes - 1) {
    const unsigned lane = static_cast<unsigned>(__builtin_ctz(lanes));
    Strand* strand = meeting.strands[lane];
    switch (meeting.kind) {
      case Exchange::shuffle: {
        // From a lane that did not come, CUDA gives anything: here a NaN.
        const unsigned source = meeting.sources[lane] % kWarp;
        strand->result = (meeting.arrived & bit(source)) != 0 ? meeting.values[source] : ~0ull;
        break;
      }
      case Exchange::ballot:
        strand->result = ballot;
        break;
      case Exchange::match: {
        unsigned equal = 0;
        for (unsigned other = meeting.arrived; other != 0; other &= other - 1) {
          const unsigned candidate = static_cast<unsigned>(__builtin_ctz(other));
          if (meeting.values[candidate] == meeting.values[lane]) equal |= bit(candidate);
        }
        strand->result = equal;
        break;
      }
      case Exchange::sync:
        break;
    }
    if (strand != running_) others.add(strand);
  }
  release(others);
  if (index + 1 != warp.meetings.size()) warp.meetings[index] = warp.meetings.back();
  warp.meetings.pop_back();
  return true;
}

// ---- failures

// Leaves the threads of the block where they are and goes back to the stack that runs blocks.
void BlockRunner::fail(int status, const std::string& what) {
  failure_ = {status, what, place(), nullptr};
  goTo(&main_);
  __builtin_unreachable();
}

void BlockRunner::stop(int status, const std::string& what) {
  failure_ = {status, what, place() + text(", thread %u", position.linear), nullptr};
  goTo(&main_);
  __builtin_unreachable();
}

std::string BlockRunner::place() const {
  const Index& block = position.block_index;
  if (grid_.grid.y == 1 && grid_.grid.z == 1) return text("block %u", block.x);
  return text("block (%u, %u, %u)", block.x, block.y, block.z);
}

std::string BlockRunner::whoWaits() const {
  std::string result;
  if (at_barrier_ != 0) {
    result = text("%u at __syncthreads (line %d)", at_barrier_, barrier_.first->line);
  }
  for (size_t warp = 0; warp < warps_.size(); ++warp) {
    for (const Meeting& meeting : warps_[warp].meetings) {
      if (!result.empty()) result += ", ";
      if (result.size() > 200) return result + "...";
      result += text("lanes 0x%08x of warp %zu for lanes 0x%08x", meeting.arrived, warp,
                     meeting.mask & warps_[warp].alive & ~meeting.arrived);
    }
  }
  if (finished_ != 0) result += text("; %u have ended", finished_);
  return result;
}

void BlockRunner::describeTrap() {
  const Trap& trap = guard_.trap();
  std::string what;
  int status = launchFailed;
  for (auto& strand : strands_) {
    if (strand->fiber.overflows(trap.address)) {
      what = text("a thread needs more than the %zu KiB of stack it has here", Fiber::kStackBytes / 1024);
    }
  }
  if (!what.empty()) {
  } else if (trap.signal == SIGFPE) {
    what = "an integer division by zero";
  } else if (trap.signal == SIGILL) {
    status = illegalInstruction;
    what = "a trap";
  } else {
    status = illegalAddress;
    what = text("%s address %p", trap.write ? "a write to the illegal" : "a read of the illegal", trap.address);
  }
  failure_ = {status, what, place() + text(", thread %u", position.linear),
              status == illegalAddress ? trap.address : nullptr};
}

}  // namespace emulator
