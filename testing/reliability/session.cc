#include "testing/reliability/session.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {

Session::Session(int number, PgConnection pg, World* world) : Worker(number, std::move(pg), world) {
  for (int shard = 0; shard < world->shards(); ++shard) {
    for (const std::string& tag : world->tags[static_cast<size_t>(shard)]) {
      tags_.push_back({tag, shard});
    }
  }
}

void Session::Step() {
  const bool write = world_->writing && Random(2) == 0;
  const std::vector<Kind>& kinds = write ? Writes() : Reads();
  (this->*kinds[static_cast<size_t>(Random(static_cast<int>(kinds.size())))])();
}

void Session::RunEachKind() {
  MustSucceed();
  for (const Kind kind : Writes()) (this->*kind)();
  for (const Kind kind : Reads()) (this->*kind)();
  ReadAll();
}

std::string Session::Key(const char* type, const char* what, const std::string& tag) const {
  return absl::StrCat(type, ":", number_, ":", what, ":{", tag, "}");
}

std::string Session::NextPayload() { return absl::StrCat("p", number_, ".", ++written_, "."); }

// --- Writes -------------------------------------------------------------------------------------

void Session::Prepare() {
  std::vector<std::string> strings;
  std::vector<std::string> fields;
  std::vector<std::string> links;
  std::vector<std::string> scores;
  std::vector<Change> of_strings;
  std::vector<Change> of_fields;
  std::vector<Change> of_links;
  std::vector<Change> of_scores;
  const std::string link = Key("hash", "link", tags_[0].name);
  for (const Tag& tag : tags_) {
    const std::string string = Key("string", "ver", tag.name);
    const std::string hash = Key("hash", "ver", tag.name);
    const std::string zset = Key("zset", "ver", tag.name);
    strings.push_back(absl::StrCat("('", string, "', '0')"));
    of_strings.push_back({"string|" + string, tag.shard, "0"});
    for (const char* field : {"a", "b"}) {
      fields.push_back(absl::StrCat("('", hash, "', '", field, "', '0')"));
      of_fields.push_back({absl::StrCat("hash|", hash, "|", field), tag.shard, "0"});
    }
    links.push_back(absl::StrCat("('", link, "', '", tag.name, "', '", string, "')"));
    of_links.push_back({absl::StrCat("hash|", link, "|", tag.name), tags_[0].shard, string});
    scores.push_back(absl::StrCat("('", zset, "', 'm', 0)"));
    of_scores.push_back({absl::StrCat("zset|", zset, "|m"), tag.shard, "0"});
  }
  const auto insert = [this](const char* table, const std::vector<std::string>& rows,
                             const std::vector<Change>& changes) {
    Write("prepare", absl::StrCat("INSERT INTO ", table, " VALUES ", absl::StrJoin(rows, ", ")),
          changes, absl::StrCat("INSERT 0 ", rows.size()));
    if (!done().back().sqlstate.empty()) Problem("prepare", table, done().back().sqlstate);
  };
  insert("strings", strings, of_strings);
  insert("hashes", fields, of_fields);
  insert("hashes", links, of_links);
  insert("zsets", scores, of_scores);
}

void Session::InsertString() {
  const Tag& tag = AnyTag();
  const std::string value = NextPayload();
  const std::string key = absl::StrCat(Key("string", "new", tag.name), ":", value);
  const Change change = {"string|" + key, tag.shard, value};
  Write("insert a string", absl::StrCat("INSERT INTO strings VALUES ('", key, "', '", value, "')"),
        {change}, "INSERT 0 1");
  strings_.push_back(change);
}

void Session::InsertStrings() {
  std::vector<std::string> rows;
  std::vector<Change> changes;
  for (int i = 0; i < 5; ++i) {
    const Tag& tag = AnyTag();
    const std::string value = NextPayload();
    const std::string key = absl::StrCat(Key("string", "new", tag.name), ":", value);
    rows.push_back(absl::StrCat("('", key, "', '", value, "')"));
    changes.push_back({"string|" + key, tag.shard, value});
  }
  Write("insert strings", "INSERT INTO strings VALUES " + absl::StrJoin(rows, ", "), changes,
        "INSERT 0 5");
  strings_.insert(strings_.end(), changes.begin(), changes.end());
}

