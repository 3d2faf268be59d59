// Keyspace: how the keys of a database are spread over nodes, at one moment.

#ifndef REDIS_FDW_CORE_EXEC_KEYSPACE_H_
#define REDIS_FDW_CORE_EXEC_KEYSPACE_H_

#include <cstdint>
#include <utility>
#include <vector>

namespace redis_fdw {

constexpr int kSlots = 16384;  // of a cluster

// A primary and the hash slots it serves, as it says itself.
struct Shard {
  int node = 0;                            // a number of the router's
  uint64_t epoch = 0;                      // its config epoch: grows when it takes slots over
  std::vector<std::pair<int, int>> slots;  // first and last of each range, ascending
  std::vector<int> importing;              // slots whose keys are arriving here
  std::vector<int> migrating;              // slots whose keys are leaving
};

// Where there is no cluster: one shard, of which only the node matters, and keys stay.
struct Keyspace {
  std::vector<Shard> shards;
  bool is_cluster = false;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_KEYSPACE_H_
