#include "tables/list/list_import.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tables/import/elements.h"

namespace redis_fdw {
namespace {

// Replies: 0 and 1 the size, 2 elements.
constexpr size_t kSize = 2;
constexpr size_t kElements = 2;

// (index, element) or (key, index, element); elements from the head.
class Importer : public TableImporter {
 public:
  std::vector<Command> NextCommands(const KeySample& sample, const ServerInfo&) const override {
    if (sample.replies.empty()) return SizeCommands("LLEN", sample.key);
    const int64_t fetch = ElementsToFetch(sample);
    if (sample.replies.size() > kSize || fetch == 0) return {};
    Command elements("LRANGE");
    elements.Key(sample.key).ArgInt(0).ArgInt(fetch - 1).ReadOnly();
    return {elements};
  }

  TableDraft Draft(const KeyGroup& group, absl::Span<const KeySample> samples) const override {
    TableDraft draft;
    draft.columns = KeyColumns(group);
    draft.columns.push_back(ImportColumn{"index", ValueType::kBigint, "", ""});
    const ValueType type = GuessElements(samples, kElements).Get();
    draft.columns.push_back(ImportColumn{"element", type, "", ""});
    return draft;
  }
};

}  // namespace

const TableImporter* ListImporter() {
  static const Importer* const importer = new Importer;
  return importer;
}

}  // namespace redis_fdw
