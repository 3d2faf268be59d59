#include "testing/conformance/sample.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "tables/registry.h"
#include "testing/conformance/sample_parts.h"

namespace redis_fdw::test {

SampleRow& SampleRow::operator=(const SampleRow& other) {
  if (this == &other) return *this;
  bytes_.clear();
  lists_.clear();
  cells_.clear();
  for (const Cell& cell : other.cells_) Append(cell);
  return *this;
}

Cell SampleRow::Own(const Cell& cell) {
  if (cell.kind() == Cell::Kind::kBytes) {
    bytes_.emplace_back(cell.bytes());
    return Cell::Bytes(bytes_.back());
  }
  if (cell.kind() != Cell::Kind::kList) return cell;
  std::vector<Cell> cells;
  for (const Cell& element : cell.list()) cells.push_back(Own(element));
  lists_.push_back(std::move(cells));
  return Cell::List(lists_.back());
}

SampleRow& SampleRow::Append(const Cell& cell) {
  cells_.push_back(Own(cell));
  return *this;
}

SampleRow& SampleRow::Bytes(absl::string_view bytes) { return Append(Cell::Bytes(bytes)); }
SampleRow& SampleRow::Int(int64_t value) { return Append(Cell::Int64(value)); }
SampleRow& SampleRow::Double(double value) { return Append(Cell::Double(value)); }
SampleRow& SampleRow::Null() { return Append(Cell::Null()); }
SampleRow& SampleRow::List(absl::Span<const Cell> cells) { return Append(Cell::List(cells)); }

SampleRow SampleRow::With(size_t column, const Cell& cell) const {
  SampleRow row = *this;
  row.cells_[column] = row.Own(cell);
  return row;
}

SampleRow SampleRow::WithoutFirst() const {
  SampleRow row;
  for (size_t i = 1; i < cells_.size(); ++i) row.Append(cells_[i]);
  return row;
}

std::string RowLine(absl::Span<const Cell> cells) {
  return absl::StrJoin(cells, ", ", [](std::string* out, const Cell& cell) {
    absl::StrAppend(out, DebugString(cell));
  });
}

std::string SampleRow::Line() const { return RowLine(cells_); }

namespace {

std::map<std::string, Sample> MakeSamples() {
  std::map<std::string, Sample> samples;
  for (auto& one : OneKeySamples()) {
    one.second.type = one.first;
    samples[one.first + "_many"] = ManyKeys(one.second);
    samples[one.first] = std::move(one.second);
  }
  for (auto& row : RowPerKeySamples()) {
    row.second.type = row.first;
    samples[row.first + "_row"] = std::move(row.second);
  }
  return samples;
}

}  // namespace

const std::map<std::string, Sample>& Samples() {
  static const auto* const samples = new std::map<std::string, Sample>(MakeSamples());
  return *samples;
}

std::vector<std::string> LayoutNames() {
  std::vector<std::string> names;
  for (const std::string& type : TableTypeNames()) {
    names.push_back(type);
    names.push_back(type + "_many");
    if (Samples().count(type + "_row") > 0) names.push_back(type + "_row");
  }
  return names;
}

}  // namespace redis_fdw::test
