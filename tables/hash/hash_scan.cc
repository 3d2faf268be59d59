// Reading hashes.

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "pushdown/glob.h"
#include "pushdown/operands.h"
#include "tables/common/element_source.h"
#include "tables/common/lookup_source.h"
#include "tables/common/planning.h"
#include "tables/common/sample.h"
#include "tables/hash/hash_field_ttl.h"
#include "tables/hash/hash_table.h"

namespace redis_fdw {
namespace {

absl::Status WriteField(absl::string_view field, absl::string_view value, int64_t,
                        RowWriter* rows) {
  Cell parts[] = {Cell::Bytes(field), Cell::Bytes(value)};
  rows->Write(parts);
  return absl::OkStatus();
}

absl::Status WriteAnswer(absl::string_view field, const ReplyElement& answer, RowWriter* rows) {
  if (answer.type == ReplyType::kNil) return absl::OkStatus();  // no such field
  if (answer.type != ReplyType::kBulk) return UnexpectedReply("HMGET");
  return WriteField(field, answer.bytes, 0, rows);
}

// With TTLs: values as the scripts of hash_field_ttl.h give them.
absl::Status WriteFieldWithTtl(absl::string_view field, absl::string_view value, int64_t,
                               RowWriter* rows) {
  RETURN_IF_ERROR(TakeTtl(&value, rows));
  return WriteField(field, value, 0, rows);
}

absl::Status WriteAnswerWithTtl(absl::string_view field, const ReplyElement& answer,
                                RowWriter* rows) {
  if (answer.type == ReplyType::kNil) return absl::OkStatus();  // no such field
  if (answer.type != ReplyType::kBulk) return UnexpectedReply("HMGET");
  return WriteFieldWithTtl(field, answer.bytes, 0, rows);
}

constexpr ElementShape kFieldAndValue = {2, &WriteField};
constexpr ElementShape kWithTtl = {2, &WriteFieldWithTtl};
constexpr LookupCommands kLookup = {"HGET", "HMGET", nullptr, &WriteAnswer};
constexpr LookupCommands kLookupWithTtl = {"HMGET", "HMGET", nullptr, &WriteAnswerWithTtl,
                                           kLookupTtlScript};

// Chooses between two sources when it is known who will be asked.
class ByServerSource : public StepSource {
 public:
  // `field_ttl`: whether the server's fields may have TTLs of their own.
  using Make = std::function<std::unique_ptr<StepSource>(bool field_ttl)>;
  explicit ByServerSource(Make make) : make_(std::move(make)), source_(make_(false)) {}

  State state() const override { return source_->state(); }
  absl::StatusOr<Step> Next(const ServerInfo& server) override {
    if (!chosen_ && server.HasFieldTtl()) source_ = make_(true);
    chosen_ = true;
    return source_->Next(server);
  }
  size_t window() const override { return source_->window(); }
  bool Resume() override { return source_->Resume(); }

 private:
  Make make_;
  bool chosen_ = false;
  std::unique_ptr<StepSource> source_;
};

bool ShowsTtl(const RowWriter& rows) {
  return rows.target().uses_ttl() || rows.target().uses_expires();
}

// Reads the fields of hashes, as a plan says.
struct HashReading {
  ScanOp op;
  std::vector<Predicate> predicates;
  ScanOptions options;
  int64_t expected_rows;

  std::unique_ptr<StepSource> Scan(absl::string_view key, absl::Span<const Cell> params,
                                   bool with_ttl, RowWriter* rows) const;
  std::unique_ptr<StepSource> Count(absl::string_view key, absl::Span<const Cell> params,
                                    RowWriter* rows) const;
};

std::unique_ptr<StepSource> HashReading::Scan(absl::string_view key, absl::Span<const Cell> params,
                                              bool with_ttl, RowWriter* rows) const {
  CollectionCommands commands = {Command("HGETALL"), "HSCAN",
                                 with_ttl ? &kWithTtl : &kFieldAndValue,
                                 with_ttl ? kScanTtlScript : nullptr};
  commands.snapshot.Key(key);
  commands.expected_rows = expected_rows;
  if (!MatchPattern(predicates, HashElements::kField, params, &commands.match)) {
    return std::make_unique<FixedSource>(0, nullptr);
  }
  return NewCollectionSource(std::move(commands), key, options, rows);
}

// HLEN counts fields that have expired and were not removed yet; HSCAN passes them over.
std::unique_ptr<StepSource> HashReading::Count(absl::string_view key, absl::Span<const Cell> params,
                                               RowWriter* rows) const {
  return std::make_unique<ByServerSource>([=](bool field_ttl) -> std::unique_ptr<StepSource> {
    if (field_ttl) return Scan(key, params, false, rows);
    Command length("HLEN");
    length.Key(key);
    return NewCountSource(std::move(length), rows);
  });
}

}  // namespace

ElementSourceFactory HashElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  auto reading = std::make_shared<const HashReading>(
      HashReading{plan.op, PredicatesOf(plan), options, plan.expected_rows});
  return [reading](absl::string_view key, absl::Span<const Cell> params,
                   RowWriter* rows) -> std::unique_ptr<StepSource> {
    if (reading->op == ScanOp::kCount) return reading->Count(key, params, rows);
    auto make = [=](bool with_ttl) -> std::unique_ptr<StepSource> {
      if (reading->op != ScanOp::kLookup) return reading->Scan(key, params, with_ttl, rows);
      return std::make_unique<LookupSource>(key, ResolveKeys(reading->predicates, kField, params),
                                            static_cast<size_t>(reading->options.fetch_size),
                                            with_ttl ? &kLookupWithTtl : &kLookup, rows);
    };
    if (!ShowsTtl(*rows)) return make(false);
    return std::make_unique<ByServerSource>(make);
  };
}

std::unique_ptr<StepSource> HashElements::OpenSample(absl::string_view key,
                                                     const ElementSample& sample,
                                                     RowWriter* rows) const {
  const bool with_ttl = ShowsTtl(*rows) && sample.server->HasFieldTtl();
  if (!with_ttl && sample.server->AtLeast(6, 2)) {
    return NewRandomSource("HRANDFIELD", key, "WITHVALUES", sample, &kFieldAndValue, rows);
  }
  Command all("HGETALL");
  all.Key(key);
  CollectionCommands commands = {std::move(all), "HSCAN", with_ttl ? &kWithTtl : &kFieldAndValue,
                                 with_ttl ? kScanTtlScript : nullptr};
  return NewFirstPagesSource(std::move(commands), key, sample, rows);
}

}  // namespace redis_fdw
