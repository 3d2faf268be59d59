// Statements that read.

#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/faults/load.h"
#include "testing/faults/load_parts.h"

namespace redis_fdw::test {
namespace {

// The column of row names; of sequences, the one that says their order.
std::string Columns(const Target& target) {
  if (target.sequence()) return "v";
  return target.kind == Kind::kSet ? "id" : "id, v";
}

}  // namespace

Work Load::Read(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  Work work;
  work.what = "read";
  if (random_.Chance(15)) {
    work.sql = {absl::StrCat("SELECT count(*) FROM ", Source(target))};
    work.rows = {absl::StrCat(Rows(target).size())};
    return work;
  }
  if (random_.Chance(15)) {
    work.what = "cursor";
    work.sql = {
        absl::StrCat("BEGIN; DECLARE c CURSOR FOR SELECT ", Columns(of), " FROM ", Source(target)),
        "FETCH 3 FROM c",
        "SELECT v FROM big WHERE id = 'field77'",
        "FETCH 30 FROM c",
        "FETCH ALL FROM c",
        "COMMIT"};
    work.rows = {"77"};
    for (const auto& row : Rows(target)) {
      work.rows.push_back(of.sequence() ? row.second : Line(row, of.kind));
    }
    return work;
  }
  return of.sequence() ? ReadSequence(target) : ReadNamed(target);
}

Work Load::ReadNamed(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  Work work;
  std::string sql = absl::StrCat("SELECT ", Columns(of), " FROM ", Source(target));
  std::function<bool(const std::string&)> wanted = [](const std::string&) { return true; };
  std::vector<std::string> ids;
  switch (random_.Below(6)) {
    case 5:
      // Of strings, their types are asked for.
      work.what = "names";
      for (int n = 0; n < 4; ++n) ids.push_back(of.Id(static_cast<int>(random_.Below(kNames))));
      sql = absl::StrCat("SELECT id FROM ", Source(target), " WHERE id IN ('",
                         absl::StrJoin(ids, "', '"), "')");
      work.sql = {sql};
      for (const auto& row : Rows(target)) {
        if (std::find(ids.begin(), ids.end(), row.first) != ids.end()) {
          work.rows.push_back(row.first);
        }
      }
      return work;
    case 0:
      work.what = "scan";
      break;
    case 1:
      work.what = "LIKE";
      ids = {of.Id(static_cast<int>(random_.Between(1, 9)))};
      absl::StrAppend(&sql, " WHERE id LIKE ", Quoted(ids[0] + "%"));
      wanted = [id = ids[0]](const std::string& name) { return absl::StartsWith(name, id); };
      break;
    case 2:
      work.what = "LIMIT";
      work.limit = static_cast<int>(std::min<size_t>(random_.Below(12), Rows(target).size()));
      absl::StrAppend(&sql, " LIMIT ", work.limit);
      break;
    default:
      work.what = "lookup";
      for (int64_t n = random_.Chance(50) ? 1 : random_.Between(2, 12); n > 0; --n) {
        ids.push_back(of.Id(static_cast<int>(random_.Below(kNames))));
      }
      absl::StrAppend(&sql, " WHERE id IN (",
                      absl::StrJoin(ids, ", ",
                                    [](std::string* out, const std::string& id) {
                                      absl::StrAppend(out, Quoted(id));
                                    }),
                      ")");
      wanted = [ids](const std::string& name) {
        return std::find(ids.begin(), ids.end(), name) != ids.end();
      };
  }
  work.sql = {sql};
  for (const auto& row : Rows(target)) {
    if (wanted(row.first)) work.rows.push_back(Line(row, of.kind));
  }
  return work;
}

Work Load::ReadSequence(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  const Contents& rows = Rows(target);
  Work work;
  work.ordered = true;
  work.what = "sequence";
  std::string sql = absl::StrCat("SELECT v FROM ", Source(target));
  size_t first = 0;
  size_t count = rows.size();
  if (of.kind == Kind::kList && random_.Chance(30)) {
    first = random_.Below(rows.size() + 2);
    count = 1;
    absl::StrAppend(&sql, " WHERE id = ", first);
  } else {
    absl::StrAppend(&sql, " ORDER BY id");
    if (random_.Chance(40)) {
      count = random_.Below(20);
      absl::StrAppend(&sql, " LIMIT ", count);
    }
  }
  work.sql = {sql};
  for (size_t i = first; i < std::min(first + count, rows.size()); ++i) {
    work.rows.push_back(rows[i].second);
  }
  return work;
}

// Hash and sorted set, by name.
Work Load::ReadJoin() {
  Work work;
  work.what = "join";
  work.sql = {absl::StrCat("SELECT a.id, a.v, b.v FROM ", Source(1), " a JOIN ", Source(3),
                           " b ON b.id = a.id")};
  const std::map<std::string, std::string> scores(Rows(3).begin(), Rows(3).end());
  for (const auto& row : Rows(1)) {
    const auto found = scores.find(row.first);
    if (found == scores.end()) continue;
    work.rows.push_back(absl::StrCat(row.first, "|", row.second, "|", found->second));
  }
  return work;
}

}  // namespace redis_fdw::test
