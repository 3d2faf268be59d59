// What random values are picked from: few enough that tables share many, so that joins find
// something, and nasty.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_POOLS_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_POOLS_H_

#include <string>
#include <vector>

namespace redis_fdw::test {

using Texts = std::vector<std::string>;

inline const Texts kTexts = {"",
                             "a",
                             "b",
                             "A",
                             "ab",
                             "abc",
                             "a b",
                             "B",
                             "Ab",
                             "z",
                             "1",
                             "2",
                             "10",
                             "-1",
                             "007",
                             "1e3",
                             "*",
                             "**",
                             "?",
                             "[ab]",
                             "[^a]",
                             "a*",
                             "a?c",
                             "\\",
                             "\\*",
                             "a\\b",
                             "%",
                             "100%",
                             "_",
                             "a_c",
                             "it's",
                             "\"q\"",
                             "{a,b}",
                             "x\ny",
                             "\t",
                             " a",
                             "a ",
                             "\xc3\xa9",                  // é
                             "e\xcc\x81",                 // the same, decomposed
                             "\xc3\x89",                  // É
                             "\xe6\x97\xa5\xe6\x9c\xac",  // 日本
                             "\xf0\x9f\x99\x82",          // outside of the basic plane
                             "\xef\xbf\xbd",
                             "NULL",
                             "(inf",
                             "[a",
                             "-",
                             "+",
                             "+inf"};
inline const Texts kLetters = {
    "a", "b", "A", "z",        "%", "_",  "\\",           "*", "?", "[", "]", "^", "-", "1",
    "0", " ", "'", "\xc3\xa9", ".", "\n", "\xe6\x97\xa5", ":"};
inline const Texts kUuids = {
    "00000000-0000-0000-0000-000000000000", "123e4567-e89b-12d3-a456-426614174000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff", "0a0a0a0a-0000-4000-8000-000000000001",
    "0a0a0a0a-0000-4000-8000-000000000002"};
inline const Texts kInstants = {"2024-05-01 12:00:00+00",
                                "2024-05-01 12:00:00.5+00",
                                "2024-05-01 11:59:59.999999+00",
                                "1999-12-31 23:59:59+00",
                                "2000-01-01 00:00:00+00",
                                "infinity",
                                "-infinity",
                                "0044-03-15 00:00:00+00 BC",
                                "20000-01-01 00:00:00+00"};
inline const Texts kDates = {"2024-02-29", "2000-01-01", "1999-12-31", "0044-03-15 BC",
                             "infinity",   "-infinity",  "9999-12-31", "10000-01-01"};
inline const Texts kMoods = {"sad", "ok", "happy", "OK then"};
// No two of them are equal to jsonb, which would make the results of DISTINCT arbitrary.
inline const Texts kJsons = {
    "{}",     "[]",   "null",  "12.50",         "7",
    R"("s")", "true", "\"\"",  R"({"a": 1})",   R"({"a": 2, "b": [1, "x"]})",
    R"([1])", "-3",   "\"é\"", R"({"q": "\""})"};
inline const Texts kNumbers = {"0",
                               "1",
                               "-1",
                               "2",
                               "1.5",
                               "-2.25",
                               "0.1",
                               "100",
                               "1e20",
                               "1e-7",
                               "123456789.123456789",
                               "-0.000001",
                               "42"};
inline const Texts kFloats = {"0",
                              "-0",
                              "1",
                              "-1",
                              "1.5",
                              "0.1",
                              "3",
                              "2.5",
                              "100",
                              "1e+300",
                              "-1e+300",
                              "1e-300",
                              "5e-324",
                              "1.7976931348623157e+308",
                              "Infinity",
                              "-Infinity",
                              "9007199254740992",
                              "9007199254740994",
                              "0.30000000000000004",
                              "16777217"};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_POOLS_H_
