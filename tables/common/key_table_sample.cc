// Reading some rows of a table.

#include <memory>
#include <utility>

#include "core/base/status.h"
#include "tables/common/key_table.h"
#include "tables/common/sample_source.h"
#include "tables/common/scan_driver.h"

namespace redis_fdw {
namespace {

class KeyTableSample : public SampleScan {
 public:
  KeyTableSample(std::unique_ptr<SampleReading> reading, std::unique_ptr<Scan> scan)
      : reading_(std::move(reading)), scan_(std::move(scan)) {}

  absl::Status Start(absl::Span<const absl::Span<const Cell>> params) override {
    rows_ = 0;
    return scan_->Start(params);
  }
  absl::Status NextBatch(RowBatch* batch) override {
    RETURN_IF_ERROR(scan_->NextBatch(batch));
    rows_ += static_cast<double>(batch->rows());
    return absl::OkStatus();
  }
  void Stop() override { scan_->Stop(); }
  const Counters& counters() const override { return scan_->counters(); }
  double total_rows() const override {
    return reading_->total_rows < 0 ? rows_ : reading_->total_rows;
  }

 private:
  std::unique_ptr<SampleReading> reading_;
  std::unique_ptr<Scan> scan_;
  double rows_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<SampleScan>> KeyTable::OpenSample(int64_t rows, uint64_t seed,
                                                                 const ScanOptions& options,
                                                                 Pipeline* pipeline) const {
  ScanPlan plan;
  for (size_t i = 0; i < columns().size(); ++i) plan.output.columns.push_back(static_cast<int>(i));
  plan.limit = rows;
  auto reading = std::make_unique<SampleReading>();
  reading->keys.naming = &naming_;
  reading->keys.elements = elements_.get();
  reading->keys.open = elements_->Open(ElementPlan(plan), options);
  reading->keys.access = naming_.many() ? KeyAccess::kLookup : KeyAccess::kOne;
  reading->keys.page = options.fetch_size;
  reading->keys.pipeline = pipeline;
  reading->rows = rows;
  reading->seed = seed;
  auto factory = [reading = reading.get()](absl::Span<const Cell>, RowWriter* out) {
    return NewSampleSource(reading, out);
  };
  ASSIGN_OR_RETURN(std::unique_ptr<Scan> scan,
                   NewDrivenScan(map(), NodeKey(), plan, std::move(factory), pipeline));
  return std::unique_ptr<SampleScan>(
      std::make_unique<KeyTableSample>(std::move(reading), std::move(scan)));
}

}  // namespace redis_fdw
