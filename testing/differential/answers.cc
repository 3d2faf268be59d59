#include "testing/differential/answers.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace redis_fdw::test {

std::string RowText(const ResultRow& row) {
  std::string text;
  for (size_t i = 0; i < row.size(); ++i) {
    if (i > 0) text += " | ";
    // A text cannot begin with what stands for NULL.
    text += row[i] ? *row[i] : "\x01NULL";
  }
  return text;
}

Answers::Answers(const std::vector<ResultRow>& rows, bool ranked) : ranked_(ranked) {
  for (const ResultRow& row : rows) {
    if (!ranked) {
      rows_.emplace_back(0, RowText(row));
      continue;
    }
    const ResultRow visible(row.begin(), row.end() - 1);
    rows_.emplace_back(strtoll(row.back()->c_str(), nullptr, 10), RowText(visible));
  }
  std::sort(rows_.begin(), rows_.end());
  last_ = rows_.size();
}

void Answers::Limit(std::optional<int64_t> offset, std::optional<int64_t> limit, bool with_ties) {
  first_ = std::min(static_cast<size_t>(offset.value_or(0)), rows_.size());
  if (!limit) return;
  last_ = std::min(first_ + static_cast<size_t>(*limit), rows_.size());
  if (!with_ties || last_ == first_) return;
  while (last_ < rows_.size() && rows_[last_].first == rows_[last_ - 1].first) ++last_;
}

Answers::Left Answers::All() const {
  Left left;
  for (const auto& row : rows_) ++left[row];
  return left;
}

std::string Answers::Take(size_t position, const std::string& row, Left* left) const {
  const int64_t rank = rows_[first_ + position].first;
  const auto found = left->find({rank, row});
  if (found != left->end() && found->second > 0) {
    --found->second;
    return "";
  }
  return absl::StrCat("row ", position, " is not one that may stand there",
                      ranked_ ? " (rank " : "", ranked_ ? absl::StrCat(rank, ")") : "", ": ", row);
}

std::string Answers::Check(const std::vector<ResultRow>& rows) const {
  if (rows.size() != size()) {
    std::string wrong = absl::StrCat(rows.size(), " rows in place of ", size());
    // Names one, which helps more than numbers.
    Left left = All();
    for (const ResultRow& row : rows) {
      const std::string text = RowText(row);
      const auto same = [&text](const auto& entry) { return entry.first.second == text; };
      auto found = std::find_if(left.begin(), left.end(), same);
      if (found == left.end()) return absl::StrCat(wrong, "; wrong: ", text);
      if (--found->second == 0) left.erase(found);
    }
    if (rows.size() < size() && !left.empty()) {
      absl::StrAppend(&wrong, "; missing: ", left.begin()->first.second);
    }
    return wrong;
  }
  Left left = All();
  for (size_t i = 0; i < rows.size(); ++i) {
    std::string wrong = Take(i, RowText(rows[i]), &left);
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Answers::CheckFetches(const std::vector<Fetch>& fetches,
                                  const std::vector<std::vector<ResultRow>>& rows) const {
  const int64_t count = static_cast<int64_t>(size());
  int64_t position = 0;  // 0: before the first; count + 1: after the last
  Left left = All();
  std::vector<std::optional<std::string>> seen(size());
  for (size_t f = 0; f < fetches.size(); ++f) {
    std::vector<int64_t> wanted;
    const Fetch& fetch = fetches[f];
    if (fetch.absolute) {
      position = std::min(fetch.count, count + 1);
      if (position >= 1 && position <= count) wanted.push_back(position);
    } else {
      const int64_t end = std::clamp<int64_t>(position + fetch.count, 0, count + 1);
      const int64_t step = fetch.count < 0 ? -1 : 1;
      while (position != end) {
        position += step;
        if (position >= 1 && position <= count) wanted.push_back(position);
      }
    }
    const std::string where = absl::StrCat("FETCH ", f + 1, " (", fetch.direction, "): ");
    if (rows[f].size() != wanted.size()) {
      return absl::StrCat(where, rows[f].size(), " rows in place of ", wanted.size());
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      const size_t at = static_cast<size_t>(wanted[i] - 1);
      const std::string text = RowText(rows[f][i]);
      if (seen[at]) {
        if (*seen[at] != text) return absl::StrCat(where, "another row than before: ", text);
        continue;
      }
      seen[at] = text;
      std::string wrong = Take(at, text, &left);
      if (!wrong.empty()) return where + wrong;
    }
  }
  return "";
}

}  // namespace redis_fdw::test
