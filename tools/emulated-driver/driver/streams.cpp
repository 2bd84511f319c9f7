#include "streams.h"

#include <time.h>

#include <algorithm>

#include "settings.h"

namespace emulator {
namespace {

Task* firstUndone(const std::vector<TaskPointer>& tasks) {
  for (const TaskPointer& task : tasks) {
    if (!task->done) return task.get();
  }
  return nullptr;
}

}  // namespace

double milliseconds() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) * 1e-6;
}

StreamScheduler::StreamScheduler() { streams_.push_back(std::make_unique<Stream>()); }

Stream* StreamScheduler::open(bool blocking, int priority) {
  streams_.push_back(std::make_unique<Stream>());
  streams_.back()->blocking = blocking;
  streams_.back()->priority = priority;
  return streams_.back().get();
}

void StreamScheduler::close(Stream* stream) {
  finish(stream);
  const auto found = std::find_if(streams_.begin(), streams_.end(),
                                  [stream](const auto& candidate) { return candidate.get() == stream; });
  streams_.erase(found);
}

TaskPointer StreamScheduler::submit(Stream* stream, std::function<void()> work, TaskPointer after) {
  auto task = std::make_shared<Task>();
  task->work = std::move(work);
  task->stream = stream;
  if (after != nullptr && !after->done) task->after.push_back(std::move(after));
  // The null stream waits for all blocking streams, and they for it.
  if (stream == nullStream()) {
    for (const auto& other : streams_) {
      if (other.get() != stream && other->blocking && other->last != nullptr && !other->last->done) {
        task->after.push_back(other->last);
      }
    }
  } else if (stream->blocking) {
    const TaskPointer& last = nullStream()->last;
    if (last != nullptr && !last->done) task->after.push_back(last);
  }
  stream->waiting.push_back(task);
  stream->last = task;
  if (settings().delay_seed == 0) finish(task);
  return task;
}

// Does the first task of a stream, whose turn it must be.
void StreamScheduler::run(Stream* stream) {
  const TaskPointer task = stream->waiting.front();
  stream->waiting.pop_front();
  task->work();
  task->work = nullptr;
  task->after.clear();
  task->done = true;
  task->done_at = milliseconds();
}

uint64_t StreamScheduler::random() {
  if (seed_ != settings().delay_seed) {
    seed_ = settings().delay_seed;
    random_ = seed_ * 0x9e3779b97f4a7c15ull | 1;
  }
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

// A stream whose first task may be done now, or null.
Stream* StreamScheduler::anyReady() {
  std::vector<Stream*> ready;
  for (const auto& stream : streams_) {
    if (!stream->waiting.empty() && firstUndone(stream->waiting.front()->after) == nullptr) {
      ready.push_back(stream.get());
    }
  }
  return ready.empty() ? nullptr : ready[random() % ready.size()];
}

void StreamScheduler::finish(const TaskPointer& task) {
  // Sometimes others take turns meanwhile, sometimes nothing is done but what the task needs.
  const bool others = settings().delay_seed != 0 && (random() & 1) != 0;
  while (!task->done) {
    if (others && (random() & 1) != 0) {
      run(anyReady());
      continue;
    }
    // Follow what the task waits for, down to something that waits for nothing.
    Task* next = task.get();
    for (;;) {
      Task* first = next->stream->waiting.front().get();
      Task* before = firstUndone(first->after);
      if (before == nullptr) {
        run(first->stream);
        break;
      }
      next = before;
    }
  }
}

void StreamScheduler::finish(Stream* stream) {
  if (stream->last != nullptr) finish(TaskPointer(stream->last));
}

void StreamScheduler::finishAll() {
  while (Stream* stream = anyReady()) run(stream);
}

void StreamScheduler::progress() {
  if (Stream* stream = anyReady()) run(stream);
}

}  // namespace emulator
