// How slots move between the nodes of a test's cluster.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "testing/redis_cluster.h"

namespace redis_fdw::test {

absl::Status RedisCluster::MigrateSlot(int slot, int to) {
  if (absl::Status status = BeginMigration(slot, to); !status.ok()) return status;
  if (absl::Status status = EndMigration(slot); !status.ok()) return status;
  return WaitUntilOk();
}

absl::Status RedisCluster::BeginMigration(int slot, int to) {
  const int from = PrimaryOf(slot);
  if (from < 0 || from == to) {
    return absl::FailedPreconditionError(absl::StrCat("slot ", slot, " is of node ", from));
  }
  const std::string number = absl::StrCat(slot);
  absl::Status status = Must(to, {"CLUSTER", "SETSLOT", number, "IMPORTING", id(from)});
  if (!status.ok()) return status;
  status = Must(from, {"CLUSTER", "SETSLOT", number, "MIGRATING", id(to)});
  if (status.ok()) migrations_.push_back({slot, from, to});
  return status;
}

RedisCluster::Migration* RedisCluster::MigrationOf(int slot) {
  for (Migration& migration : migrations_) {
    if (migration.slot == slot) return &migration;
  }
  return nullptr;
}

absl::StatusOr<int> RedisCluster::MigrateKeys(int slot, int count) {
  const Migration* migration = MigrationOf(slot);
  if (migration == nullptr) return absl::FailedPreconditionError("BeginMigration() comes first");
  const RedisReply keys =
      node(migration->from)
          .Command({"CLUSTER", "GETKEYSINSLOT", absl::StrCat(slot), absl::StrCat(count)});
  if (keys.is_error()) return absl::InternalError(keys.text);
  if (keys.elements.empty()) return 0;
  std::vector<std::string> command = {"MIGRATE", "127.0.0.1", absl::StrCat(NodePort(migration->to)),
                                      "",        "0",         "10000"};
  if (!options_.node.password.empty()) {
    command.insert(command.end(), {"AUTH", options_.node.password});
  }
  command.emplace_back("KEYS");
  for (const RedisReply& key : keys.elements) command.push_back(key.text);
  if (absl::Status status = Must(migration->from, command); !status.ok()) return status;
  return static_cast<int>(keys.elements.size());
}

absl::Status RedisCluster::EndMigration(int slot) {
  for (;;) {
    absl::StatusOr<int> moved = MigrateKeys(slot, 100);
    if (!moved.ok()) return moved.status();
    if (*moved == 0) break;
  }
  const Migration migration = *MigrationOf(slot);
  // The target first: were the source first, and the target died, nobody would have the slot.
  std::vector<int> told = {migration.to, migration.from};
  for (int i : Primaries()) {
    if (i != migration.to && i != migration.from) told.push_back(i);
  }
  for (int i : told) {
    absl::Status status =
        Must(i, {"CLUSTER", "SETSLOT", absl::StrCat(slot), "NODE", id(migration.to)});
    if (!status.ok()) return status;
  }
  migrations_.erase(migrations_.begin() + (MigrationOf(slot) - migrations_.data()));
  return absl::OkStatus();
}

}  // namespace redis_fdw::test
