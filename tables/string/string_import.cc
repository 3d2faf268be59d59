#include "tables/string/string_import.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tables/import/elements.h"

namespace redis_fdw {
namespace {

constexpr int64_t kBytes = 4096;

// (value) or (key, value), and ttl where one is set.
class Importer : public TableImporter {
 public:
  std::vector<Command> NextCommands(const KeySample& sample, const ServerInfo&) const override {
    if (!sample.replies.empty()) return {};
    Command length("STRLEN");
    length.Key(sample.key).ReadOnly();
    Command begin("GETRANGE");
    begin.Key(sample.key).ArgInt(0).ArgInt(kBytes - 1).ReadOnly();
    return {length, begin, TtlCommand(sample.key)};
  }

  TableDraft Draft(const KeyGroup& group, absl::Span<const KeySample> samples) const override {
    TypeGuess guess;
    for (const KeySample& sample : samples) {
      const SampledReply& begin = sample.reply(1);
      if (begin.elements.empty()) continue;
      const bool cut = sample.reply(0).integer > kBytes || begin.elements[0].cut;
      guess.Add(begin.elements[0].bytes, cut);
    }
    TableDraft draft;
    draft.columns = KeyColumns(group);
    draft.columns.push_back(ImportColumn{"value", guess.Get(), "", ""});
    AppendTtlColumn(samples, 2, &draft.columns);
    return draft;
  }
};

}  // namespace

const TableImporter* StringImporter() {
  static const Importer* const importer = new Importer;
  return importer;
}

}  // namespace redis_fdw
