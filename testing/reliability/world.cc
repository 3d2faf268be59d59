#include "testing/reliability/world.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

void AddCells(RedisServer& server, const std::string& key,
              std::map<std::string, std::string>* truth) {
  const std::string type = server.Command({"TYPE", key}).text;
  const auto id = [&](const std::string& element) {
    return absl::StrCat(type, "|", key, "|", element);
  };
  if (type == "string") {
    (*truth)[absl::StrCat("string|", key)] = server.Command({"GET", key}).text;
  } else if (type == "hash") {
    const RedisReply reply = server.Command({"HGETALL", key});
    for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
      (*truth)[id(reply.elements[i].text)] = reply.elements[i + 1].text;
    }
  } else if (type == "set") {
    for (const RedisReply& member : server.Command({"SMEMBERS", key}).elements) {
      (*truth)[id(member.text)] = "1";
    }
  } else if (type == "zset") {
    const RedisReply reply = server.Command({"ZRANGE", key, "0", "-1", "WITHSCORES"});
    for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
      (*truth)[id(reply.elements[i].text)] = reply.elements[i + 1].text;
    }
  } else if (type == "list" || type == "stream") {
    std::map<std::string, int> times;
    const bool list = type == "list";
    const RedisReply reply = list ? server.Command({"LRANGE", key, "0", "-1"})
                                  : server.Command({"XRANGE", key, "-", "+"});
    for (const RedisReply& entry : reply.elements) {
      ++times[list ? entry.text : entry.elements[1].elements[1].text];
    }
    for (const auto& [payload, n] : times) (*truth)[id(payload)] = absl::StrCat(n);
  }
}

}  // namespace

bool IsClearError(absl::string_view sqlstate) {
  return absl::StartsWith(sqlstate, "08") || sqlstate == "57P03" || sqlstate == "40001" ||
         sqlstate == "25006";
}

bool SaysNothingDone(absl::string_view sqlstate) {
  return sqlstate == "08001" || sqlstate == "57P03" || sqlstate == "25006";
}

void MakeTables(PgConnection& pg, const std::string& server, const World& world) {
  const auto table = [&](const std::string& name, const std::string& columns,
                         const std::string& type, const std::string& key) {
    pg.MustExec(absl::StrCat("CREATE FOREIGN TABLE ", name, " (", columns, ") SERVER ", server,
                             " OPTIONS (table_type '", type, "', table_key_prefix '", key, "')"));
  };
  table("strings", "key text, value text", "string", "string:*");
  table("hashes", "key text, field text, value text", "hash", "hash:*");
  table("sets", "key text, member text", "set", "set:*");
  table("zsets", "key text, member text, score float8", "zset", "zset:*");
  table("lists", "key text, element text", "list", "list:*");
  table("streams", "key text, stream_id text, payload text", "stream", "stream:*");
  for (int shard = 0; shard < world.shards(); ++shard) {
    const std::string tag = world.tags[static_cast<size_t>(shard)][0];
    table(absl::StrCat("one_hash_", shard), "field text, value text", "hash",
          absl::StrCat("hash:one:{", tag, "}"));
    table(absl::StrCat("one_stream_", shard), "stream_id text, payload text", "stream",
          absl::StrCat("stream:one:{", tag, "}"));
  }
}

std::map<std::string, std::string> Truth(const std::vector<RedisServer*>& primaries) {
  std::map<std::string, std::string> truth;
  for (RedisServer* server : primaries) {
    for (const RedisReply& key : server->Command({"KEYS", "*"}).elements) {
      AddCells(*server, key.text, &truth);
    }
  }
  return truth;
}

}  // namespace redis_fdw::test
