#include "tables/stream/entry_sink.h"

#include "core/base/status.h"

namespace redis_fdw {

EntrySink::EntrySink(const StreamElements* table, RowWriter* rows)
    : StepSink(rows),
      table_(table),
      values_(table->columns().parts()),
      cells_(table->columns().parts()) {}

absl::Status EntrySink::OnElement(const ReplyElement& element) {
  switch (element.depth) {
    case 0:
      if (element.type != ReplyType::kArray) return UnexpectedReply("XRANGE");
      return absl::OkStatus();
    case 1:
      if (element.type != ReplyType::kArray || element.integer != 2) {
        return UnexpectedReply("XRANGE");
      }
      return absl::OkStatus();
    case 2:
      return element.index == 0 ? BeginEntry(element) : BeginFields(element);
    default:
      if (element.type != ReplyType::kBulk) return UnexpectedReply("XRANGE");
      return AddPart(element);
  }
}

absl::Status EntrySink::BeginEntry(const ReplyElement& element) {
  if (element.type != ReplyType::kBulk) return UnexpectedReply("XRANGE");
  for (Cell& cell : cells_) cell = Cell::Null();
  rest_.clear();
  Put(StreamElements::kId, element.bytes);
  next_guess_ = table_->columns().first_field;
  return absl::OkStatus();
}

absl::Status EntrySink::BeginFields(const ReplyElement& element) {
  if (element.type != ReplyType::kArray || element.integer % 2 != 0) {
    return UnexpectedReply("XRANGE");
  }
  parts_left_ = element.integer;
  return parts_left_ == 0 ? EndEntry() : absl::OkStatus();
}

absl::Status EntrySink::AddPart(const ReplyElement& element) {
  if (element.index % 2 == 0) {
    part_ = PartOf(element.bytes);
    if (part_ >= 0 && part_ == table_->columns().rest_part) rest_.emplace_back(element.bytes);
  } else if (part_ >= 0 && part_ == table_->columns().rest_part) {
    rest_.emplace_back(element.bytes);
  } else if (part_ >= 0 && cells_[static_cast<size_t>(part_)].is_null()) {
    Put(static_cast<size_t>(part_), element.bytes);
  }
  return --parts_left_ == 0 ? EndEntry() : absl::OkStatus();
}

// Entries mostly have their fields in the order of the columns, which spares the search.
int EntrySink::PartOf(absl::string_view field) {
  const Columns& columns = table_->columns();
  int part = -1;
  if (next_guess_ < columns.parts() && static_cast<int>(next_guess_) != columns.rest_part &&
      columns.fields[next_guess_] == field) {
    part = static_cast<int>(next_guess_);
  } else {
    part = table_->PartOf(field);
  }
  if (part < 0) return -1;
  if (part != columns.rest_part) next_guess_ = static_cast<size_t>(part) + 1;
  return rows()->Uses(part) ? part : -1;
}

void EntrySink::Put(size_t part, absl::string_view bytes) {
  values_[part].assign(bytes.data(), bytes.size());
  cells_[part] = Cell::Bytes(values_[part]);
}

absl::Status EntrySink::EndEntry() {
  ++entries_;
  const int rest = table_->columns().rest_part;
  if (rest >= 0) {
    rest_cells_.clear();
    for (const std::string& part : rest_) rest_cells_.push_back(Cell::Bytes(part));
    cells_[static_cast<size_t>(rest)] = Cell::List(rest_cells_);
  }
  int64_t group = -1;
  RETURN_IF_ERROR(OnEntry(values_[StreamElements::kId], &group));
  rows()->Write(cells_, group);
  return absl::OkStatus();
}

}  // namespace redis_fdw
