// How a sample of the rows of one key is read: by commands that choose at random, by blocks of what
// has positions, or by the first pages of a cursor.
//
// All cost in proportion to the rows that are wanted, whatever the key holds, and no command asks
// Redis for more than some thousand elements, so that none stalls it.

#ifndef REDIS_FDW_TABLES_COMMON_SAMPLE_H_
#define REDIS_FDW_TABLES_COMMON_SAMPLE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "tables/common/element_source.h"
#include "tables/common/elements.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Numbers that look random and follow from a seed (SplitMix64).
class SampleRandom {
 public:
  explicit SampleRandom(uint64_t seed) : state_(seed) {}

  uint64_t Next();
  // At least 0, less than `end`. REQUIRES: end > 0.
  uint64_t Below(uint64_t end);
  // At least 0, less than 1.
  double Fraction();

 private:
  uint64_t state_;
};

// HRANDFIELD, SRANDMEMBER or ZRANDMEMBER, `rest` behind the count (WITHVALUES; null: nothing). What
// one command returns is distinct; that of several is made so.
std::unique_ptr<StepSource> NewRandomSource(absl::string_view command, absl::string_view key,
                                            const char* rest, const ElementSample& sample,
                                            const ElementShape* shape, RowWriter* rows);

// How long blocks of neighbours are in a sample of that many. Neighbours are often alike, so there
// are some hundred blocks where there can be. At least 1, at most `wanted`.
int64_t SampleBlockLength(int64_t wanted);

// Elements from `start` on, `count` of them.
struct SampleBlock {
  int64_t start;
  int64_t count;
};
// Blocks at random, none of which overlap, in ascending order: about `sample.wanted` elements of
// the `sample.size`, and no more.
std::vector<SampleBlock> ChooseBlocks(const ElementSample& sample);

// A command for each of these blocks, whose reply is the flat array that `shape` describes. `make`
// gives the command.
std::unique_ptr<StepSource> NewBlockSource(const ElementSample& sample,
                                           std::function<Command(const SampleBlock&)> make,
                                           const ElementShape* shape, RowWriter* rows);

// The first pages of a cursor, which visits elements by their hashes, so that the first ones are no
// others than any. At most a page more than is wanted.
std::unique_ptr<StepSource> NewFirstPagesSource(CollectionCommands commands, absl::string_view key,
                                                const ElementSample& sample, RowWriter* rows);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_SAMPLE_H_