void Session::InsertFields() {
  std::vector<std::string> rows;
  std::vector<Change> changes;
  for (int i = 0; i < 3; ++i) {
    const Tag& tag = AnyTag();
    const std::string field = NextPayload();
    const std::string key = absl::StrCat(Key("hash", "new", tag.name), ":", written_ / 300);
    rows.push_back(absl::StrCat("('", key, "', '", field, "', '", written_, "')"));
    changes.push_back({absl::StrCat("hash|", key, "|", field), tag.shard, absl::StrCat(written_)});
  }
  Write("insert fields", "INSERT INTO hashes VALUES " + absl::StrJoin(rows, ", "), changes,
        "INSERT 0 3");
}

// One to three rows, each its own element and there once; keys end at some number of elements.
void Session::InsertRows(const char* what, const char* type, const char* table,
                         const char* columns) {
  const int n = 1 + Random(2) * 2;
  std::vector<std::string> rows;
  std::vector<Change> changes;
  for (int i = 0; i < n; ++i) {
    const Tag& tag = AnyTag();
    const std::string payload = NextPayload();
    const std::string key = absl::StrCat(Key(type, "new", tag.name), ":", written_ / 300);
    rows.push_back(absl::StrCat("('", key, "', '", payload, "')"));
    changes.push_back({absl::StrCat(type, "|", key, "|", payload), tag.shard, "1"});
  }
  Write(what, absl::StrCat("INSERT INTO ", table, columns, " VALUES ", absl::StrJoin(rows, ", ")),
        changes, absl::StrCat("INSERT 0 ", n));
  if (type == std::string("set")) members_.insert(members_.end(), changes.begin(), changes.end());
}

void Session::InsertMember() { InsertRows("insert members", "set", "sets", ""); }
void Session::InsertElements() { InsertRows("insert elements", "list", "lists", ""); }
void Session::InsertEntries() {
  InsertRows("insert entries", "stream", "streams", " (key, payload)");
}

void Session::InsertScore() {
  const Tag& tag = AnyTag();
  const std::string key = Key("zset", "new", tag.name);
  const std::string member = NextPayload();
  Write("insert a score",
        absl::StrCat("INSERT INTO zsets VALUES ('", key, "', '", member, "', ", written_, ")"),
        {{absl::StrCat("zset|", key, "|", member), tag.shard, absl::StrCat(written_)}},
        "INSERT 0 1");
}

void Session::InsertIntoOneHash() {
  const int shard = Random(world_->shards());
  const std::string field = NextPayload();
  const std::string key = "hash:one:{" + world_->tags[static_cast<size_t>(shard)][0] + "}";
  Write("insert into one hash",
        absl::StrCat("INSERT INTO one_hash_", shard, " VALUES ('", field, "', '1')"),
        {{absl::StrCat("hash|", key, "|", field), shard, "1"}}, "INSERT 0 1");
}

void Session::InsertIntoOneStream() {
  const int shard = Random(world_->shards());
  const std::string payload = NextPayload();
  const std::string key = "stream:one:{" + world_->tags[static_cast<size_t>(shard)][0] + "}";
  Write("insert into one stream",
        absl::StrCat("INSERT INTO one_stream_", shard, " (payload) VALUES ('", payload, "')"),
        {{absl::StrCat("stream|", key, "|", payload), shard, "1"}}, "INSERT 0 1");
}

void Session::UpdateString() {
  const Tag& tag = AnyTag();
  const std::string key = Key("string", "ver", tag.name);
  const std::string version = absl::StrCat(++written_);
  Write("update a string",
        absl::StrCat("UPDATE strings SET value = '", version, "' WHERE key = '", key, "'"),
        {{"string|" + key, tag.shard, version}}, "UPDATE 1");
}

void Session::UpdateField() {
  const Tag& tag = AnyTag();
  const std::string key = Key("hash", "ver", tag.name);
  const std::string version = absl::StrCat(++written_);
  Write("update a field",
        absl::StrCat("UPDATE hashes SET value = '", version, "' WHERE key = '", key,
                     "' AND field = 'a'"),
        {{absl::StrCat("hash|", key, "|a"), tag.shard, version}}, "UPDATE 1");
}

