#include "tables/import/key_groups.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tables/import/value_types.h"

namespace redis_fdw {
namespace {

// Tokens of a key; the last one holds the rest.
constexpr size_t kMostTokens = 16;
// Different last tokens that make a pattern of two keys' or more common beginning.
constexpr size_t kManyLastTokens = 3;
// Different keys without any delimiter that are too many to be named one by one.
constexpr size_t kManyLoneKeys = 100;
// Different words at the beginning of a key, or in its middle, that are names of things rather than
// of kinds if what follows is the same for all (see NamesOfThings()); and so in any case.
constexpr size_t kManyFirstWords = 20;
constexpr size_t kManyMiddleWords = 8;
constexpr size_t kTooManyWords = 100;
// Single keys of one type under one first token that get tables of their own.
constexpr size_t kManySingleKeys = 20;

struct Key {
  absl::string_view text;
  absl::InlinedVector<absl::string_view, 4> tokens;
  // separators[i] comes before tokens[i]; the last one ends the key.
  absl::InlinedVector<absl::string_view, 5> separators;
};

using Keys = std::vector<const Key*>;

// A token of a pattern: a constant, a star, or a constant and a star.
struct Piece {
  absl::string_view constant;
  bool star = false;
};

// The length of the separator that `text` begins with; 0 if with none.
size_t SeparatorLength(absl::string_view text, absl::string_view delimiter) {
  size_t length = 0;
  while (length < text.size()) {
    const absl::string_view rest = text.substr(length);
    if (absl::StartsWith(rest, delimiter)) {
      length += delimiter.size();
    } else if (rest[0] == '{' || rest[0] == '}') {
      ++length;
    } else {
      break;
    }
  }
  return length;
}

Key CutKey(absl::string_view text, absl::string_view delimiter) {
  Key key;
  key.text = text;
  size_t length = SeparatorLength(text, delimiter);
  key.separators.push_back(text.substr(0, length));
  absl::string_view rest = text.substr(length);
  while (!rest.empty()) {
    size_t end = 0;
    length = 0;
    while (end < rest.size() && length == 0) {
      ++end;
      if (key.tokens.size() + 1 < kMostTokens) {
        length = SeparatorLength(rest.substr(end), delimiter);
      }
    }
    key.tokens.push_back(rest.substr(0, end));
    key.separators.push_back(rest.substr(end, length));
    rest.remove_prefix(end + length);
  }
  return key;
}

// "item" of "item42"; empty if the token is no word with a number.
absl::string_view NumberedWord(absl::string_view token) {
  size_t end = token.size();
  while (end > 0 && absl::ascii_isdigit(static_cast<unsigned char>(token[end - 1]))) --end;
  const bool word = end > 0 && !absl::ascii_isdigit(static_cast<unsigned char>(token[0]));
  return word && end < token.size() ? token.substr(0, end) : absl::string_view();
}

// The keys of one shape, by their tokens at one place.
struct Buckets {
  Keys varying;
  std::map<absl::string_view, Keys> words;
  std::map<absl::string_view, Keys> numbered;  // by the word before the number

  void LetWordsVary() {
    for (auto& word : words) varying.insert(varying.end(), word.second.begin(), word.second.end());
    words.clear();
  }
};

Buckets Distribute(const Keys& keys, size_t at) {
  Buckets buckets;
  for (const Key* key : keys) {
    const absl::string_view token = key->tokens[at];
    if (LooksLikeId(token)) {
      buckets.varying.push_back(key);
    } else {
      buckets.words[token].push_back(key);
    }
  }
  return buckets;
}

// "item1", "item2", "item3": `item*`.
void TakeNumbered(Buckets* buckets) {
  std::map<absl::string_view, size_t> numbers;
  for (const auto& word : buckets->words) ++numbers[NumberedWord(word.first)];
  for (auto it = buckets->words.begin(); it != buckets->words.end();) {
    const absl::string_view word = NumberedWord(it->first);
    if (word.empty() || numbers[word] < kManyLastTokens) {
      ++it;
      continue;
    }
    Keys& into = buckets->numbered[word];
    into.insert(into.end(), it->second.begin(), it->second.end());
    it = buckets->words.erase(it);
  }
}

// Whether words are names of things of one kind, as in user:alice:cart, user:bob:cart: what follows
// them repeats from one to the next, has something constant, and occurs about once each. Kinds, as
// in cache:page:1, cache:page:2, cache:image:1, are followed by many.
bool NamesOfThings(const Buckets& buckets, size_t at) {
  std::set<std::string> endings;
  size_t pairs = 0;  // of a word and an ending
  size_t keys = 0;
  for (const auto& word : buckets.words) {
    std::set<std::string> own;
    for (const Key* key : word.second) {
      std::string ending;
      bool constant = false;
      for (size_t i = at + 1; i < key->tokens.size(); ++i) {
        const bool id = LooksLikeId(key->tokens[i]);
        constant = constant || !id;
        absl::StrAppend(&ending, id ? "*" : key->tokens[i], absl::string_view("\0", 1));
      }
      if (!constant) return false;
      own.insert(std::move(ending));
    }
    keys += word.second.size();
    pairs += own.size();
    endings.insert(own.begin(), own.end());
  }
  return pairs >= 3 * endings.size() && keys <= 2 * pairs;
}

bool WordsVary(const Buckets& buckets, size_t at, size_t tokens) {
  const size_t words = buckets.words.size();
  if (words == 0) return false;
  if (tokens == 1) return words >= kManyLoneKeys;
  if (at + 1 == tokens) {
    // What many keys end in is a kind: user:1:cart, user:2:cart.
    size_t keys = 0;
    for (const auto& word : buckets.words) keys += word.second.size();
    return words + buckets.varying.size() >= kManyLastTokens && keys < 2 * words;
  }
  if (words > kTooManyWords) return true;
  return words >= (at == 0 ? kManyFirstWords : kManyMiddleWords) && NamesOfThings(buckets, at);
}

// Groups keys of one type that have the same separators.
class Splitter {
 public:
  Splitter(std::string type, bool complete, std::vector<KeyGroup>* groups)
      : type_(std::move(type)), complete_(complete), groups_(groups) {}

