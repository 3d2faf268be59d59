#include "testing/faults/load.h"

#include <algorithm>
#include <functional>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {
namespace {

constexpr int kNames = 300;      // rows there may be in a table with names
constexpr size_t kFew = 20;      // fewer rows: more are inserted
constexpr size_t kMany = 220;    // more: some are taken away
constexpr int kBatch = 7;        // option batch_size
constexpr int kShared = 2000;    // fields of the shared hash
constexpr int kSharedKeys = 60;  // shared keys of kSharedFields fields
constexpr int kSharedFields = 5;

std::string Quoted(const std::string& text) { return absl::StrCat("'", text, "'"); }

std::string Line(const std::pair<std::string, std::string>& row, Kind kind) {
  return kind == Kind::kSet ? row.first : absl::StrCat(row.first, "|", row.second);
}

// The column of row names; of sequences, the one that says their order.
std::string Columns(const Target& target) {
  if (target.sequence()) return "v";
  return target.kind == Kind::kSet ? "id" : "id, v";
}

std::string TypeName(Kind kind) {
  static const char* const names[] = {"string", "hash", "set", "zset", "list", "stream"};
  return names[static_cast<int>(kind)];
}

std::string Declaration(const Target& target, const std::string& suffix,
                        const std::string& options) {
  std::string columns = "id text, v text";
  if (target.kind == Kind::kSet) columns = "id text";
  if (target.kind == Kind::kZset) columns = "id text, v bigint";
  if (target.kind == Kind::kList) columns = "id bigint, v text";
  if (target.kind == Kind::kStream) columns = "id redis_stream_id, v text";
  return absl::StrCat("CREATE FOREIGN TABLE ", target.table, suffix, " (", columns,
                      ") SERVER through OPTIONS (table_type '", TypeName(target.kind),
                      "', table_key_prefix '", target.key, target.kind == Kind::kString ? "*" : "",
                      "'", options, ");\n");
}

}  // namespace

Load::Load(int session, uint64_t seed) : session_(session), random_(seed) {
  for (Kind kind :
       {Kind::kString, Kind::kHash, Kind::kSet, Kind::kZset, Kind::kList, Kind::kStream}) {
    const std::string table = absl::StrCat(TypeName(kind), session);
    targets_.push_back({kind, table, kind == Kind::kString ? table + ":" : table});
  }
  contents_.resize(targets_.size());
}

std::string Load::Declarations() const {
  std::string sql;
  for (const Target& target : targets_) {
    absl::StrAppend(&sql, Declaration(target, "", absl::StrCat(", batch_size '", kBatch, "'")));
    absl::StrAppend(&sql, Declaration(target, "_c", ", scan_mode 'cursor', fetch_size '20'"));
    absl::StrAppend(&sql, Declaration(target, "_s", ", scan_mode 'snapshot'"));
  }
  return sql;
}

std::string Load::SharedDeclarations() {
  const std::string options = " SERVER through OPTIONS (table_type 'hash', table_key_prefix ";
  return absl::StrCat("CREATE FOREIGN TABLE big (id text, v bigint)", options, "'big');",
                      "CREATE FOREIGN TABLE big_c (id text, v bigint)", options,
                      "'big', scan_mode 'cursor', fetch_size '100');",
                      "CREATE FOREIGN TABLE big_s (id text, v bigint)", options,
                      "'big', scan_mode 'snapshot', fetch_size '50');",
                      "CREATE FOREIGN TABLE keys (k text, id text, v bigint)", options,
                      "'shared:*');");
}

void Load::FillShared(RedisServer& redis) {
  std::vector<std::string> set = {"HSET", "big"};
  for (int i = 0; i < kShared; ++i) {
    set.push_back(absl::StrCat("field", i));
    set.push_back(absl::StrCat(i));
  }
  redis.Command(set);
  for (int key = 0; key < kSharedKeys; ++key) {
    std::vector<std::string> fields = {"HSET", absl::StrCat("shared:", key)};
    for (int i = 0; i < kSharedFields; ++i) {
      fields.push_back(absl::StrCat("f", i));
      fields.push_back(absl::StrCat(key));
    }
    redis.Command(fields);
  }
}

std::string Load::NewValue(Kind kind) {
  ++made_;
  if (kind == Kind::kZset) return absl::StrCat(made_);
  if (kind == Kind::kSet) return "";
  return absl::StrCat("v", session_, "_", made_, "_", std::string(random_.Below(60), 'p'));
}

std::string Load::Source(int target) {
  const Target& of = targets_[static_cast<size_t>(target)];
  return absl::StrCat(of.table, random_.Pick<std::string>({"", "_c", "_s"}));
}

Work Load::Probe() {
  Work work;
  work.what = "probe";
  const std::string sum = absl::StrCat(kShared, "|", kShared * (kShared - 1) / 2);
  switch (random_.Below(4)) {
    case 0:
      work.sql = {absl::StrCat("SELECT count(*), sum(v) FROM big",
                               random_.Pick<std::string>({"", "_c", "_s"}))};
      work.rows = {sum};
      break;
    case 1:
      work.sql = {"SELECT count(*), sum(v) FROM keys"};
      work.rows = {absl::StrCat(kSharedKeys * kSharedFields, "|",
                                kSharedFields * kSharedKeys * (kSharedKeys - 1) / 2)};
      break;
    case 2:
      work.sql = {"SELECT n, v FROM generate_series(100, 140, 20) n JOIN big ON id = 'field' || n"};
      work.rows = {"100|100", "120|120", "140|140"};
      break;
    default:
      work.sql = {"SELECT v FROM big WHERE id = 'field77'"};
      work.rows = {"77"};
      break;
  }
  return work;
}

Work Load::Next() {
  const uint64_t what = random_.Below(100);
  const int target = static_cast<int>(random_.Below(targets_.size()));
  if (what < 12) {
    Work work = Probe();
    work.what = "shared";
    return work;
  }
  if (what < 17) return ReadJoin();
  if (what < 25) return ByCommand();
  if (what < 28) return InsertSelect();
  return what < 62 ? Read(target) : Write(target);
}

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
  Work work;
  work.what = returning ? "INSERT RETURNING" : "INSERT";
  work.target = target;
  work.at_once = rows == 1 || (rows <= kBatch && !returning);
  work.tag = absl::StrCat("INSERT 0 ", rows);
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
  Work work;
  work.what = returning ? "INSERT RETURNING" : "INSERT";
  work.target = target;
  work.at_once = rows == 1 || (rows <= kBatch && !returning);
  work.tag = absl::StrCat("INSERT 0 ", rows);
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
