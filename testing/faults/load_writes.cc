// Statements that write.

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/faults/load.h"
#include "testing/faults/load_parts.h"

namespace redis_fdw::test {
namespace {

constexpr size_t kFew = 20;    // fewer rows: more are inserted
constexpr size_t kMany = 220;  // more: some are taken away

// What all INSERTs of so many rows have in common.
Work Inserting(int target, int rows, bool returning) {
  Work work;
  work.what = returning ? "INSERT RETURNING" : "INSERT";
  work.target = target;
  work.at_once = rows == 1 || (rows <= kBatch && !returning);
  work.tag = absl::StrCat("INSERT 0 ", rows);
  return work;
}

}  // namespace

// From the sorted set into the hash.
Work Load::InsertSelect() {
  Work work;
  work.what = "INSERT SELECT";
  work.target = 1;
  const std::string prefix = absl::StrCat("k", random_.Between(1, 9));
  const std::string value = NewValue(Kind::kHash);
  for (const auto& row : Rows(3)) {
    if (!absl::StartsWith(row.first, prefix)) continue;
    work.effect.changes.push_back({row.first, row.first, value});
  }
  work.sql = {absl::StrCat("INSERT INTO ", targets_[1].table, " SELECT id, '", value, "' FROM ",
                           Source(3), " WHERE id LIKE '", prefix, "%'")};
  work.tag = absl::StrCat("INSERT 0 ", work.effect.changes.size());
  return work;
}

Work Load::ByCommand() {
  Work work;
  work.what = "redis_command";
  work.at_once = true;
  const Contents& scores = Rows(3);
  std::vector<std::string> argv;
  if (random_.Chance(50) || scores.empty()) {
    work.target = 4;
    const std::string value = NewValue(Kind::kList);
    argv = {"RPUSH", targets_[4].key, value};
    work.effect.appended = {value};
    work.rows = {absl::StrCat(Rows(4).size() + 1)};
  } else {
    work.target = 3;
    const auto& row = random_.Pick(scores);
    const std::string value = absl::StrCat(std::stoll(row.second) + 1);
    argv = {"ZINCRBY", targets_[3].key, "1", row.first};
    work.effect.changes = {{row.first, row.first, value}};
    work.rows = {value};
  }
  work.sql = {absl::StrCat("SELECT redis_command('through', '", absl::StrJoin(argv, "', '"),
                           "') #>> '{}'")};
  return work;
}

Work Load::Write(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  const size_t count = Rows(target).size();
  if (random_.Chance(count > kMany ? 20 : 1)) {
    Work work;
    work.what = "TRUNCATE";
    work.target = target;
    work.sql = {absl::StrCat("TRUNCATE ", of.table)};
    work.tag = "TRUNCATE TABLE";
    if (of.sequence()) {
      if (count > 0) work.effect.remaining = Contents();
    } else {
      for (const auto& row : Rows(target)) work.effect.changes.push_back({row.first, {}, ""});
    }
    return work;
  }
  if (of.sequence()) return WriteSequence(target);
  if (count < kFew) return InsertNamed(target, 40, false);
  switch (random_.Below(count > kMany ? 4 : 8)) {
    case 4:
      return InsertNamed(target, 1, random_.Chance(50));
    case 5:
      return InsertNamed(target, static_cast<int>(random_.Between(2, kBatch)), false);
    case 6:
      return InsertNamed(target, static_cast<int>(random_.Between(8, 40)), false);
    case 7:
      return InsertNamed(target, static_cast<int>(random_.Between(2, 6)), true);
    default:
      return ChangeNamed(target);
  }
}

Work Load::InsertNamed(int target, int rows, bool returning) {
  const Target& of = targets_[static_cast<size_t>(target)];
  Work work = Inserting(target, rows, returning);
  std::map<std::string, std::string> chosen;
  while (static_cast<int>(chosen.size()) < rows) {
    chosen[of.Id(static_cast<int>(random_.Below(kNames)))] = NewValue(of.kind);
  }
  std::vector<std::string> values;
  for (const auto& row : chosen) {
    work.effect.changes.push_back({row.first, row.first, row.second});
    values.push_back(of.kind == Kind::kSet
                         ? absl::StrCat("(", Quoted(row.first), ")")
                         : absl::StrCat("(", Quoted(row.first), ", ", Quoted(row.second), ")"));
    if (returning) work.rows.push_back(Line(row, of.kind));
  }
  work.sql = {absl::StrCat("INSERT INTO ", of.table, " VALUES ", absl::StrJoin(values, ", "),
                           returning ? " RETURNING *" : "")};
  return work;
}

// UPDATE, also of names, and DELETE.
Work Load::ChangeNamed(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  const Contents& rows = Rows(target);
  Work work;
  work.target = target;
  const auto& one = random_.Pick(rows);
  const uint64_t what = random_.Below(of.kind == Kind::kSet ? 3 : 5);
  if (what == 0) {
    work.what = "UPDATE name";
    const std::string name = of.Id(kNames + ++made_);
    work.effect.changes = {{one.first, name, one.second}};
    work.sql = {absl::StrCat("UPDATE ", of.table, " SET id = ", Quoted(name),
                             " WHERE id = ", Quoted(one.first))};
    work.tag = "UPDATE 1";
  } else if (what == 1) {
    work.what = "DELETE";
    work.at_once = true;
    work.effect.changes = {{one.first, std::nullopt, ""}};
    work.sql = {absl::StrCat("DELETE FROM ", of.table, " WHERE id = ", Quoted(one.first))};
    work.tag = "DELETE 1";
  } else if (what == 2 || what == 3) {
    const bool update = what == 3;
    work.what = update ? "UPDATE many" : "DELETE many";
    const std::string prefix = of.Id(static_cast<int>(random_.Between(1, 9)));
    const std::string mark = absl::StrCat("u", ++made_);
    for (const auto& row : rows) {
      if (!absl::StartsWith(row.first, prefix)) continue;
      Change change = {row.first, std::nullopt, ""};
      if (update) {
        change.new_id = row.first;
        change.value = of.kind == Kind::kZset ? absl::StrCat(std::stoll(row.second) + 1)
                                              : row.second.substr(0, 40) + mark;
      }
      work.effect.changes.push_back(change);
    }
    work.tag = absl::StrCat(update ? "UPDATE " : "DELETE ", work.effect.changes.size());
    const std::string value =
        of.kind == Kind::kZset ? "v + 1" : absl::StrCat("left(v, 40) || '", mark, "'");
    work.sql = {absl::StrCat(update ? "UPDATE " : "DELETE FROM ", of.table,
                             update ? " SET v = " + value : "", " WHERE id LIKE '", prefix, "%'")};
  } else {
    work.what = "UPDATE";
    work.at_once = true;
    const std::string value = NewValue(of.kind);
    work.effect.changes = {{one.first, one.first, value}};
    work.sql = {absl::StrCat("UPDATE ", of.table, " SET v = ", Quoted(value),
                             " WHERE id = ", Quoted(one.first))};
    work.tag = "UPDATE 1";
  }
  return work;
}

Work Load::WriteSequence(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  const Contents& rows = Rows(target);
  if (rows.size() < kFew) return Append(target, 25, false);
  const uint64_t what = random_.Below(rows.size() > kMany ? 2 : 6);
  if (what == 2) return Append(target, 1, random_.Chance(50));
  if (what == 3) return Append(target, static_cast<int>(random_.Between(2, 30)), false);
  if (what == 4) return Append(target, static_cast<int>(random_.Between(2, 5)), true);
  Work work;
  work.target = target;
  work.at_once = true;
  const size_t place = random_.Below(rows.size());
  Contents remaining = rows;
  if (what == 5 && of.kind == Kind::kList) {
    work.what = "UPDATE";
    remaining[place].second = NewValue(of.kind);
    work.sql = {absl::StrCat("UPDATE ", of.table, " SET v = ", Quoted(remaining[place].second),
                             " WHERE id = ", place)};
    work.tag = "UPDATE 1";
  } else {
    work.what = "DELETE";
    const size_t count = std::min<size_t>(random_.Between(1, 5), rows.size() - place);
    std::vector<std::string> values;
    for (size_t i = 0; i < count; ++i) values.push_back(Quoted(rows[place + i].second));
    remaining.erase(remaining.begin() + static_cast<int64_t>(place),
                    remaining.begin() + static_cast<int64_t>(place + count));
    work.sql = {
        absl::StrCat("DELETE FROM ", of.table, " WHERE v IN (", absl::StrJoin(values, ", "), ")")};
    work.tag = absl::StrCat("DELETE ", count);
  }
  work.effect.remaining = std::move(remaining);
  return work;
}

Work Load::Append(int target, int rows, bool returning) {
  const Target& of = targets_[static_cast<size_t>(target)];
  Work work = Inserting(target, rows, returning);
  std::vector<std::string> values;
  for (int i = 0; i < rows; ++i) {
    work.effect.appended.push_back(NewValue(of.kind));
    values.push_back(absl::StrCat("(", Quoted(work.effect.appended.back()), ")"));
  }
  if (returning) {
    work.rows = work.effect.appended;
    work.ordered = true;
  }
  work.sql = {absl::StrCat("INSERT INTO ", of.table, " (v) VALUES ", absl::StrJoin(values, ", "),
                           returning ? " RETURNING v" : "")};
  return work;
}

}  // namespace redis_fdw::test
