#include "tables/import/names.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace redis_fdw {

std::string SqlName(absl::string_view text, absl::string_view fallback) {
  std::string name;
  bool any = false;
  bool replaced = false;  // the last underscore stands for other bytes
  for (char raw : text) {
    if (name.size() == kLongestName) break;
    const char c = absl::ascii_tolower(static_cast<unsigned char>(raw));
    const bool letter = absl::ascii_isalnum(static_cast<unsigned char>(c));
    if (letter && !any && name.empty() && absl::ascii_isdigit(static_cast<unsigned char>(c))) {
      name.push_back('_');
    }
    if (letter || c == '_') {
      any = any || letter;
      replaced = false;
      name.push_back(c);
    } else if (!replaced) {
      replaced = true;
      name.push_back('_');
    }
  }
  return any ? name : std::string(fallback);
}

NameSet::NameSet(std::initializer_list<absl::string_view> taken) {
  for (absl::string_view name : taken) names_.insert(std::string(name));
}

std::string NameSet::Add(absl::string_view name, absl::string_view suffix) {
  // Names are ASCII, so that they may be cut anywhere.
  auto with = [name](absl::string_view end) {
    return absl::StrCat(name.substr(0, kLongestName - end.size()), end);
  };
  std::string end;
  if (names_.insert(std::string(name)).second) return std::string(name);
  if (!suffix.empty()) {
    end = absl::StrCat("_", suffix);
    if (names_.insert(with(end)).second) return with(end);
  }
  int& number = numbers_.emplace(absl::StrCat(name, end), 1).first->second;
  while (true) {
    const std::string numbered = with(absl::StrCat(end, "_", ++number));
    if (names_.insert(numbered).second) return numbered;
  }
}

}  // namespace redis_fdw
