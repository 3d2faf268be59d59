// The registry of table types: a map from name to module.
//
// A module registers itself by a static in its own .cc file, in a library with alwayslink = 1 (a
// plain archive member nobody refers to is dropped by the linker):
//
//   REDIS_FDW_REGISTER_TABLE_TYPE(HashTableType);
//
// Registration runs while the library loads, where nothing may throw: a duplicate name is recorded,
// and reported by TakeRegistryErrors() from _PG_init. The registry is never destroyed.

#ifndef REDIS_FDW_TABLES_REGISTRY_H_
#define REDIS_FDW_TABLES_REGISTRY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tables/table.h"

namespace redis_fdw {

// The module of that name, or null. Lives forever.
const TableType* FindTableType(absl::string_view name);

// All names, sorted.
std::vector<std::string> TableTypeNames();

// OK, or what went wrong while modules registered (duplicate names).
absl::Status RegistryStatus();

// Registers; the first of a name stays. Never throws. Returns whether it was new.
bool RegisterTableType(std::unique_ptr<const TableType> type) noexcept;

}  // namespace redis_fdw

#define REDIS_FDW_REGISTER_TABLE_TYPE(Type)                        \
  [[maybe_unused]] static const bool redis_fdw_registered_##Type = \
      ::redis_fdw::RegisterTableType(std::make_unique<const Type>())

#endif  // REDIS_FDW_TABLES_REGISTRY_H_
