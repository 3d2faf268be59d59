#include "tables/import/key_groups.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using Lines = std::vector<std::string>;

std::vector<TypedKey> Typed(const Lines& keys, const std::string& type = "hash") {
  std::vector<TypedKey> typed;
  for (const std::string& key : keys) typed.push_back({key, type});
  return typed;
}

// Each group as "pattern type keys [name]".
Lines Show(const std::vector<KeyGroup>& groups) {
  Lines lines;
  for (const KeyGroup& group : groups) {
    for (const std::string& key : group.keys) EXPECT_TRUE(group.Matches(key)) << key;
    lines.push_back(absl::StrCat(group.Pattern(), " ", group.type, " ", group.keys.size(), " [",
                                 group.name, "]"));
  }
  return lines;
}

Lines Group(const Lines& keys, const GroupingOptions& options = {}) {
  return Show(GroupKeys(Typed(keys), options));
}

// `text` with each # replaced by 1, 2, ... count.
Lines Count(int count, const std::string& text) {
  Lines keys;
  for (int i = 1; i <= count; ++i)
    keys.push_back(absl::StrReplaceAll(text, {{"#", absl::StrCat(i)}}));
  return keys;
}

Lines operator+(Lines a, const Lines& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(KeyGroupsTest, IdsVary) {
  EXPECT_EQ(Group({"user:1", "user:2", "order:7", "order:8"}),
            (Lines{"user:* hash 2 [user]", "order:* hash 2 [order]"}));
  EXPECT_EQ(
      Group({"s:8c5a1f04-9d1f-4b1e-8f0e-0123456789ab", "s:8c5a1f04-9d1f-4b1e-8f0e-0123456789ac"}),
      (Lines{"s:* hash 2 [s]"}));
  EXPECT_EQ(Group({"log:2024-01-01:errors", "log:2024-01-02:errors"}),
            (Lines{"log:*:errors hash 2 [log_errors]"}));
}

TEST(KeyGroupsTest, SingleKeysStay) {
  EXPECT_EQ(Group({"leaderboard"}), (Lines{"leaderboard hash 1 [leaderboard]"}));
  EXPECT_EQ(Group({"user:1"}), (Lines{"user:1 hash 1 [user_1]"}));
  EXPECT_EQ(Group({"app:config", "app:stats"}),
            (Lines{"app:stats hash 1 [app_stats]", "app:config hash 1 [app_config]"}));
  EXPECT_EQ(Group({"", ":", "::"}), (Lines{" hash 1 []", ": hash 1 []", ":: hash 1 []"}));
  EXPECT_EQ(Group({}), Lines{});
}

// If not all keys were seen, an id stands for others.
TEST(KeyGroupsTest, SingleKeysOfASample) {
  GroupingOptions options;
  options.complete = false;
  EXPECT_EQ(Group({"user:1", "leaderboard"}, options),
            (Lines{"user:* hash 1 [user]", "leaderboard hash 1 [leaderboard]"}));
}

TEST(KeyGroupsTest, ManyLastWordsVary) {
  EXPECT_EQ(Group({"user:alice", "user:bob", "user:carol"}), (Lines{"user:* hash 3 [user]"}));
  EXPECT_EQ(Group({"user:1", "user:2", "user:admin"}), (Lines{"user:* hash 3 [user]"}));
}

// What comes after every id is a kind.
TEST(KeyGroupsTest, LastWordsAfterIdsStay) {
  EXPECT_EQ(Group(Count(5, "user:#:cart") + Count(5, "user:#:profile") + Count(5, "user:#:likes")),
            (Lines{"user:*:cart hash 5 [user_cart]", "user:*:likes hash 5 [user_likes]",
                   "user:*:profile hash 5 [user_profile]"}));
  // What is the same in all keys is no star, even if it looks like an id.
  EXPECT_EQ(Group({"shop:7:user:1", "shop:7:user:2"}),
            (Lines{"shop:7:user:* hash 2 [shop_7_user]"}));
}

TEST(KeyGroupsTest, WordsInTheMiddle) {
  Lines names;
  Lines kinds;
  for (const char* word : {"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"}) {
    names.push_back(absl::StrCat("user:", word, ":cart"));
    names.push_back(absl::StrCat("user:", word, ":profile"));
    for (int i = 0; i < 5; ++i) kinds.push_back(absl::StrCat("app:", word, ":", i));
  }
  EXPECT_EQ(Group(names),
            (Lines{"user:*:cart hash 8 [user_cart]", "user:*:profile hash 8 [user_profile]"}));
  EXPECT_EQ(Group(kinds).size(), 8u);
  EXPECT_EQ(Group(kinds)[0], "app:bob:* hash 5 [app_bob]");
  // A hundred are too many for kinds.
  Lines many;
  for (char a = 'a'; a < 'm'; ++a) {
    for (char b = 'a'; b < 'm'; ++b) {
      for (int i = 0; i < 3; ++i) many.push_back(absl::StrCat("app:", std::string{a, b}, ":", i));
    }
  }
  EXPECT_EQ(Group(many), (Lines{absl::StrCat("app:*:* hash ", many.size(), " [app]")}));
}

TEST(KeyGroupsTest, NumberedWords) {
  EXPECT_EQ(Group({"item1", "item2", "item10"}), (Lines{"item* hash 3 [item]"}));
  EXPECT_EQ(Group({"item1", "item2"}), (Lines{"item1 hash 1 [item1]", "item2 hash 1 [item2]"}));
  EXPECT_EQ(Group({"user:u1:cart", "user:u2:cart", "user:u3:cart"}),
            (Lines{"user:u*:cart hash 3 [user_cart]"}));
}

TEST(KeyGroupsTest, TypesAreApart) {
  std::vector<TypedKey> keys = Typed({"user:1", "user:2"});
  for (TypedKey& key : Typed({"user:3", "user:4"}, "set")) keys.push_back(key);
  EXPECT_EQ(Show(GroupKeys(keys, {})), (Lines{"user:* hash 2 [user]", "user:* set 2 [user]"}));
}

TEST(KeyGroupsTest, HashTagsAndSeparatorsStay) {
  EXPECT_EQ(Group({"{cart:7}:items", "{cart:9}:items"}),
            (Lines{"{cart:*}:items hash 2 [cart_items]"}));
  EXPECT_EQ(Group({"{7}:a", "{8}:a"}), (Lines{"{*}:a hash 2 [a]"}));
  EXPECT_EQ(Group({"a::1", "a::2", "a:1"}), (Lines{"a:1 hash 1 [a_1]", "a::* hash 2 [a]"}));
  GroupingOptions slash;
  slash.delimiter = "/";
  EXPECT_EQ(Group({"a/1/b:c", "a/2/b:c"}, slash), (Lines{"a/*/b:c hash 2 [a_b:c]"}));
  slash.delimiter = "->";
  EXPECT_EQ(Group({"a->1", "a->2"}, slash), (Lines{"a->* hash 2 [a]"}));
}

TEST(KeyGroupsTest, GlobCharactersAreEscaped) {
  EXPECT_EQ(Group({"a*b?c[d]\\e"}), (Lines{R"(a\*b\?c\[d]\\e hash 1 [a*b?c[d]\e])"}));
  EXPECT_EQ(Group({"a*:1", "a*:2"}), (Lines{R"(a\*:* hash 2 [a*])"}));
}

TEST(KeyGroupsTest, BinaryTokensVary) {
  EXPECT_EQ(Group({"s:\xff\x01", "s:\xfe"}), (Lines{"s:* hash 2 [s]"}));
}

TEST(KeyGroupsTest, DuplicatesCountOnce) {
  EXPECT_EQ(Group({"user:1", "user:2", "user:1"}), (Lines{"user:* hash 2 [user]"}));
}

TEST(KeyGroupsTest, TooManySingleKeysAreMerged) {
  Lines keys;
  for (int i = 1; i <= 25; ++i) keys.push_back(absl::StrCat("c", std::string(i, ':'), "x"));
  // Different separators after the first token: nothing in common.
  EXPECT_EQ(Group(keys).size(), 25u);
  Lines urls;
  std::string url = "cache";
  for (int i = 0; i < 12; ++i) {
    // Each has one token more than the one before, or another separator.
    url += i % 2 == 0 ? ":a" : "::b";
    urls.push_back(url);
    urls.push_back(url + "::");
  }
  const std::vector<KeyGroup> groups = GroupKeys(Typed(urls), {});
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].Pattern(), "cache:*");
  EXPECT_TRUE(groups[0].merged);
  EXPECT_EQ(groups[0].keys.size(), 24u);
}

