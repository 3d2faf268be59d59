#include "pushdown/operands.h"

#include "absl/container/flat_hash_set.h"

namespace redis_fdw {
namespace {

bool IsEquality(const Predicate& predicate, int column) {
  return predicate.column == column &&
         (predicate.op == CompareOp::kEq || predicate.op == CompareOp::kIn);
}

// The operands of one equality: one cell, or those of a list.
absl::Span<const Cell> OperandsOf(const Cell& operand) {
  if (operand.kind() == Cell::Kind::kList) return operand.list();
  return absl::MakeConstSpan(&operand, 1);
}

// `get` reads a cell that has kind `kind`.
template <typename T, typename Get>
std::vector<T> Resolve(absl::Span<const Predicate> predicates, int column,
                       absl::Span<const Cell> params, Cell::Kind kind, Get get) {
  std::vector<T> result;
  bool first = true;
  for (const Predicate& predicate : predicates) {
    if (!IsEquality(predicate, column)) continue;
    absl::Span<const Cell> operands = OperandsOf(params[predicate.operand]);
    if (first && operands.size() == 1) {  // the usual case needs no set
      if (operands[0].kind() == kind) result.push_back(get(operands[0]));
    } else if (first) {
      absl::flat_hash_set<T> seen;
      for (const Cell& cell : operands) {
        if (cell.kind() == kind && seen.insert(get(cell)).second) result.push_back(get(cell));
      }
    } else {
      absl::flat_hash_set<T> wanted;
      for (const Cell& cell : operands) {
        if (cell.kind() == kind) wanted.insert(get(cell));
      }
      size_t kept = 0;
      for (const T& value : result) {
        if (wanted.contains(value)) result[kept++] = value;
      }
      result.resize(kept);
    }
    first = false;
  }
  return result;
}

}  // namespace

std::vector<absl::string_view> ResolveKeys(absl::Span<const Predicate> predicates, int column,
                                           absl::Span<const Cell> params) {
  return Resolve<absl::string_view>(predicates, column, params, Cell::Kind::kBytes,
                                    [](const Cell& cell) { return cell.bytes(); });
}

std::vector<int64_t> ResolveIntegers(absl::Span<const Predicate> predicates, int column,
                                     absl::Span<const Cell> params) {
  return Resolve<int64_t>(predicates, column, params, Cell::Kind::kInt64,
                          [](const Cell& cell) { return cell.int64(); });
}

bool HasEquality(absl::Span<const Predicate> predicates, int column) {
  for (const Predicate& predicate : predicates) {
    if (IsEquality(predicate, column)) return true;
  }
  return false;
}

}  // namespace redis_fdw
