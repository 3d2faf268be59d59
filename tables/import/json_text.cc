#include "tables/import/json_text.h"

#include <cstddef>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace redis_fdw {
namespace {

constexpr int kDeepest = 64;

// Reads one document from left to right. Every Read...() is false if there is no such thing.
class JsonReader {
 public:
  explicit JsonReader(absl::string_view text) : rest_(text) {}

  JsonForm Check() {
    SkipBlanks();
    if (rest_.empty() || (rest_[0] != '{' && rest_[0] != '[')) return JsonForm::kNone;
    if (!ReadValue(0)) return JsonForm::kNone;
    SkipBlanks();
    if (!rest_.empty()) return JsonForm::kNone;
    return canonical_ ? JsonForm::kBinary : JsonForm::kText;
  }

 private:
  bool Take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void SkipBlanks() {
    while (!rest_.empty() &&
           (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\n' || rest_[0] == '\r')) {
      rest_.remove_prefix(1);
      canonical_ = false;
    }
  }

  // A comma or colon: jsonb writes exactly one blank after it.
  bool TakeSeparator(char c) {
    SkipBlanks();
    if (!Take(c)) return false;
    if (!Take(' ')) canonical_ = false;
    SkipBlanks();
    return true;
  }

  bool ReadValue(int depth) {
    if (rest_.empty() || depth > kDeepest) return false;
    switch (rest_[0]) {
      case '{':
        return ReadObject(depth);
      case '[':
        return ReadArray(depth);
      case '"':
        return ReadString(nullptr);
      case 't':
        return TakeWord("true");
      case 'f':
        return TakeWord("false");
      case 'n':
        return TakeWord("null");
      default:
        return ReadNumber();
    }
  }

  bool TakeWord(absl::string_view word) {
    if (!absl::StartsWith(rest_, word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool ReadArray(int depth) {
    Take('[');
    SkipBlanks();
    if (Take(']')) return true;
    do {
      if (!ReadValue(depth + 1)) return false;
    } while (TakeSeparator(','));
    return Take(']');
  }

  bool ReadObject(int depth) {
    Take('{');
    SkipBlanks();
    if (Take('}')) return true;
    absl::string_view last;
    bool first = true;
    do {
      absl::string_view name;
      if (!ReadString(&name)) return false;
      // jsonb sorts names and keeps one of each.
      if (!first && !(last.size() < name.size() || (last.size() == name.size() && last < name))) {
        canonical_ = false;
      }
      first = false;
      last = name;
      if (!TakeSeparator(':') || !ReadValue(depth + 1)) return false;
    } while (TakeSeparator(','));
    return Take('}');
  }

  // `name`, if given, becomes the string as written. An escaped name is never canonical: it would
  // have to be unescaped to know where jsonb sorts it.
  bool ReadString(absl::string_view* name) {
    if (!Take('"')) return false;
    const absl::string_view start = rest_;
    while (!rest_.empty() && rest_[0] != '"') {
      if (static_cast<unsigned char>(rest_[0]) < 0x20) return false;
      const bool escape = rest_[0] == '\\';
      rest_.remove_prefix(1);
      if (!escape) continue;
      if (name != nullptr) canonical_ = false;
      if (!ReadEscape()) return false;
    }
    if (name != nullptr) *name = start.substr(0, start.size() - rest_.size());
    return Take('"');
  }

  // What follows a backslash.
  bool ReadEscape() {
    if (rest_.empty()) return false;
    const char c = rest_[0];
    rest_.remove_prefix(1);
    if (c == 'u') return ReadCodePoint();
    if (c == '/') canonical_ = false;
    return absl::StrContains("\"\\/bfnrt", c);
  }

  bool ReadCodePoint() {
    canonical_ = false;
    if (rest_.size() < 4) return false;
    uint32_t code = 0;
    for (size_t i = 0; i < 4; ++i) {
      const char c = absl::ascii_tolower(static_cast<unsigned char>(rest_[i]));
      if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
      code = code * 16 + static_cast<uint32_t>(absl::ascii_isdigit(c) ? c - '0' : c - 'a' + 10);
    }
    rest_.remove_prefix(4);
    return code != 0 && (code < 0xd800 || code > 0xdfff);
  }

  bool ReadDigits() {
    const size_t before = rest_.size();
    while (!rest_.empty() && absl::ascii_isdigit(static_cast<unsigned char>(rest_[0]))) {
      rest_.remove_prefix(1);
    }
    return rest_.size() != before;
  }

  bool ReadNumber() {
    const absl::string_view start = rest_;
    Take('-');
    if (!Take('0') && !ReadDigits()) return false;
    if (Take('.') && !ReadDigits()) return false;
    const absl::string_view plain = start.substr(0, start.size() - rest_.size());
    // There is no negative zero in jsonb, which would also write out an exponent.
    if (plain[0] == '-' && plain.find_first_not_of("-0.") == absl::string_view::npos) {
      canonical_ = false;
    }
    if (Take('e') || Take('E')) {
      canonical_ = false;
      if (!Take('+')) Take('-');
      return ReadDigits();
    }
    return true;
  }

  absl::string_view rest_;
  bool canonical_ = true;
};

}  // namespace

JsonForm CheckJson(absl::string_view text) { return JsonReader(text).Check(); }

}  // namespace redis_fdw
