#include "tables/common/element_source.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

absl::Status WriteMember(absl::string_view member, absl::string_view, int64_t, RowWriter* rows) {
  const Cell cell = Cell::Bytes(member);
  rows->Write(absl::MakeConstSpan(&cell, 1));
  return absl::OkStatus();
}
constexpr ElementShape kMembers = {1, &WriteMember};

// The scan of a set by a cursor, whose replies come as the test says.
class CursorScanTest : public ::testing::Test {
 protected:
  CursorScanTest() {
    target_.SetBatch(&batch_);
    server_.cluster_enabled = true;
    server_.run_id = "a";
    source_ =
        NewCollectionSource(CollectionCommands{Command("SMEMBERS").Key("k"), "SSCAN", &kMembers},
                            "k", options_, &rows_);
  }
  static OutputShape OneColumn() {
    OutputShape output;
    output.columns = {0};
    return output;
  }
  static void Begin(StepSink* sink, absl::string_view cursor, int64_t members) {
    ASSERT_TRUE(sink->OnElement({ReplyType::kArray, 0, 0, 2, ""}).ok());
    ASSERT_TRUE(sink->OnElement({ReplyType::kBulk, 1, 0, 0, cursor}).ok());
    ASSERT_TRUE(sink->OnElement({ReplyType::kArray, 1, 1, members, ""}).ok());
  }
  static void Member(StepSink* sink, int64_t index, absl::string_view member) {
    ASSERT_TRUE(sink->OnElement({ReplyType::kBulk, 2, index, 0, member}).ok());
  }
  std::vector<std::string> Rows() const {
    std::vector<std::string> rows;
    for (size_t i = 0; i < batch_.rows(); ++i) rows.emplace_back(batch_.row(i)[0].bytes());
    return rows;
  }

  const std::vector<int> part_of_ = {0};
  RowBatch batch_{1, 100, 1 << 20};
  RowTarget target_{OneColumn(), part_of_, 1};
  RowWriter rows_{&target_, 0, -1};
  ScanOptions options_;
  ServerInfo server_;
  std::unique_ptr<StepSource> source_;
};

// The key moves to another node while the first page arrives, which therefore ends after all of it
// has come from there.
TEST_F(CursorScanTest, FirstPageThatEndsAfterItWasAllReadAgain) {
  Step first = source_->Next(server_).value();
  Begin(first.sink.get(), "5", 2);
  Member(first.sink.get(), 0, "x");
  Step second = source_->Next(server_).value();
  ASSERT_TRUE(second.sink->OnError(MakeError(ErrorKind::kConnectionLost, "another process")).ok());
  server_.run_id = "b";
  Step again = source_->Next(server_).value();
  EXPECT_EQ(again.command.arg(2), "0");
  Begin(again.sink.get(), "0", 3);
  for (int i = 0; i < 3; ++i) Member(again.sink.get(), i, std::string(1, "xyz"[i]));
  ASSERT_TRUE(again.sink->OnEnd().ok());
  Member(first.sink.get(), 1, "y");
  ASSERT_TRUE(first.sink->OnEnd().ok());
  EXPECT_EQ(source_->state(), StepSource::State::kDone);
  EXPECT_EQ(Rows(), (std::vector<std::string>{"x", "y", "z"}));
}

}  // namespace
}  // namespace redis_fdw::test
