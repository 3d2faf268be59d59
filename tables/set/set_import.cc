#include "tables/set/set_import.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tables/import/elements.h"

namespace redis_fdw {
namespace {

// Replies: 0 and 1 the size, 2 elements.
constexpr size_t kSize = 2;
constexpr size_t kElements = 2;

// (member) or (key, member).
class Importer : public TableImporter {
 public:
  std::vector<Command> NextCommands(const KeySample& sample, const ServerInfo&) const override {
    if (sample.replies.empty()) return SizeCommands("SCARD", sample.key);
    const int64_t fetch = ElementsToFetch(sample);
    if (sample.replies.size() > kSize || fetch == 0) return {};
    Command elements("SRANDMEMBER");
    elements.Key(sample.key).ArgInt(fetch).ReadOnly();
    return {elements};
  }

  TableDraft Draft(const KeyGroup& group, absl::Span<const KeySample> samples) const override {
    TableDraft draft;
    draft.columns = KeyColumns(group);
    const ValueType type = GuessElements(samples, kElements).GetIdentity();
    draft.columns.push_back(ImportColumn{"member", type, "", ""});
    return draft;
  }
};

}  // namespace

const TableImporter* SetImporter() {
  static const Importer* const importer = new Importer;
  return importer;
}

}  // namespace redis_fdw
