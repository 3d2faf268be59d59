#include "tables/registry.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

struct Registry {
  absl::flat_hash_map<std::string, std::unique_ptr<const TableType>> types;
  std::vector<std::string> duplicates;
  bool failed = false;  // memory ran out while registering
};

// Never destroyed: scans may end after static destructors have run.
Registry& TheRegistry() {
  static Registry* const registry = new Registry();
  return *registry;
}

}  // namespace

const TableType* FindTableType(absl::string_view name) {
  const Registry& registry = TheRegistry();
  auto found = registry.types.find(name);
  return found == registry.types.end() ? nullptr : found->second.get();
}

std::vector<std::string> TableTypeNames() {
  std::vector<std::string> names;
  for (const auto& entry : TheRegistry().types) names.push_back(entry.first);
  std::sort(names.begin(), names.end());
  return names;
}

absl::Status RegistryStatus() {
  const Registry& registry = TheRegistry();
  if (registry.failed) {
    return MakeError(ErrorKind::kOutOfMemory, "out of memory while table types were registered");
  }
  if (registry.duplicates.empty()) return absl::OkStatus();
  return MakeError(ErrorKind::kInternal, absl::StrCat("table type registered more than once: ",
                                                      absl::StrJoin(registry.duplicates, ", ")));
}

bool RegisterTableType(std::unique_ptr<const TableType> type) noexcept {
  try {
    Registry& registry = TheRegistry();
    std::string name(type->name());
    if (registry.types.contains(name)) {
      registry.duplicates.push_back(std::move(name));
      return false;
    }
    registry.types.emplace(std::move(name), std::move(type));
    return true;
  } catch (...) {
    // The registry itself may be what could not be made; then nobody can ask it either.
    try {
      TheRegistry().failed = true;
    } catch (...) {
    }
    return false;
  }
}

}  // namespace redis_fdw
