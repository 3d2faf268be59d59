#include "tables/import/json_text.h"

#include <string>

#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

TEST(JsonTextTest, AsJsonbWritesIt) {
  for (const char* text : {"{}", "[]", R"({"a": 1})", R"([1, -2.50, "x", null, true, false])",
                           R"({"b": {}, "aa": [[1], {"c": "\"\\\n\t"}]})", R"(["größe/"])"}) {
    EXPECT_EQ(CheckJson(text), JsonForm::kBinary) << text;
  }
}

TEST(JsonTextTest, ValidButWrittenDifferently) {
  for (const char* text :
       {R"({"a":1})", R"([1,2])", R"([ 1])", "[1 ]", " []", "[]\n", R"({"aa": 1, "b": 2})",
        R"({"b": 1, "a": 2})", R"({"a": 1, "a": 2})", "[1e5]", "[-0]", "[-0.0]", R"(["\/"])",
        R"(["\u0041"])", R"({"\n": 1})", "[1,  2]", R"({"a" : 1})"}) {
    EXPECT_EQ(CheckJson(text), JsonForm::kText) << text;
  }
}

TEST(JsonTextTest, NoDocuments) {
  for (const char* text :
       {"",           "1",         "\"a\"",         "null",          "{",
        "[",          "[1,]",      "{\"a\"}",       "{\"a\":}",      "{a: 1}",
        "[01]",       "[1.]",      "[.5]",          "[+1]",          "[1] 2",
        "['a']",      "[\"\\x\"]", "[\"\\u00g0\"]", "[\"\\u0000\"]", "[\"\\ud800\"]",
        "[\"a\nb\"]", "[tru]",     "[1}",           "{\"a\": 1]",    "[\"a]",
        "[1e]"}) {
    EXPECT_EQ(CheckJson(text), JsonForm::kNone) << text;
  }
  EXPECT_EQ(CheckJson(std::string(100000, '[')), JsonForm::kNone);
}

}  // namespace
}  // namespace redis_fdw
