#include "testing/faults/contents.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

using Names = std::map<std::string, std::string>;

Names ByName(const Contents& contents) { return Names(contents.begin(), contents.end()); }

Contents FromNames(const Names& names) { return Contents(names.begin(), names.end()); }

void Apply(const Change& change, Names* names) {
  names->erase(change.id);
  if (change.new_id.has_value()) (*names)[*change.new_id] = change.value;
}

std::optional<std::string> Find(const Names& names, const std::string& id) {
  const auto found = names.find(id);
  if (found == names.end()) return std::nullopt;
  return found->second;
}

// Whether both have the same at the places that a change touches.
bool SameAt(const Change& change, const Names& a, const Names& b) {
  return Find(a, change.id) == Find(b, change.id) &&
         (!change.new_id.has_value() || Find(a, *change.new_id) == Find(b, *change.new_id));
}

Contents ReadStrings(RedisServer& redis, const std::string& prefix) {
  std::vector<std::string> get = {"MGET"};
  for (const RedisReply& key : redis.Command({"KEYS", prefix + "*"}).elements) {
    get.push_back(key.text);
  }
  Contents contents;
  if (get.size() == 1) return contents;
  const RedisReply values = redis.Command(get);
  for (size_t i = 0; i < values.elements.size(); ++i) {
    contents.emplace_back(get[i + 1], values.elements[i].text);
  }
  return contents;
}

// Names and values in turn.
Contents Pairs(const RedisReply& reply) {
  Contents contents;
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    contents.emplace_back(reply.elements[i].text, reply.elements[i + 1].text);
  }
  return contents;
}

}  // namespace

std::string Target::Id(int n) const {
  return absl::StrCat(kind == Kind::kString ? key : "", "k", n);
}

Contents ReadContents(RedisServer& redis, const Target& target) {
  Contents contents;
  switch (target.kind) {
    case Kind::kString:
      contents = ReadStrings(redis, target.key);
      break;
    case Kind::kHash:
      contents = Pairs(redis.Command({"HGETALL", target.key}));
      break;
    case Kind::kZset:
      contents = Pairs(redis.Command({"ZRANGE", target.key, "0", "-1", "WITHSCORES"}));
      break;
    case Kind::kSet:
      for (const RedisReply& one : redis.Command({"SMEMBERS", target.key}).elements) {
        contents.emplace_back(one.text, "");
      }
      break;
    case Kind::kList:
      for (const RedisReply& one : redis.Command({"LRANGE", target.key, "0", "-1"}).elements) {
        contents.emplace_back("", one.text);
      }
      return contents;
    case Kind::kStream:
      for (const RedisReply& one : redis.Command({"XRANGE", target.key, "-", "+"}).elements) {
        contents.emplace_back("", one.elements[1].elements[1].text);
      }
      return contents;
  }
  std::sort(contents.begin(), contents.end());
  return contents;
}

Contents Applied(const Target& target, const Contents& before, const Effect& effect) {
  if (target.sequence()) {
    Contents after = effect.remaining.value_or(before);
    for (const std::string& value : effect.appended) after.emplace_back("", value);
    return after;
  }
  Names names = ByName(before);
  for (const Change& change : effect.changes) Apply(change, &names);
  return FromNames(names);
}

bool MayBeAfter(const Target& target, const Contents& before, const Effect& effect,
                const Contents& after) {
  if (after == before) return true;
  if (effect.remaining.has_value()) return after == *effect.remaining;
  const Contents whole = Applied(target, before, effect);
  if (target.sequence()) {
    return after.size() >= before.size() && after.size() <= whole.size() &&
           std::equal(after.begin(), after.end(), whole.begin());
  }
  const Names then = ByName(whole);
  const Names now = ByName(after);
  Names expected = ByName(before);
  for (const Change& change : effect.changes) {
    if (SameAt(change, now, then)) Apply(change, &expected);
  }
  return expected == now;
}

std::string ToString(const Contents& contents) {
  std::string text = absl::StrCat(contents.size(), " rows:");
  for (const auto& row : contents) absl::StrAppend(&text, " ", row.first, "=", row.second);
  return text;
}

}  // namespace redis_fdw::test
