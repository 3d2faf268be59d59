#include "tables/import/schema_import.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/router.h"
#include "core/net/pool.h"
#include "gtest/gtest.h"
#include "tables/import/schema_import_fixture.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"

namespace redis_fdw {
namespace {

using test::FakeKeyspace;
using test::FakeServer;
using Argv = FakeServer::Argv;
using Lines = std::vector<std::string>;

class SchemaImportTest : public ::testing::Test {
 protected:
  SchemaImport Import(const std::string& pattern) {
    request.pattern = pattern;
    absl::StatusOr<SchemaImport> import = TryImport();
    EXPECT_TRUE(import.ok()) << import.status();
    return import.ok() ? *std::move(import) : SchemaImport();
  }
  absl::StatusOr<SchemaImport> TryImport() {
    Pipeline pipeline(&pool_, std::make_shared<StandaloneRouter>(ConnectionSpec()), PoolLimits());
    return ImportSchema(request, wanted, &pipeline);
  }
  void AddHash(const std::string& key,
               const std::vector<std::pair<std::string, std::string>>& fields) {
    redis.keys[key].type = "hash";
    redis.keys[key].fields = fields;
  }
  void AddString(const std::string& key, const std::string& value) {
    redis.keys[key].type = "string";
    redis.keys[key].elements = {value};
  }
  void Add(const std::string& key, const std::string& type, const Lines& elements) {
    redis.keys[key].type = type;
    redis.keys[key].elements = elements;
  }
  int Sent(const std::string& command) {
    const auto& commands = server.commands();
    return static_cast<int>(std::count_if(commands.begin(), commands.end(),
                                          [&](const Argv& argv) { return argv[0] == command; }));
  }

  FakeKeyspace redis;
  ImportRequest request;
  std::function<bool(const std::string&)> wanted = [](const std::string&) { return true; };
  FakeServer server{[this](const Argv& argv) { return redis.Answer(argv); }};