  // `keys` agree in all tokens before `at`, which have become `pieces_`.
  void Split(const Keys& keys, size_t at) {
    const size_t tokens = keys.front()->tokens.size();
    if (at == tokens) return Emit(keys);
    Buckets buckets = Distribute(keys, at);
    if (at == 0 || at + 1 < tokens) TakeNumbered(&buckets);
    if (WordsVary(buckets, at, tokens)) buckets.LetWordsVary();
    if (!buckets.varying.empty()) Descend(buckets.varying, at, Piece{"", true});
    for (const auto& word : buckets.numbered) Descend(word.second, at, Piece{word.first, true});
    for (const auto& word : buckets.words) Descend(word.second, at, Piece{word.first, false});
  }

 private:
  void Descend(const Keys& keys, size_t at, Piece piece) {
    pieces_.push_back(piece);
    Split(keys, at + 1);
    pieces_.pop_back();
  }

  static bool SameToken(const Keys& keys, size_t at) {
    const absl::string_view token = keys.front()->tokens[at];
    return std::all_of(keys.begin(), keys.end(),
                       [&](const Key* key) { return key->tokens[at] == token; });
  }

  void Emit(const Keys& keys) {
    KeyGroup group;
    group.type = type_;
    const Key& first = *keys.front();
    std::vector<absl::string_view> constants;
    std::string part(first.separators[0]);
    for (size_t i = 0; i < pieces_.size(); ++i) {
      const bool star = pieces_[i].star && !(complete_ && SameToken(keys, i));
      const absl::string_view constant = star ? pieces_[i].constant : first.tokens[i];
      if (!star || (i == 0 && !constant.empty())) constants.push_back(constant);
      absl::StrAppend(&part, constant);
      if (star) {
        group.parts.push_back(std::move(part));
        part.clear();
      }
      absl::StrAppend(&part, first.separators[i + 1]);
    }
    group.parts.push_back(std::move(part));
    group.name = absl::StrJoin(constants, "_");
    for (const Key* key : keys) group.keys.emplace_back(key->text);
    std::sort(group.keys.begin(), group.keys.end());
    groups_->push_back(std::move(group));
  }

