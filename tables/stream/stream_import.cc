#include "tables/stream/stream_import.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "tables/import/elements.h"

namespace redis_fdw {
namespace {

// Replies: 0 and 1 the size, 2 the first entries, 3 the latest: what is written may have changed.
constexpr size_t kSize = 2;
constexpr size_t kFirst = 2;
constexpr size_t kLatest = 3;
constexpr int64_t kMostEntries = 10;

// The entries of a reply [[id, [field, value, ...]], ...] as records, but those of `seen` ids, to
// which the others are added: the first entries of a short stream are its latest, too.
void AppendEntries(const SampledReply& reply, std::set<absl::string_view>* seen,
                   std::vector<Record>* records) {
  constexpr int kIdDepth = 2;
  bool skip = true;
  const SampledElement* name = nullptr;
  for (const SampledElement& element : reply.elements) {
    if (element.depth == kIdDepth) {
      skip = !seen->insert(element.bytes).second;
      if (!skip) records->emplace_back();
      name = nullptr;
    } else if (skip) {
      continue;
    } else if (name == nullptr) {
      name = &element;
    } else {
      records->back().push_back(FieldValue{name->bytes, element.bytes, element.cut});
      name = nullptr;
    }
  }
}

// (stream_id, fields...) or (key, stream_id, fields...).
class Importer : public TableImporter {
 public:
  std::vector<Command> NextCommands(const KeySample& sample, const ServerInfo&) const override {
    if (sample.replies.empty()) return SizeCommands("XLEN", sample.key);
    const int64_t fetch = std::min(kMostEntries, ElementsToFetch(sample));
    if (sample.replies.size() > kSize || fetch == 0) return {};
    Command first("XRANGE");
    first.Key(sample.key).Arg("-").Arg("+").Arg("COUNT").ArgInt(fetch).ReadOnly();
    Command latest("XREVRANGE");
    latest.Key(sample.key).Arg("+").Arg("-").Arg("COUNT").ArgInt(fetch).ReadOnly();
    return {first, latest};
  }

  TableDraft Draft(const KeyGroup& group, absl::Span<const KeySample> samples) const override {
    std::vector<Record> records;
    for (const KeySample& sample : samples) {
      std::set<absl::string_view> seen;
      AppendEntries(sample.reply(kFirst), &seen, &records);
      AppendEntries(sample.reply(kLatest), &seen, &records);
    }
    TableDraft draft;
    draft.columns = KeyColumns(group);
    draft.columns.push_back(ImportColumn{"stream_id", ValueType::kStreamId, "", ""});
    FieldColumns fields = ColumnsOfFields(records, draft.columns);
    for (ImportColumn& column : fields.columns) draft.columns.push_back(std::move(column));
    if (fields.others || fields.columns.empty()) {
      draft.columns.push_back(OtherFieldsColumn(draft.columns));
    }
    return draft;
  }
};

}  // namespace

const TableImporter* StreamImporter() {
  static const Importer* const importer = new Importer;
  return importer;
}

}  // namespace redis_fdw
