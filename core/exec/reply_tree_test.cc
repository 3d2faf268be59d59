#include "core/exec/reply_tree.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/resp/reply_decoder.h"
#include "gtest/gtest.h"
#include "testing/fakes/resp.h"

namespace redis_fdw {
namespace {

using test::Array;
using test::Bulk;
using test::Bulks;
using test::Int;
using test::Nil;
using test::NilArray;
using test::Simple;

// Decodes all replies in `bytes`, byte by byte.
absl::Status Decode(const std::string& bytes, ReplyTreeSink* sink) {
  ReplyDecoder decoder;
  for (const char c : bytes) {
    RETURN_IF_ERROR(decoder.Feed(absl::string_view(&c, 1)));
    std::string error;
    ASSIGN_OR_RETURN(bool complete, decoder.DecodeOne(sink, &error));
    if (!complete) continue;
    RETURN_IF_ERROR(error.empty() ? sink->OnEnd()
                                  : sink->OnError(MakeError(ErrorKind::kRemote, error)));
  }
  return absl::OkStatus();
}

TEST(ReplyTreeTest, Trees) {
  ReplyTreeSink sink;
  ASSERT_TRUE(Decode(absl::StrCat(Array({Array({Int(1), Bulks({"a", "b"})}), Nil(), NilArray(),
                                         Array({}), Bulk("c")}),
                                  test::Error("ERR no"), Simple("OK")),
                     &sink)
                  .ok());
  EXPECT_EQ(sink.complete(), 3u);
  const std::vector<Reply> replies = sink.TakeReplies();
  ASSERT_EQ(replies.size(), 3u);
  ASSERT_EQ(replies[0].elements.size(), 5u);
  const Reply& first = replies[0].elements[0];
  ASSERT_EQ(first.elements.size(), 2u);
  EXPECT_EQ(first.elements[0].integer, 1);
  ASSERT_EQ(first.elements[1].elements.size(), 2u);
  EXPECT_EQ(first.elements[1].elements[1].bytes, "b");
  EXPECT_EQ(replies[0].elements[1].type, ReplyType::kNil);
  EXPECT_EQ(replies[0].elements[2].type, ReplyType::kNil);
  EXPECT_TRUE(replies[0].elements[3].is_array());
  EXPECT_EQ(replies[0].elements[4].bytes, "c");
  EXPECT_EQ(replies[1].type, ReplyType::kError);
  EXPECT_EQ(GetErrorInfo(replies[1].error).message, "ERR no");
  EXPECT_TRUE(replies[2].is_text());
}

TEST(ReplyTreeTest, RefusesWhatIsTooLarge) {
  ReplyTreeSink sink;
  ReplyElement element{ReplyType::kBulk, 0, 0, 0, "x"};
  const std::string large(ReplyTreeSink::kMaxBytes, 'x');
  EXPECT_TRUE(sink.OnElement(element).ok());
  element.bytes = large;
  EXPECT_EQ(GetErrorKind(sink.OnElement(element)), ErrorKind::kReplyTooLarge);

  ReplyTreeSink deep;
  element.bytes = "x";
  element.depth = ReplyTreeSink::kMaxDepth + 1;
  EXPECT_EQ(GetErrorKind(deep.OnElement(element)), ErrorKind::kReplyTooLarge);

  ReplyTreeSink many;
  element.depth = 0;
  absl::Status status;
  for (size_t i = 0; i <= ReplyTreeSink::kMaxElements && status.ok(); ++i) {
    status = many.OnElement(element);
  }
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kReplyTooLarge);
}

}  // namespace
}  // namespace redis_fdw
