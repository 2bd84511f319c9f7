// Work in streams. Either it is done when it is submitted, or (settings().delay_seed) as late as it may: it waits in its
// stream until somebody waits for it, and then streams take turns at random, as far as events allow. A program that
// forgot to wait for an event then reads what is not there yet.
#pragma once

#include <stdint.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace emulator {

struct Stream;

// A clock that only goes forward.
double milliseconds();

struct Task {
  std::function<void()> work;
  std::vector<std::shared_ptr<Task>> after;  // what must be done before, besides earlier tasks of the stream
  Stream* stream = nullptr;
  bool done = false;
  double done_at = 0;  // milliseconds
};

using TaskPointer = std::shared_ptr<Task>;

struct Stream {
  bool blocking = true;  // takes turns with the null stream
  int priority = 0;
  std::deque<TaskPointer> waiting;
  TaskPointer last;
};

struct Event {
  bool timed = true;
  TaskPointer record;  // the latest, or null
};

class StreamScheduler {
 public:
  StreamScheduler();

  Stream* nullStream() { return streams_.front().get(); }
  Stream* open(bool blocking, int priority);

  // Does what waits in it and ends it.
  void close(Stream* stream);

  // Appends work to a stream. An event is given in `after`.
  TaskPointer submit(Stream* stream, std::function<void()> work, TaskPointer after = nullptr);

  void finish(const TaskPointer& task);
  void finish(Stream* stream);
  void finishAll();

  // Does some of what waits, when something does: for programs that ask again and again whether it is done.
  void progress();

 private:
  void run(Stream* stream);
  Stream* anyReady();
  uint64_t random();

  std::vector<std::unique_ptr<Stream>> streams_;  // the null stream first
  uint64_t seed_ = 0;
  uint64_t random_ = 0;
};

}  // namespace emulator
