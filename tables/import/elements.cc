#include "tables/import/elements.h"

#include <algorithm>
#include <map>
#include <utility>

#include "tables/import/names.h"

namespace redis_fdw {
namespace {

constexpr int64_t kMemorySamples = 50;
constexpr int64_t kMostElements = 50;
constexpr int64_t kBytesPerKey = 100 * 1024;
constexpr size_t kMostColumns = 200;
constexpr char kTtl[] = "ttl";

NameSet NamesOf(const std::vector<ImportColumn>& columns) {
  NameSet names({"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"});
  for (const ImportColumn& column : columns) names.Add(column.name);
  return names;
}

struct FieldStats {
  size_t first = 0;  // place among all fields, by first appearance
  size_t records = 0;
  TypeGuess type;
};

using Fields = std::map<absl::string_view, FieldStats>;

Fields CountFields(absl::Span<const Record> records) {
  Fields fields;
  for (const Record& record : records) {
    for (const FieldValue& value : record) {
      FieldStats& stats =
          fields.emplace(value.name, FieldStats{fields.size(), 0, {}}).first->second;
      ++stats.records;
      stats.type.Add(value.value, value.cut);
    }
  }
  return fields;
}

// Whether at least half of what an average record has is in at least half of the records.
bool Alike(absl::Span<const Record> records, const Fields& fields) {
  double common = 0;
  size_t counted = 0;
  for (const Record& record : records) {
    if (record.empty()) continue;
    const auto is_common = [&](const FieldValue& value) {
      return fields.find(value.name)->second.records * 2 >= records.size();
    };
    const auto found = std::count_if(record.begin(), record.end(), is_common);
    common += static_cast<double>(found) / static_cast<double>(record.size());
    ++counted;
  }
  return counted > 0 && common * 2 >= static_cast<double>(counted);
}

// A field that only one of several records has, or few of many, is no column.
bool IsColumn(const FieldStats& stats, size_t records) {
  return stats.records * 5 >= records && (stats.records > 1 || records <= 2);
}

}  // namespace

std::vector<ImportColumn> KeyColumns(const KeyGroup& group) {
  if (!group.many()) return {};
  const bool text = std::all_of(group.keys.begin(), group.keys.end(),
                                [](const std::string& key) { return IsText(key); });
  return {ImportColumn{"key", text ? ValueType::kText : ValueType::kBytea, "", ""}};
}

std::vector<Command> SizeCommands(absl::string_view count_command, absl::string_view key) {
  Command count(count_command);
  count.Key(key).ReadOnly();
  Command memory("MEMORY");
  memory.Arg("USAGE").Key(key).Arg("SAMPLES").ArgInt(kMemorySamples).ReadOnly();
  return {count, memory};
}

int64_t ElementsToFetch(const KeySample& sample) {
  const int64_t count = sample.reply(0).integer;
  const int64_t bytes = sample.reply(1).integer;
  if (count <= 0 || bytes <= 0) return 0;
  const int64_t size = std::max<int64_t>(1, bytes / count);
  return std::min(kMostElements, kBytesPerKey / size);
}

TypeGuess GuessElements(absl::Span<const KeySample> samples, size_t reply) {
  TypeGuess guess;
  for (const KeySample& sample : samples) {
    for (const SampledElement& element : sample.reply(reply).elements) {
      if (!element.nil) guess.Add(element.bytes, element.cut);
    }
  }
  return guess;
}

FieldColumns ColumnsOfFields(absl::Span<const Record> records,
                             const std::vector<ImportColumn>& before) {
  const Fields fields = CountFields(records);
  FieldColumns result;
  const bool text = std::all_of(fields.begin(), fields.end(),
                                [](const auto& field) { return IsText(field.first); });
  result.alike = text && Alike(records, fields);
  std::vector<std::pair<size_t, absl::string_view>> chosen;
  for (const auto& field : fields) {
    if (IsColumn(field.second, records.size()) && IsText(field.first)) {
      chosen.emplace_back(field.second.first, field.first);
    }
  }
  std::sort(chosen.begin(), chosen.end());
  if (chosen.size() > kMostColumns) chosen.resize(kMostColumns);
  result.others = chosen.size() < fields.size();
  NameSet names = NamesOf(before);
  for (const auto& place : chosen) {
    ImportColumn column;
    column.name = names.Add(SqlName(place.second, "field"));
    column.type = fields.find(place.second)->second.type.Get();
    // An unmarked column of the name ttl would be the key's.
    if (column.name != place.second || column.name == kTtl)
      column.field = std::string(place.second);
    result.columns.push_back(std::move(column));
  }
  return result;
}

ImportColumn OtherFieldsColumn(const std::vector<ImportColumn>& before) {
  return ImportColumn{NamesOf(before).Add("others"), ValueType::kJsonb, "*", ""};
}

Command TtlCommand(absl::string_view key) {
  Command command("PTTL");  // which scans need anyway, so every reader has the right to it
  command.Key(key).ReadOnly();
  return command;
}

void AppendTtlColumn(absl::Span<const KeySample> samples, size_t reply,
                     std::vector<ImportColumn>* columns) {
  const bool any = std::any_of(samples.begin(), samples.end(), [reply](const KeySample& sample) {
    return sample.reply(reply).integer >= 0;
  });
  if (!any) return;
  columns->push_back(ImportColumn{NamesOf(*columns).Add(kTtl), ValueType::kBigint, kTtl, ""});
}

}  // namespace redis_fdw
