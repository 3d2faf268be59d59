// Samples of tables with one key.

#include "absl/strings/str_cat.h"
#include "testing/conformance/sample_parts.h"

namespace redis_fdw::test {

const std::string& Binary() {
  static const std::string* const bytes = new std::string("\0\r\n$-1\r\n\xff\xfe\"'", 13);
  return *bytes;
}

ColumnDef Column(const std::string& name, ColumnType type) {
  ColumnDef column;
  column.name = name;
  column.type = type;
  return column;
}

std::string Text(const SampleRow& row, size_t column) {
  const Cell& cell = row.cells()[column];
  return cell.kind() == Cell::Kind::kDouble ? FormatDouble(cell.dbl()) : std::string(cell.bytes());
}

namespace {

// A command over the given columns of many rows.
WriteRows Variadic(const std::string& name, const std::vector<size_t>& columns) {
  return [name, columns](const std::string& key, const std::vector<SampleRow>& rows) {
    Argv argv = {name, key};
    for (const SampleRow& row : rows) {
      for (size_t column : columns) argv.push_back(Text(row, column));
    }
    return std::vector<Argv>{argv};
  };
}

std::function<Argv(const std::string&, const SampleRow&)> Probe(const std::string& name,
                                                                size_t column) {
  return [name, column](const std::string& key, const SampleRow& row) {
    return Argv{name, key, Text(row, column)};
  };
}

Sample StringSample() {
  Sample sample;
  sample.columns = {Column("value")};
  sample.row = [](int i) { return SampleRow().Bytes(absl::StrCat("value", i)); };
  sample.odd_rows = {SampleRow().Bytes(Binary()), SampleRow().Bytes("")};
  sample.max_rows = 1;
  sample.write = Variadic("SET", {0});
  sample.probe = [](const std::string& key, const SampleRow&) { return Argv{"GET", key}; };
  sample.present = [](const SampleRow& row) { return Text(row, 0); };
  sample.row_is_key = true;
  sample.replaces_other_types = true;
  sample.update_column = 0;
  return sample;
}

Sample HashSample() {
  Sample sample;
  sample.columns = {Column("field"), Column("value")};
  sample.row = [](int i) {
    return SampleRow().Bytes(absl::StrCat("field", i)).Bytes(absl::StrCat("value", i));
  };
  sample.odd_rows = {SampleRow().Bytes(Binary()).Bytes(Binary()), SampleRow().Bytes("").Bytes(""),
                     SampleRow().Bytes("*").Bytes("$1")};
  sample.write = Variadic("HSET", {0, 1});
  sample.remove = Variadic("HDEL", {0});
  sample.probe = Probe("HGET", 0);
  sample.present = [](const SampleRow& row) { return Text(row, 1); };
  sample.lookups = {{0, Semantics::kBytes}};
  sample.update_column = 1;
  return sample;
}

Sample SetSample() {
  Sample sample;
  sample.columns = {Column("member")};
  sample.row = [](int i) { return SampleRow().Bytes(absl::StrCat("member", i)); };
  sample.odd_rows = {SampleRow().Bytes(Binary()), SampleRow().Bytes("")};
  sample.write = Variadic("SADD", {0});
  sample.remove = Variadic("SREM", {0});
  sample.probe = Probe("SISMEMBER", 0);
  sample.present = [](const SampleRow&) { return "1"; };
  sample.lookups = {{0, Semantics::kBytes}};
  sample.update_column = 0;
  sample.update_renames = true;
  return sample;
}

Sample ZsetSample() {
  Sample sample;
  sample.columns = {Column("member"), Column("score", ColumnType::kFloat)};
  sample.row = [](int i) {
    return SampleRow().Bytes(absl::StrCat("member", i)).Double(i / 4.0 - 100);
  };
  sample.odd_rows = {
      SampleRow().Bytes(Binary()).Double(0.1), SampleRow().Bytes("").Double(-1.0 / 0.0),
      SampleRow().Bytes("(").Double(1.0 / 0.0), SampleRow().Bytes("tiny").Double(5e-324)};
  sample.write = Variadic("ZADD", {1, 0});
  sample.remove = Variadic("ZREM", {0});
  sample.probe = Probe("ZSCORE", 0);
  sample.present = [](const SampleRow& row) { return Text(row, 1); };
  sample.lookups = {{0, Semantics::kBytes}};
  sample.update_column = 1;
  return sample;
}

Sample ListSample() {
  Sample sample;
  sample.columns = {Column("index", ColumnType::kInteger), Column("element")};
  sample.row = [](int i) { return SampleRow().Int(i).Bytes(absl::StrCat("element", i)); };
  sample.odd_rows = {SampleRow().Int(0).Bytes(Binary()), SampleRow().Int(1).Bytes(""),
                     SampleRow().Int(2).Bytes("-1")};
  sample.write = Variadic("RPUSH", {1});
  sample.probe = [](const std::string& key, const SampleRow& row) {
    return Argv{"LINDEX", key, absl::StrCat(row.cells()[0].int64())};
  };
  sample.present = [](const SampleRow& row) { return Text(row, 1); };
  sample.duplicates = Sample::Duplicates::kKept;
  sample.ignores_conflicts = false;
  sample.lookups = {{0, Semantics::kInteger}};
  sample.position_column = 0;
  sample.update_column = 1;
  return sample;
}

Sample StreamSample() {
  Sample sample;
  sample.columns = {Column("stream_id"), Column("a"), Column("b")};
  sample.row = [](int i) {
    return SampleRow()
        .Bytes(absl::StrCat(1000 + i / 3, "-", i % 3))
        .Bytes(absl::StrCat("v", i))
        .Bytes("");
  };
  sample.odd_rows = {SampleRow().Bytes("1-1").Bytes(Binary()).Null(),
                     SampleRow().Bytes("1-18446744073709551615").Null().Bytes("")};
  // XADD takes one entry; a script takes them all.
  sample.write = [](const std::string& key, const std::vector<SampleRow>& rows) {
    Argv argv = {"EVAL",
                 "for i = 1, #ARGV, 3 do redis.call('XADD', KEYS[1], ARGV[i], 'a', ARGV[i + 1], "
                 "'b', ARGV[i + 2]) end",
                 "1", key};
    for (const SampleRow& row : rows) {
      for (size_t column = 0; column < 3; ++column) argv.push_back(Text(row, column));
    }
    return std::vector<Argv>{argv};
  };
  sample.probe = [](const std::string& key, const SampleRow& row) {
    return Argv{"EVAL", "return #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])", "1", key,
                Text(row, 0)};
  };
  sample.present = [](const SampleRow&) { return "1"; };
  sample.duplicates = Sample::Duplicates::kRefused;
  sample.ignores_conflicts = false;
  sample.lookups = {{0, Semantics::kBytes}};
  return sample;
}

// The toy type of testing/conformance/toy.
Sample CounterSample() {
  Sample sample;
  sample.columns = {Column("value", ColumnType::kInteger)};
  sample.row = [](int i) { return SampleRow().Int(i + 5); };
  sample.odd_rows = {SampleRow().Int(-9223372036854775807)};
  sample.max_rows = 1;
  sample.write = [](const std::string& key, const std::vector<SampleRow>& rows) {
    return std::vector<Argv>{{"SET", key, absl::StrCat(rows[0].cells()[0].int64())}};
  };
  sample.probe = [](const std::string& key, const SampleRow&) { return Argv{"GET", key}; };
  sample.present = [](const SampleRow& row) { return absl::StrCat(row.cells()[0].int64()); };
  sample.row_is_key = true;
  sample.replaces_other_types = true;
  sample.ignores_conflicts = false;
  return sample;
}

}  // namespace

std::map<std::string, Sample> OneKeySamples() {
  return {{"string", StringSample()},  {"hash", HashSample()}, {"set", SetSample()},
          {"zset", ZsetSample()},      {"list", ListSample()}, {"stream", StreamSample()},
          {"counter", CounterSample()}};
}

}  // namespace redis_fdw::test