void Session::UpdateScore() {
  const Tag& tag = AnyTag();
  const std::string key = Key("zset", "ver", tag.name);
  const std::string version = absl::StrCat(++written_);
  Write("update a score",
        absl::StrCat("UPDATE zsets SET score = ", version, " WHERE key = '", key,
                     "' AND member = 'm'"),
        {{absl::StrCat("zset|", key, "|m"), tag.shard, version}}, "UPDATE 1");
}

void Session::UpdateStrings() {
  const std::string version = absl::StrCat(++written_);
  std::vector<Change> changes;
  for (const Tag& tag : tags_) {
    changes.push_back({"string|" + Key("string", "ver", tag.name), tag.shard, version});
  }
  Write("update strings",
        absl::StrCat("UPDATE strings SET value = '", version, "' WHERE key LIKE 'string:", number_,
                     ":ver:%'"),
        changes, absl::StrCat("UPDATE ", changes.size()));
}

void Session::DeleteStrings() {
  std::vector<std::string> keys;
  std::vector<Change> changes;
  for (; changes.size() < 8 && strings_.size() > 50; strings_.pop_front()) {
    Change change = strings_.front();
    if (!ledger_.Certain(change.cell, /*there=*/true, WindowOf(change.shard))) continue;
    keys.push_back(absl::StrCat("'", change.cell.substr(change.cell.find('|') + 1), "'"));
    change.value = std::nullopt;
    changes.push_back(std::move(change));
  }
  if (changes.empty()) return InsertStrings();
  Write("delete strings",
        absl::StrCat("DELETE FROM strings WHERE key IN (", absl::StrJoin(keys, ", "), ")"), changes,
        absl::StrCat("DELETE ", changes.size()));
}

void Session::DeleteMember() {
  if (members_.size() < 20) return InsertMember();
  Change change = members_.front();
  members_.pop_front();
  if (!ledger_.Certain(change.cell, /*there=*/true, WindowOf(change.shard))) return;
  change.value = std::nullopt;
  const size_t first = change.cell.find('|') + 1;
  const size_t second = change.cell.find('|', first);
  Write("delete a member",
        absl::StrCat("DELETE FROM sets WHERE key = '", change.cell.substr(first, second - first),
                     "' AND member = '", change.cell.substr(second + 1), "'"),
        {change}, "DELETE 1");
}

// --- Reads --------------------------------------------------------------------------------------

void Session::LookUpString() {
  if (strings_.empty()) return ScanStrings();
  const Change& change = strings_[static_cast<size_t>(Random(static_cast<int>(strings_.size())))];
  const std::string key = change.cell.substr(change.cell.find('|') + 1);
  Read("look up a string", absl::StrCat("SELECT key, value FROM strings WHERE key = '", key, "'"),
       change.cell, 1U << change.shard);
}

void Session::LookUpStrings() {
  std::vector<std::string> keys;
  for (const Tag& tag : tags_) keys.push_back("'" + Key("string", "ver", tag.name) + "'");
  Read(
      "look up strings",
      absl::StrCat("SELECT key, value FROM strings WHERE key IN (", absl::StrJoin(keys, ", "), ")"),
      absl::StrCat("string|string:", number_, ":ver:"), AllShards());
}

void Session::LookUpField() {
  const Tag& tag = AnyTag();
  const std::string key = Key("hash", "ver", tag.name);
  Read("look up a field",
       absl::StrCat("SELECT key, field, value FROM hashes WHERE key = '", key, "' AND field = 'a'"),
       absl::StrCat("hash|", key, "|a"), 1U << tag.shard);
}

void Session::ReadHash() {
  const Tag& tag = AnyTag();
  const std::string key = absl::StrCat(Key("hash", "new", tag.name), ":", written_ / 300);
  Read("read a hash", absl::StrCat("SELECT key, field, value FROM hashes WHERE key = '", key, "'"),
       absl::StrCat("hash|", key, "|"), 1U << tag.shard);
}