TEST(KeyGroupsTest, ManyLoneKeysAreOnePattern) {
  Lines keys;
  for (char a = 'a'; a <= 'j'; ++a) {
    for (char b = 'a'; b <= 'j'; ++b) keys.push_back({a, b});
  }
  EXPECT_EQ(Group(keys), (Lines{"* hash 100 []"}));
  keys.pop_back();
  EXPECT_EQ(Group(keys).size(), 99u);
}

TEST(KeyGroupsTest, VeryManyTokens) {
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "a:";
  EXPECT_EQ(GroupKeys(Typed({deep + "1", deep + "b"}), {}).size(), 2u);
}

TEST(KeyGroupsTest, Matches) {
  KeyGroup group;
  group.parts = {"a:", ":b:", ":b"};
  EXPECT_TRUE(group.Matches("a:1:b:2:b"));
  EXPECT_TRUE(group.Matches("a::b::b"));
  EXPECT_FALSE(group.Matches("a:1:b"));
  EXPECT_FALSE(group.Matches("a:1:b:2:c"));
  EXPECT_FALSE(group.Matches("b:1:b:2:b"));
  group.parts = {"a"};
  EXPECT_TRUE(group.Matches("a"));
  EXPECT_FALSE(group.Matches("ab"));
}

TEST(KeyGroupsTest, Ids) {
  for (const char* id : {"1", "-5", "1.5", "2024-01-01T00:00:00Z", "127.0.0.1", "cafe1234",
                         "8c5a1f04-9d1f-4b1e-8f0e-0123456789ab", "01HV3Z9K8QJ4XW2B7N6M5P4R3T",
                         "bob@example.com", "b0b@example.com", "\xff"}) {
    EXPECT_TRUE(LooksLikeId(id)) << id;
  }
  for (const char* word : {"user", "item42", "v1", "deadbeef", "user-profile", "größe", "a1b2c3",
                           "very-long-name-of-a-kind-2"}) {
    EXPECT_FALSE(LooksLikeId(word)) << word;
  }
}

}  // namespace
}  // namespace redis_fdw
