// Random choices that are the same for the same seed.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_RANDOM_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_RANDOM_H_

#include <cstdint>
#include <random>
#include <vector>

namespace redis_fdw::test {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Below(uint64_t bound) { return engine_() % bound; }
  // One of least to most, both possible.
  int64_t Between(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(Below(static_cast<uint64_t>(most - least) + 1));
  }
  bool Chance(uint64_t percent) { return Below(100) < percent; }
  uint64_t Next() { return engine_(); }

  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  // std::shuffle() may differ between libraries.
  template <typename T>
  void Shuffle(std::vector<T>* list) {
    for (size_t i = list->size(); i > 1; --i) std::swap((*list)[i - 1], (*list)[Below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_RANDOM_H_
