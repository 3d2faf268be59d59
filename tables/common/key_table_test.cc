#include "tables/common/key_table.h"

#include <string>
#include <vector>

#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

TableDef Many(const std::string& pattern, bool row_per_key = false) {
  TableDef def;
  def.key = pattern;
  def.row_per_key = row_per_key;
  return def;
}

TableDef Template(const std::string& text) {
  TableDef def;
  def.key_template = text;
  return def;
}

class KeyTableTest : public ::testing::Test {
 protected:
  TableTester t_;
};

TEST_F(KeyTableTest, KeysOfPatternsAndTemplates) {
  EXPECT_EQ(t_.Bind("hash", {"f", "v"}, Many("a\\*b")).key(), "a*b");
  EXPECT_THAT(t_.table().columns(), SizeIs(2));
  EXPECT_EQ(t_.Bind("hash", {"k", "f", "v"}, Many("a*b")).key(), "a*b");
  EXPECT_EQ(t_.Bind("hash", {"f", "v"}, Many("{a}b")).key(), "{a}b");
  EXPECT_EQ(t_.Bind("hash", {"id", "f", "v"}, Template("u[:{id}:{x}")).key(), "u\\[:*:{x}");
}

TEST_F(KeyTableTest, TemplatesThatCannotBe) {
  auto refused = [&](const std::string& text) {
    absl::Status status = t_.TryBind("hash", {"id", "f", "v"}, Template(text)).status();
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption) << status;
    return GetErrorInfo(status).message;
  };
  EXPECT_EQ(refused("user:{name}"),
            "option \"key_template\" of foreign table \"t\" names no column: \"user:{name}\"");
  EXPECT_EQ(refused("{id}:{f}"),
            "option \"key_template\" of foreign table \"t\" has more than one variable part: "
            "\"{id}:{f}\"");
  EXPECT_THAT(refused("{id}:{id}"), HasSubstr("more than one variable part"));
  EXPECT_THAT(GetErrorInfo(t_.TryBind("hash", {"k", "f", "v"}, Many("a[b")).status()).message,
              HasSubstr("that no \"]\" closes"));
}

TEST_F(KeyTableTest, RowsPerKeyOnlyWhereTheTypeHasThem) {
  absl::Status status = t_.TryBind("stream", {"k", "id", "a"}, Many("*", true)).status();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kUnsupported);
  EXPECT_EQ(GetErrorInfo(status).message,
            "option \"row_per\" of foreign table \"t\" cannot be 'key': a stream table has a row "
            "per element");
  EXPECT_TRUE(t_.TryBind("string", {"k", "v"}, Many("*", true)).ok());
}

TEST_F(KeyTableTest, TablesThatMayShareKeys) {
  auto bind = [&](const TableDef& def, const Lines& columns) {
    auto table = t_.TryBind("hash", columns, def);
    EXPECT_TRUE(table.ok()) << table.status();
    return std::move(table).value();
  };
  auto one = bind(Many("u:1"), {"f", "v"});
  auto users = bind(Many("u:*"), {"k", "f", "v"});
  auto items = bind(Many("i:*"), {"k", "f", "v"});
  auto all = bind(Many("*"), {"k", "f", "v"});
  auto by_id = bind(Template("u:{id}:x"), {"id", "f", "v"});
  EXPECT_TRUE(one->SharesKeys(*one));
  EXPECT_TRUE(one->SharesKeys(*users));
  EXPECT_TRUE(users->SharesKeys(*one));
  EXPECT_FALSE(one->SharesKeys(*items));
  EXPECT_FALSE(users->SharesKeys(*items));
  EXPECT_TRUE(items->SharesKeys(*all));
  EXPECT_TRUE(all->SharesKeys(*by_id));
  EXPECT_TRUE(users->SharesKeys(*by_id));
  EXPECT_FALSE(one->SharesKeys(*by_id));
}

TEST_F(KeyTableTest, KeysToInsertMatchThePattern) {
  auto check = [&](const Cell& key) {
    std::vector<Cell> cells = {key, Cell::Bytes("f"), Cell::Bytes("v")};
    return t_.table().CheckKey(cells);
  };
  t_.Bind("hash", {"k", "f", "v"}, Many("u:[0-9]*"));
  EXPECT_TRUE(check(Cell::Bytes("u:1x")).ok());
  EXPECT_TRUE(check(Cell::Null()).ok());  // that is another error
  absl::Status status = check(Cell::Bytes("u:x\n"));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kCheckViolation);
  EXPECT_EQ(GetErrorInfo(status).message,
            "key \"u:x\\n\" does not match the pattern \"u:[0-9]*\" of foreign table \"t\"");
  EXPECT_THAT(GetErrorInfo(status).hint, HasSubstr("strict_key_prefix"));
  t_.Bind("hash", {"id", "f", "v"}, Template("u:{id}"));
  EXPECT_TRUE(check(Cell::Bytes("anything")).ok());
  std::vector<Cell> cells = {Cell::Bytes("f"), Cell::Bytes("v")};
  EXPECT_TRUE(t_.Bind("hash", {"f", "v"}).CheckKey(cells).ok());
}

}  // namespace
}  // namespace redis_fdw::test
