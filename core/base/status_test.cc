#include "core/base/status.h"

#include <string>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(StatusTest, KeepsKindMessageHintAndDetail) {
  absl::Status status = MakeError(ErrorKind::kWrongType, "wrong: type", "A hint: 1.", "A:detail");
  EXPECT_FALSE(status.ok());
  ErrorInfo info = GetErrorInfo(status);
  EXPECT_EQ(info.kind, ErrorKind::kWrongType);
  EXPECT_EQ(info.message, "wrong: type");
  EXPECT_EQ(info.hint, "A hint: 1.");
  EXPECT_EQ(info.detail, "A:detail");
}

TEST(StatusTest, EveryKindComesBack) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::kHost); ++i) {
    absl::Status status = MakeError(static_cast<ErrorKind>(i), "m");
    EXPECT_FALSE(status.ok()) << i;
    EXPECT_EQ(static_cast<int>(GetErrorKind(status)), i);
  }
}

TEST(StatusTest, ForeignStatusIsInternal) {
  ErrorInfo info = GetErrorInfo(absl::NotFoundError("what"));
  EXPECT_EQ(info.kind, ErrorKind::kInternal);
  EXPECT_EQ(info.message, "what");
  EXPECT_EQ(info.hint, "");
}

TEST(StatusTest, AnnotateKeepsTheRest) {
  absl::Status status = Annotate(MakeError(ErrorKind::kTimeout, "b", "h", "d"), "a: ");
  ErrorInfo info = GetErrorInfo(status);
  EXPECT_EQ(info.message, "a: b");
  EXPECT_EQ(info.kind, ErrorKind::kTimeout);
  EXPECT_EQ(info.hint, "h");
  EXPECT_EQ(info.detail, "d");
  EXPECT_TRUE(Annotate(absl::OkStatus(), "a: ").ok());
}

absl::StatusOr<int> Half(int n) {
  if (n % 2 != 0) return MakeError(ErrorKind::kOutOfRange, "odd");
  return n / 2;
}

absl::Status Quarter(int n, int* result) {
  ASSIGN_OR_RETURN(int half, Half(n));
  ASSIGN_OR_RETURN(*result, Half(half));
  RETURN_IF_ERROR(absl::OkStatus());
  return absl::OkStatus();
}

TEST(StatusTest, Macros) {
  int result = 0;
  EXPECT_TRUE(Quarter(8, &result).ok());
  EXPECT_EQ(result, 2);
  EXPECT_EQ(GetErrorKind(Quarter(6, &result)), ErrorKind::kOutOfRange);
  EXPECT_EQ(GetErrorKind(Quarter(5, &result)), ErrorKind::kOutOfRange);
}

}  // namespace
}  // namespace redis_fdw