void Session::ReadScores() {
  const Tag& tag = AnyTag();
  const std::string key = Key("zset", "new", tag.name);
  Read("read scores",
       absl::StrCat("SELECT key, member, score FROM zsets WHERE key = '", key, "' ORDER BY score"),
       absl::StrCat("zset|", key, "|"), 1U << tag.shard);
}

void Session::ReadElements(const char* what, const char* type, const char* table,
                           const char* column) {
  const Tag& tag = AnyTag();
  const std::string key = absl::StrCat(Key(type, "new", tag.name), ":", written_ / 300);
  Read(what,
       absl::StrCat("SELECT key, ", column, ", count(*) FROM ", table, " WHERE key = '", key,
                    "' GROUP BY 1, 2"),
       absl::StrCat(type, "|", key, "|"), 1U << tag.shard);
}

void Session::ReadSet() { ReadElements("read a set", "set", "sets", "member"); }
void Session::ReadList() { ReadElements("read a list", "list", "lists", "element"); }
void Session::ReadStream() { ReadElements("read a stream", "stream", "streams", "payload"); }

void Session::ScanStrings() {
  Read("scan strings",
       absl::StrCat("SELECT key, value FROM strings WHERE key LIKE 'string:", number_, ":ver:%'"),
       absl::StrCat("string|string:", number_, ":ver:"), AllShards());
}

// (Rows that are only updated are there whatever is lost.)
void Session::CountStrings() {
  const std::string sql =
      absl::StrCat("SELECT count(*) FROM strings WHERE key LIKE 'string:", number_, ":ver:%'");
  const PgResult result = Run("count strings", sql, AllShards(), /*write=*/false);
  if (result.ok() && result.Text() != absl::StrCat(tags_.size())) {
    Problem("count strings", sql, result.Text());
  }
}

void Session::Join2() {
  Read("join",
       absl::StrCat("SELECT s.key, s.value FROM hashes h JOIN strings s ON s.key = h.value "
                    "WHERE h.key = '",
                    Key("hash", "link", tags_[0].name), "'"),
       absl::StrCat("string|string:", number_, ":ver:"), AllShards());
}

void Session::ReadAll() {
  const auto all = [this](const char* type, const std::string& columns, const std::string& end) {
    Read("read all",
         absl::StrCat("SELECT ", columns, " FROM ", type, "s WHERE key LIKE '", type, ":", number_,
                      ":%'", end),
         absl::StrCat(type, "|", type, ":", number_, ":"), AllShards());
  };
  all("string", "key, value", "");
  all("set", "key, member, 1", "");
  all("zset", "key, member, score", "");
  all("list", "key, element, count(*)", " GROUP BY 1, 2");
  all("stream", "key, payload, count(*)", " GROUP BY 1, 2");
  Read("read all",
       absl::StrCat("SELECT key, field, value FROM hashes WHERE key LIKE 'hash:", number_, ":%'"),
       absl::StrCat("hash|hash:", number_, ":"), AllShards());
}

const std::vector<Session::Kind>& Session::Writes() {
  static const auto* const kinds = new std::vector<Kind>{
      &Session::InsertString,      &Session::InsertStrings,       &Session::InsertFields,
      &Session::InsertMember,      &Session::InsertScore,         &Session::InsertElements,
      &Session::InsertEntries,     &Session::InsertElements,      &Session::InsertEntries,
      &Session::InsertIntoOneHash, &Session::InsertIntoOneStream, &Session::UpdateString,
      &Session::UpdateField,       &Session::UpdateScore,         &Session::UpdateStrings,
      &Session::DeleteStrings,     &Session::DeleteMember};
  return *kinds;
}

const std::vector<Session::Kind>& Session::Reads() {
  static const auto* const kinds =
      new std::vector<Kind>{&Session::LookUpString, &Session::LookUpString, &Session::LookUpStrings,
                            &Session::LookUpField,  &Session::ReadHash,     &Session::ReadSet,
                            &Session::ReadScores,   &Session::ReadList,     &Session::ReadStream,
                            &Session::ScanStrings,  &Session::CountStrings, &Session::Join2};
  return *kinds;
}

}  // namespace redis_fdw::test
