// Globs as Redis itself matches them.

#include <random>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "pushdown/glob.h"
#include "pushdown/like_reference.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {
namespace {

class GlobLiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto server = RedisServer::Start();
    ASSERT_TRUE(server.ok()) << server.status();
    redis_ = *std::move(server);
    for (int i = 0; i < 400; ++i) texts_.insert(Random(5));
    std::vector<std::string> add = {"SADD", "texts"};
    add.insert(add.end(), texts_.begin(), texts_.end());
    ASSERT_FALSE(redis_->Command(add).is_error());
  }

  // Up to `longest` letters of what patterns are made of.
  std::string Random(unsigned longest, bool ascii = false) {
    static constexpr const char* kAlphabet[] = {"a", "b", "%", "_", "\\", "*",
                                                "?", "[", "]", "^", "-",  "\xc3\xa9"};
    const size_t letters = sizeof(kAlphabet) / sizeof(kAlphabet[0]) - (ascii ? 1 : 0);
    std::string text;
    for (unsigned left = random_() % (longest + 1); left > 0; --left) {
      text += kAlphabet[random_() % letters];
    }
    return text;
  }

  // The texts that Redis says match.
  absl::flat_hash_set<std::string> Scan(const std::string& glob) {
    absl::flat_hash_set<std::string> found;
    RedisReply reply = redis_->Command({"SSCAN", "texts", "0", "MATCH", glob, "COUNT", "100000"});
    EXPECT_EQ(reply.elements.size(), 2u) << reply.ToString();
    if (reply.elements.size() != 2) return found;
    EXPECT_EQ(reply.elements[0].text, "0");
    for (const RedisReply& element : reply.elements[1].elements) found.insert(element.text);
    return found;
  }

  std::mt19937 random_{6};  // a fixed seed: a failure repeats
  std::unique_ptr<RedisServer> redis_;
  absl::flat_hash_set<std::string> texts_;
};

TEST_F(GlobLiveTest, LikesMissNothing) {
  for (int i = 0; i < 2000; ++i) {
    const std::string like = Random(6);
    const std::string glob = GlobOfLike(like);
    const absl::flat_hash_set<std::string> found = Scan(glob);
    for (const std::string& text : texts_) {
      ASSERT_EQ(found.contains(text), GlobMatches(glob, text))
          << absl::CHexEscape(glob) << " on " << absl::CHexEscape(text);
      ASSERT_TRUE(found.contains(text) || LikeMatches(like, text, true) == LikeResult::kNo)
          << absl::CHexEscape(like) << " on " << absl::CHexEscape(text);
    }
  }
}

// What a user writes into table_key_prefix may be any glob. In a class a range with one end beyond
// ASCII depends on whether the server's processor has signed characters, so there are none here.
TEST_F(GlobLiveTest, GlobMatchesAsRedisDoes) {
  for (int i = 0; i < 2000; ++i) {
    const std::string glob = Random(6, true);
    const absl::flat_hash_set<std::string> found = Scan(glob);
    for (const std::string& text : texts_) {
      // Redis gives up on the empty text before it looks at stars, unless there is nothing else.
      if (text.empty()) continue;
      ASSERT_EQ(found.contains(text), GlobMatches(glob, text))
          << absl::CHexEscape(glob) << " on " << absl::CHexEscape(text);
    }
  }
}

}  // namespace
}  // namespace redis_fdw::test
