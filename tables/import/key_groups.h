// From keys to the patterns that they have in common.
//
//   user:1001, user:1002, user:1003   hash     ->  user:*
//   {cart:7}:items, {cart:9}:items    list     ->  {cart:*}:items
//   leaderboard                       zset     ->  leaderboard
//
// A key is cut into tokens at the delimiter and at braces, which are hash tags. Keys of the same
// Redis type and with the same separators are compared token by token. A token that looks like an
// id (a number, a uuid, a date, ...) varies, and so do words of which there are too many to be
// names of kinds; what varies becomes `*`, all else stays. key_groups.cc has the rules.

#ifndef REDIS_FDW_TABLES_IMPORT_KEY_GROUPS_H_
#define REDIS_FDW_TABLES_IMPORT_KEY_GROUPS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace redis_fdw {

struct TypedKey {
  std::string key;
  std::string type;  // as TYPE says
};

struct KeyGroup {
  std::string type;
  // What the pattern has between its stars, unescaped. A single one: the group is one key.
  std::vector<std::string> parts;
  std::string name;               // its constant tokens, joined by underscores; may be empty
  std::vector<std::string> keys;  // those seen, sorted
  bool merged = false;            // several keys without much in common, too many for a table each

  // Whether this is a pattern and not one key.
  bool many() const { return parts.size() > 1; }
  // As the option table_key_prefix has it: `* ? [ \` in constant parts are escaped.
  std::string Pattern() const;
  // Whether the pattern matches a key.
  bool Matches(absl::string_view key) const;
};

struct GroupingOptions {
  std::string delimiter = ":";  // not empty
  // Whether these are all the keys there are. If not, one key with an id in it stands for others.
  bool complete = true;
};

// The groups, sorted by pattern (short ones first) and type; a key seen twice counts once.
std::vector<KeyGroup> GroupKeys(std::vector<TypedKey> keys, const GroupingOptions& options);

// Whether a token looks like an id rather than a word.
bool LooksLikeId(absl::string_view token);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_KEY_GROUPS_H_
