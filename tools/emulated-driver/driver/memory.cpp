#include "memory.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>

#include "report.h"

namespace emulator {
namespace {

constexpr size_t kPage = 4096;
// Nothing but addresses: wide, so that an index that is far off is found, too.
constexpr size_t kGuard = 4 << 20;
// The youngest of the retired are never used again, however well they would fit; the oldest go when there are too many.
constexpr size_t kResting = 64;
constexpr size_t kMostRetired = 1024;
constexpr size_t kMostRetiredBytes = 128 << 20;
constexpr ptrdiff_t kNear = 256;

// As floats and doubles both are NaN, and so is what lies between two of them. Watched bytes differ from fresh ones, so
// that copying too much is seen.
constexpr unsigned char kFresh = 0xff;
constexpr unsigned char kWatched[4] = {0xf5, 0xf5, 0xf5, 0xff};

size_t roundUp(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

unsigned char watchedAt(const char* address) { return kWatched[reinterpret_cast<uintptr_t>(address) % 4]; }

void watch(char* begin, char* end) {
  for (char* byte = begin; byte < end; ++byte) *byte = static_cast<char>(watchedAt(byte));
}

bool untouched(const char* begin, const char* end) {
  for (; begin < end && reinterpret_cast<uintptr_t>(begin) % 4 != 0; ++begin) {
    if (static_cast<unsigned char>(*begin) != watchedAt(begin)) return false;
  }
  for (; end - begin >= 4; begin += 4) {
    if (memcmp(begin, kWatched, 4) != 0) return false;
  }
  for (; begin < end; ++begin) {
    if (static_cast<unsigned char>(*begin) != watchedAt(begin)) return false;
  }
  return true;
}

std::string near(const GuardedMemory::Allocation& allocation, const char* address) {
  const char* end = allocation.address + allocation.bytes;
  if (address >= end) {
    return text(" (%zu bytes past the end of allocation %llu of %zu bytes)", static_cast<size_t>(address - end),
                allocation.number, allocation.bytes);
  }
  return text(" (%zu bytes before allocation %llu of %zu bytes)", static_cast<size_t>(allocation.address - address),
              allocation.number, allocation.bytes);
}

}  // namespace

GuardedMemory::~GuardedMemory() {
  for (auto& [address, allocation] : live_) munmap(allocation.mapping, allocation.mapped);
  for (auto& allocation : retired_) munmap(allocation.mapping, allocation.mapped);
}

// Pages that can be written, with a guard before and behind. Those of a retired allocation are ten times cheaper than new
// ones, which the system must clear.
char* GuardedMemory::mapPages(size_t inner) {
  const size_t mapped = inner + 2 * kGuard;
  const size_t candidates = retired_.size() - std::min(retired_.size(), kResting);
  char* mapping = nullptr;
  for (size_t i = 0; i < candidates && mapping == nullptr; ++i) {
    if (retired_[i].mapped == mapped) {
      mapping = retired_[i].mapping;
      retired_bytes_ -= inner;
      retired_.erase(retired_.begin() + static_cast<ptrdiff_t>(i));
    }
  }
  if (mapping == nullptr) {
    void* pages = mmap(nullptr, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED) return nullptr;
    mapping = static_cast<char*>(pages);
  }
  if (mprotect(mapping + kGuard, inner, PROT_READ | PROT_WRITE) != 0) {
    munmap(mapping, mapped);
    return nullptr;
  }
  return mapping;
}

void GuardedMemory::retire(const Allocation& allocation) {
  mprotect(allocation.watched, static_cast<size_t>(allocation.watched_end - allocation.watched), PROT_NONE);
  retired_.push_back(allocation);
  retired_bytes_ += allocation.mapped - 2 * kGuard;
  while (retired_.size() > kMostRetired || (retired_bytes_ > kMostRetiredBytes && !retired_.empty())) {
    retired_bytes_ -= retired_.front().mapped - 2 * kGuard;
    munmap(retired_.front().mapping, retired_.front().mapped);
    retired_.pop_front();
  }
}

char* GuardedMemory::allocate(size_t bytes, size_t alignment) {
  const size_t padded = roundUp(std::max<size_t>(bytes, 1), alignment);
  const size_t inner = roundUp(padded, kPage);
  char* mapping = mapPages(inner);
  if (mapping == nullptr) return nullptr;
  Allocation allocation;
  allocation.mapping = mapping;
  allocation.mapped = inner + 2 * kGuard;
  allocation.watched = mapping + kGuard;
  allocation.watched_end = allocation.watched + inner;
  allocation.address = allocation.watched_end - padded;
  allocation.bytes = bytes;
  allocation.number = ++count_;
  watch(allocation.watched, allocation.address);
  memset(allocation.address, kFresh, bytes);
  watch(allocation.address + bytes, allocation.watched_end);
  live_[reinterpret_cast<uintptr_t>(allocation.address)] = allocation;
  used_ += bytes;
  return allocation.address;
}

bool GuardedMemory::free(const void* address) {
  const auto found = live_.find(reinterpret_cast<uintptr_t>(address));
  if (found == live_.end()) return false;
  const Allocation allocation = found->second;
  live_.erase(found);
  used_ -= allocation.bytes;
  retire(allocation);
  return true;
}

const GuardedMemory::Allocation* GuardedMemory::holding(const void* address, size_t bytes) const {
  const auto wanted = reinterpret_cast<uintptr_t>(address);
  auto next = live_.upper_bound(wanted);
  if (next == live_.begin()) return nullptr;
  const Allocation& allocation = (--next)->second;
  const size_t offset = wanted - next->first;
  return offset <= allocation.bytes && bytes <= allocation.bytes - offset ? &allocation : nullptr;
}

bool GuardedMemory::isDamaged(const Allocation& allocation, bool wholly) {
  const char* end = allocation.address + allocation.bytes;
  const char* from = wholly ? allocation.watched : std::max(allocation.watched, allocation.address - kNear);
  return !untouched(from, allocation.address) || !untouched(end, allocation.watched_end);
}

const GuardedMemory::Allocation* GuardedMemory::damaged(bool wholly) const {
  for (const auto& [address, allocation] : live_) {
    if (isDamaged(allocation, wholly)) return &allocation;
  }
  return nullptr;
}

std::string GuardedMemory::describe(const void* address) const {
  const char* wanted = static_cast<const char*>(address);
  for (const auto& [start, allocation] : live_) {
    if (wanted >= allocation.mapping && wanted < allocation.mapping + allocation.mapped) {
      return near(allocation, wanted);
    }
  }
  for (auto allocation = retired_.rbegin(); allocation != retired_.rend(); ++allocation) {
    if (wanted >= allocation->mapping && wanted < allocation->mapping + allocation->mapped) {
      return text(" (in allocation %llu of %zu bytes, which is freed)", allocation->number, allocation->bytes);
    }
  }
  return "";
}

}  // namespace emulator
