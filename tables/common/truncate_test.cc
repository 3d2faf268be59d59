// TRUNCATE: one key, and the keys of a pattern.

#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TruncateTest : public ::testing::Test {
 protected:
  void BindMany(const std::string& pattern = "u:*") {
    TableDef def;
    def.key = pattern;
    t_.Bind("hash", {"k", "f", "v"}, def);
  }
  static std::string Page(const std::string& cursor, const Lines& keys) {
    return Array({Bulk(cursor), Bulks(keys)});
  }
  absl::Status Truncate() { return t_.table().Truncate(&t_.pipeline()); }

  // A keyspace of hashes, in pages of 3, that forgets what is removed.
  std::string AnswerKeyspace(const FakeServer::Argv& argv) {
    if (argv[0] == "EVAL") {
      EXPECT_EQ(argv[4], "hash");
      removed_.insert(argv[3]);
      return Simple("hash");
    }
    EXPECT_EQ(argv[0], "SCAN");
    int begin = std::stoi(argv[1]);
    Lines keys;
    for (int i = begin; i < begin + 3 && i < kKeys; ++i) keys.push_back(absl::StrCat("u:", i));
    return Page(begin + 3 < kKeys ? absl::StrCat(begin + 3) : "0", keys);
  }
  static constexpr int kKeys = 10;

  TableTester t_;
  std::set<std::string> removed_;
};

// What was not sent yet is lost with the connection, and the page goes on from where it was.
TEST_F(TruncateTest, RemovalsThatWereLostBesideAPageAreNotForgotten) {
  BindMany();
  int lost = 0;
  t_.server().options.write_at_most = 1;
  t_.Handle([&](const FakeServer::Argv& argv) {
    if (argv[0] != "SCAN" || argv[1] != "3" || ++lost > 2) return AnswerKeyspace(argv);
    t_.server().CloseAll();
    return std::string();
  });
  EXPECT_TRUE(Truncate().ok());
  EXPECT_THAT(removed_, SizeIs(kKeys));
}

TEST_F(TruncateTest, OneKeyIsRemovedIfItIsOfTheType) {
  t_.Bind("hash", {"f", "v"});
  std::string type = "hash";
  t_.Handle([&](const FakeServer::Argv& argv) {
    EXPECT_EQ(argv[0], "EVAL");
    EXPECT_EQ(argv[3], "k");
    EXPECT_EQ(argv[4], "hash");
    return Simple(type);
  });
  EXPECT_TRUE(Truncate().ok());
  type = "none";
  EXPECT_TRUE(Truncate().ok());
  EXPECT_THAT(t_.server().commands(), SizeIs(2));
  type = "zset";
  absl::Status status = Truncate();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kWrongType);
  EXPECT_EQ(GetErrorInfo(status).message,
            "Redis key \"k\" of foreign table \"t\" holds a zset, not a hash");
  EXPECT_EQ(GetErrorInfo(status).detail, "It was not removed.");
  EXPECT_EQ(t_.pool().leased(), 0u);
  EXPECT_EQ(t_.server().connections_made(), 1);
}

TEST_F(TruncateTest, TheKeysOfAPattern) {
  BindMany();
  t_.Handle([this](const FakeServer::Argv& argv) { return AnswerKeyspace(argv); });
  ASSERT_TRUE(Truncate().ok());
  EXPECT_THAT(removed_, SizeIs(kKeys));
  EXPECT_EQ(t_.server().CommandLines()[0], "SCAN 0 MATCH u:* COUNT 1000 TYPE hash");
  // A page is removed while the next is found.
  EXPECT_LE(t_.pipeline().counters().round_trips, 6);
  EXPECT_EQ(t_.pool().leased(), 0u);
}

