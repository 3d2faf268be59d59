// Reading hashes, a row each.

#include <memory>
#include <string>
#include <utility>

#include "core/base/status.h"
#include "tables/common/script.h"
#include "tables/common/step_source.h"
#include "tables/hash/hash_row.h"

namespace redis_fdw {
namespace {

// HMGET does not tell a hash without these fields from one that is not there. Replies nothing for
// that, else whether the key is there and the values, read in one step.
constexpr char kReadScript[] = R"lua(
if redis.call('EXISTS', KEYS[1]) == 0 then return {} end
if #ARGV == 0 then
  local length = redis.pcall('HLEN', KEYS[1])
  return type(length) == 'table' and length or {'1'}
end
local values = redis.pcall('HMGET', KEYS[1], unpack(ARGV))
if values.err then return values end
table.insert(values, 1, '1')
return values
)lua";

// The fields of one hash: HMGET, and the script if that gives nothing.
class FieldsSource : public StepSource {
 public:
  FieldsSource(const HashRow* table, absl::string_view key, const std::vector<int>* wanted,
               RowWriter* rows)
      : table_(table), key_(key), wanted_(wanted), rows_(rows) {
    if (wanted->empty()) asked_ = true;  // only whether the hash is there
  }

  State state() const override { return state_; }
  absl::StatusOr<Step> Next(const ServerInfo&) override;
  // A row that was not written is asked for again.
  bool Resume() override {
    state_ = rows_->written() == 0 ? State::kReady : State::kDone;
    return true;
  }

 private:
  class ValuesSink;

  const HashRow* table_;
  const absl::string_view key_;
  const std::vector<int>* wanted_;  // parts
  RowWriter* rows_;
  State state_ = State::kReady;
  bool asked_ = false;  // HMGET has given nothing
};

class FieldsSource::ValuesSink : public StepSink {
 public:
  // `offset`: elements of the reply before the first value.
  ValuesSink(FieldsSource* source, int64_t offset)
      : StepSink(source->rows_),
        source_(source),
        offset_(offset),
        values_(source->wanted_->size()),
        cells_(source->table_->columns().parts()) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 0) {
      if (element.type != ReplyType::kArray) return UnexpectedReply("HMGET");
      found_ = offset_ > 0 && element.integer > 0;
      return absl::OkStatus();
    }
    int64_t i = element.index - offset_;
    if (i < 0 || element.type == ReplyType::kNil) return absl::OkStatus();
    if (i >= static_cast<int64_t>(values_.size()) || element.type != ReplyType::kBulk) {
      return UnexpectedReply("HMGET");
    }
    std::string& value = values_[static_cast<size_t>(i)];
    value.assign(element.bytes.data(), element.bytes.size());
    cells_[static_cast<size_t>((*source_->wanted_)[static_cast<size_t>(i)])] = Cell::Bytes(value);
    found_ = true;
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    if (found_) rows()->Write(cells_);
    bool ask_again = !found_ && offset_ == 0;
    source_->asked_ = true;
    source_->state_ = ask_again ? State::kReady : State::kDone;
    return absl::OkStatus();
  }

 private:
  FieldsSource* source_;
  const int64_t offset_;
  std::vector<std::string> values_;
  std::vector<Cell> cells_;  // by part; views of values_
  bool found_ = false;
};

absl::StatusOr<Step> FieldsSource::Next(const ServerInfo&) {
  Command command = asked_ ? ScriptCommand(kReadScript, key_) : Command("HMGET");
  if (!asked_) command.Key(key_);
  for (int part : *wanted_) command.Arg(table_->columns().fields[static_cast<size_t>(part)]);
  command.ReadOnly();
  state_ = State::kWaiting;
  return Step{std::move(command), std::make_unique<ValuesSink>(this, asked_ ? 1 : 0)};
}

// HGETALL: everything.
class AllFieldsSink : public StepSink {
 public:
  AllFieldsSink(const HashRow* table, RowWriter* rows) : StepSink(rows), table_(table) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 0 && element.type == ReplyType::kArray && element.integer % 2 == 0) {
      parts_.reserve(static_cast<size_t>(element.integer));
      return absl::OkStatus();
    }
    if (element.depth != 1 || element.type != ReplyType::kBulk) return UnexpectedReply("HGETALL");
    parts_.emplace_back(element.bytes);
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    if (parts_.empty()) return absl::OkStatus();  // no such key
    const Columns& columns = table_->columns();
    std::vector<Cell> cells(columns.parts());
    std::vector<Cell> rest;
    for (size_t i = 0; i < parts_.size(); i += 2) {
      int part = table_->PartOf(parts_[i]);
      if (part >= 0 && part != columns.rest_part) {
        cells[static_cast<size_t>(part)] = Cell::Bytes(parts_[i + 1]);
      } else {
        rest.push_back(Cell::Bytes(parts_[i]));
        rest.push_back(Cell::Bytes(parts_[i + 1]));
      }
    }
    if (columns.rest_part >= 0) cells[static_cast<size_t>(columns.rest_part)] = Cell::List(rest);
    rows()->Write(cells);
    return absl::OkStatus();
  }

 private:
  const HashRow* table_;
  std::vector<std::string> parts_;  // names and values in turn
};

}  // namespace

ElementSourceFactory HashRow::Open(const ScanPlan& plan, const ScanOptions&) const {
  bool all = false;
  for (int part : plan.output.columns) all |= part == columns().rest_part;
  if (all) {
    return [this](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
      return std::make_unique<FixedSource>(1, [this, key, rows](size_t) {
        Step step{Command("HGETALL"), std::make_unique<AllFieldsSink>(this, rows)};
        step.command.Key(key).ReadOnly();
        return step;
      });
    };
  }
  auto wanted = std::make_shared<const std::vector<int>>(plan.output.columns);
  return [this, wanted](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
    return std::make_unique<FieldsSource>(this, key, wanted.get(), rows);
  };
}

}  // namespace redis_fdw
