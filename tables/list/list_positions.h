// Where the elements that a statement scanned are now, when the statement itself has deleted some.

#ifndef REDIS_FDW_TABLES_LIST_LIST_POSITIONS_H_
#define REDIS_FDW_TABLES_LIST_LIST_POSITIONS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tables/table.h"

namespace redis_fdw {

class ListPositions : public WriteState {
 public:
  // Whether the element that was at `original` has been deleted.
  bool Deleted(int64_t original) const {
    return std::binary_search(deleted_.begin(), deleted_.end(), original);
  }

  // Where it is now. REQUIRES: !Deleted(original).
  int64_t Current(int64_t original) const {
    auto above = std::lower_bound(deleted_.begin(), deleted_.end(), original);
    return original - (above - deleted_.begin());
  }

  // `originals`, none of them deleted before or given twice, are deleted now. In the order of a
  // scan this appends.
  void Delete(std::vector<int64_t> originals) {
    std::sort(originals.begin(), originals.end());
    auto middle = deleted_.insert(deleted_.end(), originals.begin(), originals.end());
    std::inplace_merge(deleted_.begin(), middle, deleted_.end());
  }

 private:
  std::vector<int64_t> deleted_;  // sorted
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_LIST_LIST_POSITIONS_H_