  const std::string type_;
  const bool complete_;
  std::vector<KeyGroup>* const groups_;
  std::vector<Piece> pieces_;
};

void Absorb(KeyGroup* into, KeyGroup* from) {
  into->keys.insert(into->keys.end(), from->keys.begin(), from->keys.end());
  std::sort(into->keys.begin(), into->keys.end());
}

// Where single keys with a common first token are too many for a table each, they become one
// pattern.
std::vector<KeyGroup> MergeSingleKeys(std::vector<KeyGroup> groups, const std::string& delimiter) {
  struct Place {
    std::string type, prefix, word;
    bool operator<(const Place& other) const {
      return std::tie(type, prefix) < std::tie(other.type, other.prefix);
    }
  };
  std::map<Place, std::vector<KeyGroup*>> singles;
  for (KeyGroup& group : groups) {
    if (group.many()) continue;
    const Key key = CutKey(group.keys.front(), delimiter);
    if (key.tokens.size() < 2) continue;
    Place place{group.type, absl::StrCat(key.separators[0], key.tokens[0], key.separators[1]),
                std::string(key.tokens[0])};
    singles[place].push_back(&group);
  }
  std::vector<KeyGroup> merged;
  for (auto& place : singles) {
    if (place.second.size() <= kManySingleKeys) continue;
    KeyGroup group;
    group.type = place.first.type;
    group.parts = {place.first.prefix, ""};
    group.name = place.first.word;
    group.merged = true;
    for (KeyGroup* single : place.second) {
      Absorb(&group, single);
      single->keys.clear();
    }
    merged.push_back(std::move(group));
  }
  for (KeyGroup& group : merged) {
    auto same = std::find_if(groups.begin(), groups.end(), [&](const KeyGroup& other) {
      return other.type == group.type && other.parts == group.parts;
    });
    if (same == groups.end()) {
      groups.push_back(std::move(group));
    } else {
      Absorb(&*same, &group);
      same->merged = true;
    }
  }
  groups.erase(std::remove_if(groups.begin(), groups.end(),
                              [](const KeyGroup& group) { return group.keys.empty(); }),
               groups.end());
  return groups;
}

std::string EscapeGlob(absl::string_view text) {
  std::string escaped;
  for (char c : text) {
    if (c == '*' || c == '?' || c == '[' || c == '\\') escaped.push_back('\\');
    escaped.push_back(c);
  }
  return escaped;
}

}  // namespace

bool LooksLikeId(absl::string_view token) {
  constexpr size_t kShortestHex = 8;
  constexpr size_t kShortestRandom = 16;
  size_t digits = 0;
  size_t hex = 0;
  size_t random = 0;  // as in base64, ULIDs, ...
  size_t numeric = 0;
  for (char c : token) {
    const bool digit = absl::ascii_isdigit(static_cast<unsigned char>(c));
    digits += digit ? 1 : 0;
    hex += absl::ascii_isxdigit(static_cast<unsigned char>(c)) ? 1 : 0;
    random += absl::ascii_isalnum(static_cast<unsigned char>(c)) || absl::StrContains("-_+/=", c);
    numeric += digit || absl::StrContains("-+._/:TZ ", c) ? 1 : 0;
  }
  if (!IsText(token)) return true;
  if (digits == 0) return absl::StrContains(token, '@');
  // Numbers, dates, times, versions, IP addresses; uuids; hashes; ...
  if (numeric == token.size()) return true;
  const size_t dashes = static_cast<size_t>(std::count(token.begin(), token.end(), '-'));
  if (token.size() == 36 && dashes == 4 && hex == 32) return true;
  if (token.size() >= kShortestHex && hex == token.size()) return true;
  if (token.size() >= kShortestRandom && random == token.size() && digits >= 4) return true;
  return absl::StrContains(token, '@');
}

std::string KeyGroup::Pattern() const {
  return absl::StrJoin(parts, "*", [](std::string* out, const std::string& part) {
    absl::StrAppend(out, EscapeGlob(part));
  });
}

bool KeyGroup::Matches(absl::string_view key) const {
  if (!many()) return key == parts.front();
  if (!absl::StartsWith(key, parts.front())) return false;
  key.remove_prefix(parts.front().size());
  for (size_t i = 1; i + 1 < parts.size(); ++i) {
    const size_t found = key.find(parts[i]);
    if (found == absl::string_view::npos) return false;
    key.remove_prefix(found + parts[i].size());
  }
  return absl::EndsWith(key, parts.back());
}

std::vector<KeyGroup> GroupKeys(std::vector<TypedKey> keys, const GroupingOptions& options) {
  std::sort(keys.begin(), keys.end(),
            [](const TypedKey& a, const TypedKey& b) { return a.key < b.key; });
  auto same = [](const TypedKey& a, const TypedKey& b) { return a.key == b.key; };
  keys.erase(std::unique(keys.begin(), keys.end(), same), keys.end());

  std::vector<Key> cut;
  cut.reserve(keys.size());
  std::map<std::pair<std::string, std::string>, Keys> shapes;  // by type and separators
  for (const TypedKey& key : keys) {
    cut.push_back(CutKey(key.key, options.delimiter));
    const std::string shape = absl::StrJoin(cut.back().separators, absl::string_view("\0", 1));
    shapes[{key.type, shape}].push_back(&cut.back());
  }
  std::vector<KeyGroup> groups;
  for (const auto& shape : shapes) {
    Splitter(shape.first.first, options.complete, &groups).Split(shape.second, 0);
  }
  groups = MergeSingleKeys(std::move(groups), options.delimiter);

  std::vector<std::tuple<size_t, std::string, std::string, size_t>> order;
  for (size_t i = 0; i < groups.size(); ++i) {
    std::string pattern = groups[i].Pattern();
    order.emplace_back(pattern.size(), std::move(pattern), groups[i].type, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<KeyGroup> sorted;
  sorted.reserve(groups.size());
  for (const auto& place : order) sorted.push_back(std::move(groups[std::get<3>(place)]));
  return sorted;
}

}  // namespace redis_fdw