 private:
  test::FakeTransportFactory network_{&server};
  test::FakeWaiter waiter_;
  Pool pool_{&network_, &waiter_};
};

// A table as "name type key: column:type@role=field, ...; option=value ...".
std::string Show(const ImportedTable& table) {
  static const char* const kTypes[] = {
      "boolean", "bigint", "numeric", "double", "timestamptz", "timestamp",      "date",
      "uuid",    "jsonb",  "json",    "text",   "bytea",       "redis_stream_id"};
  std::string line = absl::StrCat(table.name, " ", table.type, " ", table.key, ":");
  for (const ImportColumn& column : table.draft.columns) {
    absl::StrAppend(&line, " ", column.name, ":", kTypes[static_cast<int>(column.type)]);
    if (!column.role.empty()) absl::StrAppend(&line, "@", column.role);
    if (!column.field.empty()) absl::StrAppend(&line, "=", column.field);
  }
  for (const auto& option : table.draft.options) {
    absl::StrAppend(&line, "; ", option.first, "=", option.second);
  }
  return line;
}

Lines Show(const SchemaImport& import) {
  Lines lines;
  for (const ImportedTable& table : import.tables) lines.push_back(Show(table));
  return lines;
}

std::string Notes(const SchemaImport& import) {
  std::string notes;
  for (const ImportNote& note : import.notes) absl::StrAppend(&notes, note.message, "\n");
  return notes;
}

TEST_F(SchemaImportTest, EveryTypeOneKey) {
  AddString("counter", "7");
  AddHash("config", {{"a", "x"}, {"b", "1"}});
  Add("jobs", "list", {"{\"a\": 1}"});
  Add("tags", "set", {"red", "blue"});
  Add("scores", "zset", {"1", "2"});
  AddHash("events", {{"user", "5"}, {"action", "login"}});
  redis.keys["events"].type = "stream";
  EXPECT_EQ(Show(Import("*")),
            (Lines{"jobs list jobs: index:bigint element:jsonb", "tags set tags: member:text",
                   "config hash config: field:text value:text",
                   "events stream events: stream_id:redis_stream_id user:bigint action:text",
                   "scores zset scores: member:bigint score:double",
                   "counter string counter: value:bigint"}));
}

TEST_F(SchemaImportTest, EveryTypeManyKeys) {
  for (int i = 1; i <= 3; ++i) {
    AddString(absl::StrCat("counter:", i), absl::StrCat(i, ".50"));
    AddHash(absl::StrCat("user:", i), {{"name", "n"}, {"age", absl::StrCat(i)}});
    Add(absl::StrCat("jobs:", i), "list", {"x"});
    Add(absl::StrCat("tags:", i), "set", {"red"});
    Add(absl::StrCat("scores:", i), "zset", {"u"});
    AddHash(absl::StrCat("events:", i), {{"user", "5"}});
    redis.keys[absl::StrCat("events:", i)].type = "stream";
  }
  redis.keys["user:2"].ttl = 100;
  EXPECT_EQ(Show(Import("*")),
            (Lines{"jobs list jobs:*: key:text index:bigint element:text",
                   "tags set tags:*: key:text member:text",
                   "user hash user:*: key:text name:text age:bigint ttl:bigint@ttl; row_per=key",
                   "events stream events:*: key:text stream_id:redis_stream_id user:bigint",
                   "scores zset scores:*: key:text member:text score:double",
                   "counter string counter:*: key:text value:numeric"}));
}

TEST_F(SchemaImportTest, HashesOfUnlikeFields) {
  for (int i = 1; i <= 3; ++i) AddHash(absl::StrCat("visits:", i), {{absl::StrCat("d", i), "4"}});
  EXPECT_EQ(Show(Import("*")), (Lines{"visits hash visits:*: key:text field:text value:bigint"}));
}

TEST_F(SchemaImportTest, HashesWithFurtherFields) {
  for (int i = 1; i <= 3; ++i) {
    AddHash(absl::StrCat("user:", i), {{"name", "n"}, {"mail", "m"}, {absl::StrCat("x", i), "4"}});
  }
  EXPECT_EQ(Show(Import("*")),
            (Lines{"user hash user:*: key:text name:text mail:text others:jsonb@*; row_per=key"}));
}

// Entries of a short stream, which are its first and its latest, count once.
TEST_F(SchemaImportTest, StreamsWithFurtherFields) {
  for (int i = 1; i <= 3; ++i) {
    const std::string key = absl::StrCat("log:", i);
    AddHash(key, {{"level", "1"}, {absl::StrCat("x", i), "y"}});
    redis.keys[key].type = "stream";
  }
  EXPECT_EQ(
      Show(Import("*")),
      (Lines{"log stream log:*: key:text stream_id:redis_stream_id level:bigint others:jsonb@*"}));
}

// The values of large hashes are not looked at, but for some.
TEST_F(SchemaImportTest, LargeHashesAreMaps) {
  std::vector<std::pair<std::string, std::string>> fields;
  for (int i = 0; i < 65; ++i) fields.emplace_back(absl::StrCat("f", i), "1");
  for (int i = 0; i < 3; ++i) AddHash(absl::StrCat("map:", i), fields);
  EXPECT_EQ(Show(Import("*")), (Lines{"map hash map:*: key:text field:text value:bigint"}));
  EXPECT_EQ(Sent("HKEYS"), 0);
  EXPECT_EQ(Sent("HRANDFIELD"), 3);
}

TEST_F(SchemaImportTest, LargeValuesAreNotFetched) {
  const std::string large(5000, '1');
  AddHash("a:1", {{"small", "1"}, {"large", large}});
  AddHash("a:2", {{"small", "2"}, {"large", "3"}});
  AddHash("a:3", {{"large", large}});
  AddString("b", large);
  Add("c", "list", {"1"});
  redis.keys["c"].bytes = 1 << 30;
  EXPECT_EQ(Show(Import("*")),
            (Lines{"b string b: value:text", "c list c: index:bigint element:text",
                   "a hash a:*: key:text small:bigint large:text; row_per=key"}));
  EXPECT_EQ(Sent("LRANGE"), 0);
  for (const std::string& line : server.CommandLines()) {
    EXPECT_FALSE(absl::StartsWith(line, "HMGET a:1 small large")) << line;
    EXPECT_FALSE(absl::StartsWith(line, "HMGET a:3")) << line;
  }
}

TEST_F(SchemaImportTest, PagesAndLimits) {
  for (int i = 0; i < 5500; ++i) AddString(absl::StrCat("s:", 100000 + i), "1");
  EXPECT_EQ(Show(Import("*")), (Lines{"s string s:*: key:text value:bigint"}));
  EXPECT_EQ(Sent("SCAN"), 6);
  EXPECT_EQ(Sent("TYPE"), 5500);
  EXPECT_EQ(Sent("GETRANGE"), 30);
  EXPECT_EQ(Sent("KEYS"), 0);

  server.ClearCommands();
  request.limits.sample_size = 1500;
  SchemaImport import = Import("*");
  EXPECT_EQ(Show(import), (Lines{"s string s:*: key:text value:bigint"}));
  EXPECT_EQ(Sent("SCAN"), 2);
  EXPECT_EQ(Sent("TYPE"), 1500);
  EXPECT_TRUE(absl::StrContains(Notes(import), "sample of 1500 keys")) << Notes(import);

  server.ClearCommands();
  request.limits.scan_limit = 3000;
  import = Import("t:*");
  EXPECT_EQ(Sent("SCAN"), 3);
  EXPECT_EQ(Sent("TYPE"), 0);
  EXPECT_TRUE(absl::StrContains(Notes(import), "no key")) << Notes(import);
  EXPECT_TRUE(absl::StrContains(import.notes[0].hint, "scan_limit"));
}

// As many keys as the sample is large: nothing is missing.
TEST_F(SchemaImportTest, TheWholeKeyspaceIsNoSample) {
  for (int i = 0; i < 10; ++i) AddString(absl::StrCat("s:", i), "1");
  request.limits.sample_size = 10;
  EXPECT_EQ(Notes(Import("*")), "");
}

TEST_F(SchemaImportTest, BytesOfNamesAreBounded) {
  for (int i = 0; i < 100; ++i) AddString(absl::StrCat("s:", 100 + i), "1");
  AddString(absl::StrCat("s:", std::string(2000, 'x')), "1");
  request.limits.key_bytes = 100;
  const SchemaImport import = Import("*");
  EXPECT_EQ(Sent("TYPE"), 20);
  EXPECT_TRUE(absl::StrContains(Notes(import), "100 bytes")) << Notes(import);
  request.limits.key_bytes = 1 << 20;
  const std::string notes = Notes(Import("*"));
  EXPECT_TRUE(absl::StrContains(notes, "skipped 1 key longer than 1024 bytes")) << notes;
}

TEST_F(SchemaImportTest, OneLiteralKey) {
  AddString("a", "1");
  AddString("b*", "1");
  EXPECT_EQ(Show(Import("a")), (Lines{"a string a: value:bigint"}));
  EXPECT_EQ(Show(Import("b\\*")), (Lines{"b_ string b\\*: value:bigint"}));
  EXPECT_EQ(Sent("SCAN"), 0);
  const SchemaImport import = Import("c");
  EXPECT_TRUE(import.tables.empty());
  EXPECT_EQ(Notes(import), "no key that matches \"c\" was found\n");
}

// A table must not show keys that the schema's pattern does not have.
TEST_F(SchemaImportTest, PatternsStayWithinTheSchemas) {
  for (int i = 10; i < 20; ++i) AddString(absl::StrCat("user:", i), "1");
  for (int i = 10; i < 20; ++i) AddString(absl::StrCat("user:", i, ":x"), "1");
  EXPECT_EQ(Show(Import("user:1*")), (Lines{"user string user:1*: key:text value:bigint",
                                            "user_x string user:1*:x: key:text value:bigint"}));
}

TEST_F(SchemaImportTest, WhatIsSkippedIsSaid) {
  AddString("a", "1");
  Add("doc:1", "ReJSON-RL", {});
  Add("doc:2", "ReJSON-RL", {});
  Add("ts", "TSDB-TYPE", {});
  const SchemaImport import = Import("*");
  EXPECT_EQ(Show(import), (Lines{"a string a: value:bigint"}));
  EXPECT_EQ(Notes(import),
            "skipped 3 keys of types that no table shows: ReJSON-RL (2), TSDB-TYPE (1)\n");
}

TEST_F(SchemaImportTest, TheLargestTablesAreKept) {
  for (int i = 0; i < 5; ++i) AddString(absl::StrCat("many:", i), "1");
  for (int i = 0; i < 3; ++i) AddString(absl::StrCat("some:", i), "1");
  AddString("one", "1");
  AddString("two", "1");
  request.max_tables = 3;
  const SchemaImport import = Import("*");
  EXPECT_EQ(Show(import).size(), 3u);
  EXPECT_EQ(Notes(import), "skipped 1 table beyond the 3 with most keys: two\n");
}

// Keys of tables that nobody asked for are not looked at.
TEST_F(SchemaImportTest, OnlyWhatIsWanted) {
  AddString("a", "1");
  AddString("b", "1");
  request.max_tables = 1;
  wanted = [](const std::string& name) { return name == "b"; };
  const SchemaImport import = Import("*");
  EXPECT_EQ(Show(import), (Lines{"b string b: value:bigint"}));
  EXPECT_EQ(Sent("GETRANGE"), 1);
  EXPECT_EQ(Notes(import), "");
}

TEST_F(SchemaImportTest, CollidingNames) {
  for (int i = 0; i < 3; ++i) {
    AddString(absl::StrCat("user:", i), "1");
    Add(absl::StrCat("user:s", i), "set", {"m"});
  }
  EXPECT_EQ(Show(Import("*")), (Lines{"user set user:*: key:text member:text",
                                      "user_string string user:*: key:text value:bigint"}));
}

TEST_F(SchemaImportTest, OverlappingPatterns) {
  for (int i = 0; i < 3; ++i) {
    AddString(absl::StrCat("user:", i), "1");
    AddString(absl::StrCat("user:", i, ":seen"), "1");
  }
  EXPECT_TRUE(absl::StrContains(Notes(Import("*")), "user shows those of user_seen"));
}

// Without MEMORY, values of collections are not looked at; forbidden commands are told.
TEST_F(SchemaImportTest, RefusedCommands) {
  Add("jobs", "list", {"1"});
  AddString("s", "1");
  redis.refused["MEMORY"] = "NOPERM this user has no permissions to run the 'memory' command";
  SchemaImport import = Import("*");
  EXPECT_EQ(Show(import),
            (Lines{"s string s: value:bigint", "jobs list jobs: index:bigint element:text"}));
  EXPECT_TRUE(absl::StrContains(Notes(import), "forbids")) << Notes(import);
  redis.refused = {{"TYPE", "NOPERM this user has no permissions to run the 'type' command"}};
  absl::StatusOr<SchemaImport> refused = TryImport();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(GetErrorKind(refused.status()), ErrorKind::kPermission);
}

TEST_F(SchemaImportTest, KeysThatVanish) {
  AddHash("h:1", {});
  AddHash("h:2", {});
  EXPECT_EQ(Show(Import("*")), (Lines{"h hash h:*: key:text field:text value:text"}));
}

}  // namespace
}  // namespace redis_fdw
