// Samples of tables with many keys, and with a row for each.

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "testing/conformance/sample_parts.h"

namespace redis_fdw::test {
namespace {

std::string KeyOf(const SampleRow& row) { return std::string(row.cells()[0].bytes()); }

// One script for many commands: a round trip each would be slow.
std::vector<Argv> Together(const std::vector<Argv>& commands) {
  constexpr size_t kMost = 2000;
  std::vector<Argv> together;
  size_t in_last = kMost;
  for (const Argv& command : commands) {
    if (in_last == kMost) {
      in_last = 0;
      together.push_back({"EVAL",
                          "local i = 1 while i <= #ARGV do local n = tonumber(ARGV[i]) "
                          "redis.call(unpack(ARGV, i + 1, i + n)) i = i + n + 1 end",
                          "0"});
    }
    ++in_last;
    together.back().push_back(absl::StrCat(command.size()));
    together.back().insert(together.back().end(), command.begin(), command.end());
  }
  return together;
}

// What `one` says of the rows of one key, for rows of many.
WriteRows ByKey(const WriteRows& one) {
  return [one](const std::string&, const std::vector<SampleRow>& rows) {
    std::map<std::string, std::vector<SampleRow>> by_key;
    for (const SampleRow& row : rows) by_key[KeyOf(row)].push_back(row.WithoutFirst());
    std::vector<Argv> commands;
    for (const auto& key : by_key) {
      for (Argv& argv : one(key.first, key.second)) commands.push_back(std::move(argv));
    }
    bool scripts = !commands.empty() && commands[0][0] == "EVAL";
    return scripts || commands.size() < 10 ? commands : Together(commands);
  };
}

std::vector<Argv> RemoveKeys(const std::string&, const std::vector<SampleRow>& rows) {
  Argv argv = {"DEL"};
  for (const SampleRow& row : rows) argv.push_back(KeyOf(row));
  return {argv};
}

SampleRow OfKey(const std::string& key, const SampleRow& row) {
  SampleRow with_key;
  with_key.Bytes(key);
  for (const Cell& cell : row.cells()) with_key.Append(cell);
  return with_key;
}

// Rows that are keys: what is alike.
Sample RowPerKey() {
  Sample sample;
  sample.many_keys = true;
  sample.row_per_key = true;
  sample.row_is_key = true;
  sample.columns = {Column("key")};
  sample.remove = &RemoveKeys;
  sample.lookups = {{0, Semantics::kBytes}};
  sample.update_column = 1;
  return sample;
}

std::string Key(int i) { return absl::StrCat(kKeyPrefix, i); }

Sample HashRowSample() {
  Sample sample = RowPerKey();
  sample.columns.insert(sample.columns.end(),
                        {Column("a"), Column("b"), Column("rest", ColumnType::kJson)});
  sample.columns[3].role = "*";
  const std::vector<Cell> no_rest;
  const std::vector<Cell> rest = {Cell::Bytes("x"), Cell::Bytes("1")};
  sample.row = [rest](int i) {
    SampleRow row;
    row.Bytes(Key(i)).Bytes(absl::StrCat("a", i));
    if (i % 3 == 0) return row.Null().List(rest);
    return row.Bytes("").List(absl::MakeConstSpan(rest).subspan(0, i % 2 == 0 ? 2 : 0));
  };
  const std::vector<Cell> odd = {Cell::Bytes(Binary()), Cell::Bytes(Binary())};
  sample.odd_rows = {SampleRow().Bytes(Key(0) + Binary()).Bytes(Binary()).Null().List(no_rest),
                     SampleRow().Bytes(kKeyPrefix).Null().Null().List(odd)};
  sample.write = ByKey([](const std::string& key, const std::vector<SampleRow>& rows) {
    Argv argv = {"HSET", key};
    const char* const names[] = {"a", "b"};
    for (size_t i = 0; i < 2; ++i) {
      if (rows[0].cells()[i].is_null()) continue;
      argv.insert(argv.end(), {names[i], Text(rows[0], i)});
    }
    for (const Cell& cell : rows[0].cells()[2].list()) argv.emplace_back(cell.bytes());
    return std::vector<Argv>{argv};
  });
  sample.probe = [](const std::string&, const SampleRow& row) {
    return Argv{"HMGET", KeyOf(row), "a", "b", "x"};
  };
  sample.present = [](const SampleRow& row) {
    std::string text;
    for (size_t i : {1, 2}) {
      absl::StrAppend(&text, row.cells()[i].is_null() ? "(nil)" : Text(row, i), "\n");
    }
    return absl::StrCat(text, row.cells()[3].list().empty() ? "(nil)" : "1");
  };
  return sample;
}

std::string Lines(absl::Span<const Cell> cells) {
  return absl::StrJoin(
      cells, "\n", [](std::string* out, const Cell& cell) { absl::StrAppend(out, cell.bytes()); });
}

// Lists and sets, which `read` shows in the order that tables do.
Sample ArraySample(const std::string& add, const Argv& read) {
  Sample sample = RowPerKey();
  sample.columns.push_back(Column("elements", ColumnType::kArray));
  sample.row = [](int i) {
    std::vector<std::string> texts = {absl::StrCat("a", i), absl::StrCat("b", i)};
    std::vector<Cell> cells = {Cell::Bytes(texts[0]), Cell::Bytes(texts[1])};
    return SampleRow().Bytes(Key(i)).List(absl::MakeSpan(cells).subspan(0, i % 4 == 0 ? 1 : 2));
  };
  const std::vector<Cell> odd = {Cell::Bytes(""), Cell::Bytes(Binary())};
  sample.odd_rows = {SampleRow().Bytes(Key(0) + Binary()).List(odd),
                     SampleRow().Bytes(kKeyPrefix).List(absl::MakeConstSpan(odd).subspan(0, 1))};
  sample.write = ByKey([add](const std::string& key, const std::vector<SampleRow>& rows) {
    Argv argv = {add, key};
    for (const Cell& cell : rows[0].cells()[0].list()) argv.emplace_back(cell.bytes());
    return std::vector<Argv>{argv};
  });
  sample.probe = [read](const std::string&, const SampleRow& row) {
    Argv argv = read;
    argv.insert(argv.begin() + 1, KeyOf(row));
    return argv;
  };
  sample.present = [](const SampleRow& row) { return Lines(row.cells()[1].list()); };
  return sample;
}

Sample ZsetRowSample() {
  Sample sample = RowPerKey();
  sample.columns.push_back(Column("members", ColumnType::kArray));
  sample.columns.push_back(Column("scores", ColumnType::kArray));
  sample.row = [](int i) {
    std::string second = absl::StrCat("b", i);
    std::vector<Cell> members = {Cell::Bytes("a"), Cell::Bytes(second)};
    std::vector<Cell> scores = {Cell::Double(-1), Cell::Double(i + 0.5)};
    return SampleRow().Bytes(Key(i)).List(members).List(scores);
  };
  const std::vector<Cell> odd = {Cell::Bytes(""), Cell::Bytes(Binary())};
  const std::vector<Cell> scores = {Cell::Double(-1.0 / 0.0), Cell::Double(1.0 / 0.0)};
  sample.odd_rows = {SampleRow().Bytes(Key(0) + Binary()).List(odd).List(scores)};
  sample.write = ByKey([](const std::string& key, const std::vector<SampleRow>& rows) {
    Argv argv = {"ZADD", key};
    absl::Span<const Cell> members = rows[0].cells()[0].list();
    for (size_t i = 0; i < members.size(); ++i) {
      argv.push_back(FormatDouble(rows[0].cells()[1].list()[i].dbl()));
      argv.emplace_back(members[i].bytes());
    }
    return std::vector<Argv>{argv};
  });
  sample.probe = [](const std::string&, const SampleRow& row) {
    return Argv{"ZRANGE", KeyOf(row), "0", "-1"};
  };
  sample.present = [](const SampleRow& row) { return Lines(row.cells()[1].list()); };
  return sample;
}

}  // namespace

Sample ManyKeys(const Sample& one) {
  constexpr int kKeys = 5;
  Sample sample = one;
  sample.many_keys = true;
  sample.columns.insert(sample.columns.begin(), Column("key"));
  const bool single = one.max_rows == 1;
  sample.max_rows = -1;
  sample.row = [row = one.row, single](int i) {
    int key = single ? i : i % kKeys;
    return OfKey(absl::StrCat(kKeyPrefix, key), row(single ? i : i / kKeys));
  };
  sample.odd_rows.clear();
  for (const SampleRow& row : one.odd_rows) {
    std::string key = absl::StrCat(kKeyPrefix, Binary());
    if (single) absl::StrAppend(&key, sample.odd_rows.size());
    sample.odd_rows.push_back(OfKey(key, row));
  }
  sample.write = ByKey(one.write);
  if (one.remove != nullptr) sample.remove = ByKey(one.remove);
  if (single) sample.remove = &RemoveKeys;
  sample.probe = [probe = one.probe](const std::string&, const SampleRow& row) {
    return probe(KeyOf(row), row.WithoutFirst());
  };
  sample.present = [present = one.present](const SampleRow& row) {
    return present(row.WithoutFirst());
  };
  for (SampleLookup& lookup : sample.lookups) ++lookup.column;
  sample.lookups.push_back({0, Semantics::kBytes});
  if (sample.position_column >= 0) ++sample.position_column;
  if (sample.update_column >= 0) ++sample.update_column;
  return sample;
}

std::map<std::string, Sample> RowPerKeySamples() {
  return {{"hash", HashRowSample()},
          {"list", ArraySample("RPUSH", {"LRANGE", "0", "-1"})},
          {"set", ArraySample("SADD", {"SORT", "ALPHA"})},
          {"zset", ZsetRowSample()}};
}

}  // namespace redis_fdw::test