TEST_F(TruncateTest, NothingOutsideOfThePattern) {
  BindMany("u:?");
  t_.Handle([this](const FakeServer::Argv& argv) { return AnswerKeyspace(argv); });
  ASSERT_TRUE(Truncate().ok());
  EXPECT_THAT(removed_, SizeIs(kKeys));
  removed_.clear();
  t_.Handle([this](const FakeServer::Argv& argv) {
    if (argv[0] == "SCAN") return Page("0", {"u:10", "x", "u:1"});
    return AnswerKeyspace(argv);
  });
  ASSERT_TRUE(Truncate().ok());
  EXPECT_THAT(removed_, ElementsAre("u:1"));
}

TEST_F(TruncateTest, NoKeysAreNothingToDo) {
  BindMany();
  t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE hash", Page("0", {}));
  ASSERT_TRUE(Truncate().ok());
  EXPECT_THAT(t_.server().commands(), SizeIs(1));
}

TEST_F(TruncateTest, AnErrorInTheMiddleEndsIt) {
  BindMany();
  t_.Handle([this](const FakeServer::Argv& argv) {
    if (argv[0] == "EVAL" && argv[3] == "u:4") return Error("NOPERM no permissions");
    return AnswerKeyspace(argv);
  });
  absl::Status status = Truncate();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kPermission) << status;
  EXPECT_THAT(GetErrorInfo(status).message, HasSubstr("u:4"));
  EXPECT_LT(removed_.size(), static_cast<size_t>(kKeys));
  EXPECT_EQ(t_.pool().leased(), 0u);
  // And the connection serves on.
  t_.Handle([this](const FakeServer::Argv& argv) { return AnswerKeyspace(argv); });
  EXPECT_TRUE(Truncate().ok());
}

TEST_F(TruncateTest, AReplyOfAnotherShapeIsAnError) {
  BindMany();
  for (const std::string& reply : {Int(0), Bulks({"0"}), Array({Bulk("0"), Bulk("u:1")}), Nil(),
                                   Array({Bulk("0"), Array({Int(7)})})}) {
    t_.Reply("SCAN 0 MATCH u:* COUNT 1000 TYPE hash", reply);
    EXPECT_EQ(GetErrorKind(Truncate()), ErrorKind::kProtocol) << reply;
    EXPECT_EQ(t_.pool().leased(), 0u);
  }
  t_.Bind("hash", {"f", "v"});
  t_.Handle([](const FakeServer::Argv&) { return Int(3); });
  EXPECT_EQ(GetErrorKind(Truncate()), ErrorKind::kProtocol);
}

// A cursor means nothing to another process: keys would be left out without a word. Wherever the
// connection ends, between two pages too.
TEST_F(TruncateTest, ACursorOfAnotherProcessIsNotGoneOnWith) {
  BindMany();
  int complete = 0;
  for (uint64_t bytes = 1; bytes < 700; ++bytes) {
    TableTester t;
    TableDef def;
    def.key = "u:*";
    t.Bind("hash", {"k", "f", "v"}, def);
    removed_.clear();
    std::string process = t.server().options.run_id;
    t.Handle([&](const FakeServer::Argv& argv) {
      if (t.server().connections_made() == 1) {
        t.server().options.run_id = "another";  // whom the next connection leads to
      } else {
        t.faults.cut_after_read = Faults::kNever;
        if (argv[0] == "SCAN" && process != "another" && argv[1] != "0") return Page("0", {});
        process = "another";
      }
      return AnswerKeyspace(argv);
    });
    t.faults.cut_after_read = bytes;
    absl::Status status = t.table().Truncate(&t.pipeline());
    if (status.ok()) {
      EXPECT_THAT(removed_, SizeIs(kKeys)) << "cut after " << bytes;
      if (t.server().connections_made() > 1) ++complete;
    } else {
      EXPECT_THAT(GetErrorKind(status), AnyOf(ErrorKind::kConnectFailed, ErrorKind::kConnectionLost,
                                              ErrorKind::kMaybeApplied))
          << status;
    }
    EXPECT_EQ(t.pool().leased(), 0u);
  }
  EXPECT_GT(complete, 0);
}

}  // namespace
}  // namespace redis_fdw::test
