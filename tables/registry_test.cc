#include "tables/registry.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using ::testing::ElementsAre;

TEST(RegistryTest, HoldsTheSixTypesSorted) {
  EXPECT_THAT(TableTypeNames(), ElementsAre("hash", "list", "set", "stream", "string", "zset"));
  EXPECT_TRUE(RegistryStatus().ok());
  for (const std::string& name : TableTypeNames()) {
    ASSERT_NE(FindTableType(name), nullptr);
    EXPECT_EQ(FindTableType(name)->name(), name);
    EXPECT_TRUE(absl::StartsWith(FindTableType(name)->layout(), "("));
  }
  EXPECT_EQ(FindTableType("json"), nullptr);
  EXPECT_EQ(FindTableType(""), nullptr);
}

class AnotherHash : public TableType {
 public:
  absl::string_view name() const override { return "hash"; }
  absl::string_view layout() const override { return "(nothing)"; }
  absl::StatusOr<std::unique_ptr<const Table>> Bind(const TableDef&) const override {
    return absl::UnimplementedError("");
  }
};

TEST(RegistryTest, DuplicatesAreRecordedAndTheFirstStays) {
  EXPECT_FALSE(RegisterTableType(std::make_unique<AnotherHash>()));
  EXPECT_NE(FindTableType("hash")->layout(), "(nothing)");
  absl::Status status = RegistryStatus();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInternal);
  EXPECT_TRUE(absl::StrContains(status.message(), "hash"));
}

TEST(RegistryTest, BindRefusesWhatDoesNotFit) {
  for (const std::string& name : TableTypeNames()) {
    TableDef none;
    none.name = "t";
    none.key = "k";
    auto table = FindTableType(name)->Bind(none);
    ASSERT_FALSE(table.ok()) << name;
    ErrorInfo error = GetErrorInfo(table.status());
    EXPECT_EQ(error.kind, ErrorKind::kInvalidTable);
    EXPECT_TRUE(absl::StrContains(error.message, "\"t\" has 0 columns")) << error.message;
    EXPECT_TRUE(absl::StrContains(error.hint, FindTableType(name)->layout())) << error.hint;
  }
}

}  // namespace
}  // namespace redis_fdw
