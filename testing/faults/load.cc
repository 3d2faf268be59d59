#include "testing/faults/load.h"

#include "absl/strings/str_cat.h"
#include "testing/faults/load_parts.h"

namespace redis_fdw::test {
namespace {

constexpr int kShared = 2000;    // fields of the shared hash
constexpr int kSharedKeys = 60;  // shared keys of kSharedFields fields
constexpr int kSharedFields = 5;

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

}  // namespace redis_fdw::test
