// Reading tables: which keys, and their elements.

#include <memory>
#include <utility>

#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/key_table.h"
#include "tables/common/keys_source.h"
#include "tables/common/scan_driver.h"

namespace redis_fdw {
namespace {

// The keys that equalities name, as far as they are of the table.
std::vector<std::string> NamedKeys(const KeyNaming& naming, absl::Span<const Predicate> predicates,
                                   int column, absl::Span<const Cell> params) {
  std::vector<std::string> keys;
  for (absl::string_view shown : ResolveKeys(predicates, column, params)) {
    std::string key = naming.KeyOf(shown);
    if (naming.pattern.Matches(key)) keys.push_back(std::move(key));
  }
  return keys;
}

bool ShowsTtl(const OutputShape& output, const Columns& columns) {
  for (int column : output.columns) {
    int part = columns.part_of[static_cast<size_t>(column)];
    if (part == kTtlPart || part == kExpiresPart) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scan>> KeyTable::OpenScan(const ScanPlan& plan,
                                                         const ScanOptions& options,
                                                         Pipeline* pipeline) const {
  auto reading = std::make_shared<KeysReading>();
  reading->naming = &naming_;
  reading->elements = elements_.get();
  reading->open = elements_->Open(ElementPlan(plan), options);
  reading->access = plan.keys;
  reading->page = options.fetch_size;
  reading->pipeline = pipeline;

  SourceFactory factory;
  if (plan.op == ScanOp::kNothing) {
    factory = [](absl::Span<const Cell>, RowWriter*) {
      return std::make_unique<FixedSource>(0, nullptr);
    };
  } else if (plan.keys != KeyAccess::kOne) {
    factory = [this, reading, predicates = KeyPredicates(plan)](
                  absl::Span<const Cell> params, RowWriter* rows) -> std::unique_ptr<StepSource> {
      int column = map().key_column;
      std::string glob;
      std::vector<std::string> keys;
      if (reading->access == KeyAccess::kLookup) {
        keys = NamedKeys(naming_, predicates, column, params);
      } else if (!NarrowPattern(naming_.pattern, predicates, column, params, naming_.prefix,
                                naming_.suffix, &glob)) {
        return std::make_unique<FixedSource>(0, nullptr);
      }
      return NewKeysSource(reading.get(), std::move(glob), std::move(keys), params, rows);
    };
  } else if (ShowsTtl(plan.output, map())) {
    factory = [this, reading](absl::Span<const Cell> params, RowWriter* rows) {
      return NewKeysSource(reading.get(), "", {naming_.pattern.literal()}, params, rows);
    };
  } else {
    factory = [this, reading](absl::Span<const Cell> params, RowWriter* rows) {
      return reading->open(naming_.pattern.literal(), params, rows);
    };
  }
  return NewDrivenScan(map(), NodeKey(), plan, std::move(factory), pipeline);
}

}  // namespace redis_fdw
