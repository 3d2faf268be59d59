#include "tables/import/value_types.h"

#include <initializer_list>
#include <string>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

ValueType Guess(std::initializer_list<absl::string_view> values) {
  TypeGuess guess;
  for (absl::string_view value : values) guess.Add(value);
  return guess.Get();
}

TEST(ValueTypesTest, Numbers) {
  EXPECT_EQ(Guess({"0", "-1", "42"}), ValueType::kBigint);
  EXPECT_EQ(Guess({"9223372036854775807", "-9223372036854775808"}), ValueType::kBigint);
  EXPECT_EQ(Guess({"9223372036854775808"}), ValueType::kNumeric);
  EXPECT_EQ(Guess({"1", "19.90"}), ValueType::kNumeric);
  EXPECT_EQ(Guess({"0.0", "-0.5"}), ValueType::kNumeric);
  EXPECT_EQ(Guess({"1e+20", "1.5"}), ValueType::kDouble);
  EXPECT_EQ(Guess({"-2.5e-07", "3"}), ValueType::kDouble);
}

// What PostgreSQL would write differently is no number.
TEST(ValueTypesTest, NumbersWrittenDifferently) {
  for (const char* value :
       {"07",     "+1",       "-0",   "-0.0",  " 1",  "1 ",  "1.",       ".5",  "1e5", "1E+20",
        "1e+020", "1.50e+20", "0x10", "1_000", "NaN", "inf", "Infinity", "1,5", "--1", "1.2.3"}) {
    EXPECT_EQ(Guess({value}), ValueType::kText) << value;
    EXPECT_EQ(Guess({"1", value}), ValueType::kText) << value;
  }
  // Within the range where PostgreSQL writes no exponent.
  EXPECT_EQ(Guess({"1e+10"}), ValueType::kText);
  EXPECT_EQ(Guess({"1e-05"}), ValueType::kDouble);
  EXPECT_EQ(Guess({"1e+20", "1.50"}), ValueType::kText);
}

TEST(ValueTypesTest, Booleans) {
  EXPECT_EQ(Guess({"t", "f"}), ValueType::kBoolean);
  EXPECT_EQ(Guess({"true", "false"}), ValueType::kText);
  EXPECT_EQ(Guess({"0", "1"}), ValueType::kBigint);
}

TEST(ValueTypesTest, DatesAndTimes) {
  EXPECT_EQ(Guess({"2024-02-29", "1999-12-31"}), ValueType::kDate);
  EXPECT_EQ(Guess({"2023-02-29"}), ValueType::kText);
  EXPECT_EQ(Guess({"2024-13-01"}), ValueType::kText);
  EXPECT_EQ(Guess({"2024-01-01 00:00:00", "2024-01-01 23:59:59.5"}), ValueType::kTimestamp);
  EXPECT_EQ(Guess({"2024-01-01 12:00:00+00", "2024-01-01 12:00:00.123456+00"}),
            ValueType::kTimestampTz);
  for (const char* value :
       {"2024-01-01T12:00:00Z", "2024-01-01 12:00:00.50+00", "2024-01-01 12:00:00+01",
        "2024-01-01 24:00:00", "2024-1-1", "2024-01-01 12:00:00.1234567", "0000-01-01"}) {
    EXPECT_EQ(Guess({value}), ValueType::kText) << value;
  }
  EXPECT_EQ(Guess({"2024-01-01", "2024-01-01 00:00:00"}), ValueType::kText);
}

TEST(ValueTypesTest, UuidsAndJson) {
  EXPECT_EQ(Guess({"8c5a1f04-9d1f-4b1e-8f0e-0123456789ab"}), ValueType::kUuid);
  EXPECT_EQ(Guess({"8C5A1F04-9D1F-4B1E-8F0E-0123456789AB"}), ValueType::kText);
  EXPECT_EQ(Guess({"[1, 2]", R"({"a": 1})"}), ValueType::kJsonb);
  EXPECT_EQ(Guess({"[1, 2]", R"({"a":1})"}), ValueType::kJson);
  EXPECT_EQ(Guess({"[1, 2]", "none"}), ValueType::kText);
}

TEST(ValueTypesTest, TextAndBytes) {
  EXPECT_EQ(Guess({}), ValueType::kText);
  EXPECT_EQ(Guess({""}), ValueType::kText);
  EXPECT_EQ(Guess({"1", ""}), ValueType::kText);
  EXPECT_EQ(Guess({"größe", "日本", "\xf0\x9f\x98\x80"}), ValueType::kText);
  for (absl::string_view bytes :
       {absl::string_view("a\0b", 3), absl::string_view("\xff"), absl::string_view("\xc3"),
        absl::string_view("\xc0\x80"), absl::string_view("\xed\xa0\x80"),
        absl::string_view("\xf4\x90\x80\x80"), absl::string_view("\xe0\x80\x80")}) {
    EXPECT_EQ(Guess({bytes}), ValueType::kBytea);
    EXPECT_EQ(Guess({"text", bytes}), ValueType::kBytea);
    EXPECT_FALSE(IsText(bytes));
  }
}

TEST(ValueTypesTest, CutValues) {
  auto guess = [](absl::string_view value) {
    TypeGuess guess;
    guess.Add(value, /*cut=*/true);
    return guess.Get();
  };
  EXPECT_EQ(guess("123"), ValueType::kText);
  EXPECT_EQ(guess("[]"), ValueType::kText);
  EXPECT_EQ(guess("gr\xc3"), ValueType::kText);  // the rest of the letter was cut off
  EXPECT_EQ(guess("\xff..."), ValueType::kBytea);
}

TEST(ValueTypesTest, Identities) {
  auto guess = [](absl::string_view value) {
    TypeGuess guess;
    guess.Add(value);
    return guess.GetIdentity();
  };
  EXPECT_EQ(guess("12"), ValueType::kBigint);
  EXPECT_EQ(guess("8c5a1f04-9d1f-4b1e-8f0e-0123456789ab"), ValueType::kUuid);
  EXPECT_EQ(guess("1.5"), ValueType::kText);
  EXPECT_EQ(guess("t"), ValueType::kText);
  EXPECT_EQ(guess("[]"), ValueType::kText);
  EXPECT_EQ(guess("2024-01-01"), ValueType::kText);
  EXPECT_EQ(guess("\xff"), ValueType::kBytea);
}

}  // namespace
}  // namespace redis_fdw
