#include "tables/hash/hash_import.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tables/import/elements.h"

namespace redis_fdw {
namespace {

// A hash with more fields is a map rather than an object.
constexpr int64_t kMostFields = 64;
// Of a map, so many fields are looked at.
constexpr int64_t kMapFields = 20;
// A value of more bytes is not fetched; it is text as far as one can tell.
constexpr int64_t kLongestValue = 4096;

// Replies: 0 HLEN, 1 TTL, 2 names of fields, then HSTRLEN for each, and HMGET of those that are
// short.
constexpr size_t kLength = 0;
constexpr size_t kTtl = 1;
constexpr size_t kNames = 2;
constexpr size_t kLengths = 3;

bool IsShort(const KeySample& sample, size_t field) {
  const int64_t length = sample.reply(kLengths + field).integer;
  return length >= 0 && length <= kLongestValue && !sample.reply(kNames).elements[field].cut;
}

std::vector<Command> NameCommands(const KeySample& sample, const ServerInfo& server) {
  const int64_t length = sample.reply(kLength).integer;
  if (length <= 0) return {};
  if (length <= kMostFields) {
    Command names("HKEYS");
    names.Key(sample.key).ReadOnly();
    return {names};
  }
  if (!server.AtLeast(6, 2)) return {};
  Command names("HRANDFIELD");
  names.Key(sample.key).ArgInt(kMapFields).ReadOnly();
  return {names};
}

std::vector<Command> LengthCommands(const KeySample& sample) {
  std::vector<Command> commands;
  for (const SampledElement& name : sample.reply(kNames).elements) {
    Command length("HSTRLEN");
    length.Key(sample.key).Arg(name.bytes).ReadOnly();
    commands.push_back(length);
  }
  return commands;
}

std::vector<Command> ValueCommands(const KeySample& sample) {
  Command values("HMGET");
  values.Key(sample.key).ReadOnly();
  const std::vector<SampledElement>& names = sample.reply(kNames).elements;
  for (size_t i = 0; i < names.size(); ++i) {
    if (IsShort(sample, i)) values.Arg(names[i].bytes);
  }
  constexpr size_t kWithoutFields = 2;
  if (values.size() == kWithoutFields) return {};
  return {values};
}

// The fields that were sampled; views of the sample.
Record FieldsOf(const KeySample& sample) {
  Record record;
  const std::vector<SampledElement>& names = sample.reply(kNames).elements;
  const std::vector<SampledElement>& values = sample.reply(kLengths + names.size()).elements;
  size_t next = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    FieldValue field{names[i].bytes, "", /*cut=*/true};
    if (IsShort(sample, i) && next < values.size()) {
      const SampledElement& value = values[next++];
      if (value.nil) continue;  // gone meanwhile
      field.value = value.bytes;
      field.cut = value.cut;
    }
    record.push_back(field);
  }
  return record;
}

// (field, value), (key, field, value), or for many hashes of like fields a row per key.
class Importer : public TableImporter {
 public:
  std::vector<Command> NextCommands(const KeySample& sample,
                                    const ServerInfo& server) const override {
    const size_t names = sample.reply(kNames).elements.size();
    if (sample.replies.empty()) {
      Command length("HLEN");
      length.Key(sample.key).ReadOnly();
      return {length, TtlCommand(sample.key)};
    }
    if (sample.replies.size() == kNames) return NameCommands(sample, server);
    if (names == 0) return {};
    if (sample.replies.size() == kLengths) return LengthCommands(sample);
    if (sample.replies.size() == kLengths + names) return ValueCommands(sample);
    return {};
  }

  TableDraft Draft(const KeyGroup& group, absl::Span<const KeySample> samples) const override {
    std::vector<Record> records;
    bool small = true;
    for (const KeySample& sample : samples) {
      if (sample.reply(kLength).integer <= 0) continue;
      small = small && sample.reply(kLength).integer <= kMostFields;
      records.push_back(FieldsOf(sample));
    }
    TableDraft draft;
    draft.columns = KeyColumns(group);
    if (group.many() && small) {
      FieldColumns fields = ColumnsOfFields(records, draft.columns);
      if (fields.alike) return DraftRowPerKey(std::move(fields), samples, std::move(draft));
    }
    TypeGuess names;
    TypeGuess values;
    for (const Record& record : records) {
      for (const FieldValue& field : record) {
        names.Add(field.name);
        values.Add(field.value, field.cut);
      }
    }
    draft.columns.push_back(ImportColumn{"field", names.GetIdentity(), "", ""});
    draft.columns.push_back(ImportColumn{"value", values.Get(), "", ""});
    return draft;
  }

 private:
  static TableDraft DraftRowPerKey(FieldColumns fields, absl::Span<const KeySample> samples,
                                   TableDraft draft) {
    for (ImportColumn& column : fields.columns) draft.columns.push_back(std::move(column));
    if (fields.others) draft.columns.push_back(OtherFieldsColumn(draft.columns));
    AppendTtlColumn(samples, kTtl, &draft.columns);
    draft.options.emplace_back("row_per", "key");
    return draft;
  }
};

}  // namespace

const TableImporter* HashImporter() {
  static const Importer* const importer = new Importer;
  return importer;
}

}  // namespace redis_fdw
