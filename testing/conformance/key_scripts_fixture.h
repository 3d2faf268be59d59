// What the tests of scripts on keys share.

#ifndef REDIS_FDW_TESTING_CONFORMANCE_KEY_SCRIPTS_FIXTURE_H_
#define REDIS_FDW_TESTING_CONFORMANCE_KEY_SCRIPTS_FIXTURE_H_

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "testing/conformance/conformance_fixture.h"

namespace redis_fdw::test {

constexpr char kA[] = "key under test a";
constexpr char kB[] = "key under test b";

// More than Lua's stack holds (8000).
constexpr int kHuge = 10000;

inline ColumnDef Column(const std::string& name, ColumnType type, const std::string& role = "") {
  ColumnDef column;
  column.name = name;
  column.type = type;
  column.role = role;
  return column;
}

class KeyScriptTest : public ConformanceTest {
 protected:
  // The sample's columns, and the TTL as the last.
  void BindWithTtl(int64_t option = 0) {
    std::vector<ColumnDef> columns = sample().columns;
    columns.push_back(Column("ttl", ColumnType::kInteger));
    Bind(columns, option);
  }
  absl::Status Update(const SampleRow& identity, const SampleRow& row,
                      const std::vector<bool>& changed) {
    WriteOp op;
    op.kind = WriteKind::kUpdate;
    op.old.cells = identity.cells();
    op.new_cells = row.cells();
    op.changed = changed;
    return Write({op}, true);
  }
  absl::Status Insert(const SampleRow& row, ConflictPolicy conflict = ConflictPolicy::kOverwrite) {
    return Write(Inserts({row}, conflict), true);
  }
  std::string Cli(const Argv& argv) { return redis().Cli(argv); }
  // In seconds; -1: none, -2: no key.
  int Ttl(const std::string& key) { return std::stoi(Cli({"TTL", key})); }
  void ExpectTtl(const std::string& key, int seconds) {
    const int ttl = Ttl(key);
    EXPECT_LE(ttl, seconds);
    // Some have passed, on a busy machine. The TTLs of a test differ by ten at least.
    EXPECT_GT(ttl, seconds - 10);
  }
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_CONFORMANCE_KEY_SCRIPTS_FIXTURE_H_
