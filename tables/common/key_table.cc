#include "tables/common/key_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/planning.h"

namespace redis_fdw {
namespace {

// How many keys a pattern is taken to match, and of how many elements each, where rows are
// elements.
constexpr double kGuessedKeys = 100;

absl::StatusOr<KeyNaming> NameByTemplate(const TableDef& def) {
  KeyNaming naming;
  size_t at = absl::string_view::npos;
  for (size_t i = 0; i < def.columns.size(); ++i) {
    std::string variable = absl::StrCat("{", def.columns[i].name, "}");
    size_t found = def.key_template.find(variable);
    if (found == absl::string_view::npos) continue;
    if (at != absl::string_view::npos || def.key_template.rfind(variable) != found) {
      return MakeError(
          ErrorKind::kInvalidOption,
          absl::StrCat("option \"key_template\" of foreign table \"", def.name,
                       "\" has more than one variable part: \"", def.key_template, "\""),
          "One column can be named in it, once; other braces are literal.");
    }
    at = found;
    naming.template_column = static_cast<int>(i);
    naming.prefix = def.key_template.substr(0, found);
    naming.suffix = def.key_template.substr(found + variable.size());
  }
  if (at == absl::string_view::npos) {
    return MakeError(ErrorKind::kInvalidOption,
                     absl::StrCat("option \"key_template\" of foreign table \"", def.name,
                                  "\" names no column: \"", def.key_template, "\""),
                     "Write a column's name in braces where the keys differ, as in 'user:{id}'.");
  }
  naming.pattern = KeyPattern::Around(naming.prefix, naming.suffix);
  return naming;
}

bool IsKeyEquality(const Predicate& predicate) {
  return predicate.semantics == Semantics::kBytes &&
         (predicate.op == CompareOp::kEq || predicate.op == CompareOp::kIn);
}

bool ColumnsAreParts(const Columns& columns) {
  bool named = true;
  for (size_t i = 0; i < columns.part_of.size(); ++i) {
    if (columns.part_of[i] != static_cast<int>(i)) return false;
    if (columns.bound[i].identity && !named) return false;
    named = columns.bound[i].identity;
  }
  return columns.parts() == columns.part_of.size();
}

}  // namespace

std::string KeyNaming::KeyOf(absl::string_view shown) const {
  return absl::StrCat(prefix, shown, suffix);
}

absl::string_view KeyNaming::Shown(absl::string_view key) const {
  key.remove_prefix(prefix.size());
  key.remove_suffix(suffix.size());
  return key;
}

absl::StatusOr<KeyNaming> NameKeys(const TableDef& def) {
  if (!def.key_template.empty()) return NameByTemplate(def);
  KeyNaming naming;
  ASSIGN_OR_RETURN(naming.pattern, KeyPattern::Parse(def.key));
  return naming;
}

absl::Status RequireRowPerElement(const TableDef& def, absl::string_view type) {
  if (!def.row_per_key) return absl::OkStatus();
  return MakeError(ErrorKind::kUnsupported,
                   absl::StrCat("option \"row_per\" of foreign table \"", def.name,
                                "\" cannot be 'key': a ", type, " table has a row per element"),
                   "Leave the option out.");
}

absl::StatusOr<std::unique_ptr<const Table>> BindKeyTable(const TableDef& def,
                                                          const LayoutRules& rules, bool row_is_key,
                                                          const MakeElements& make) {
  ASSIGN_OR_RETURN(KeyNaming naming, NameKeys(def));
  ASSIGN_OR_RETURN(Columns columns,
                   ResolveColumns(def, rules, naming.many(), naming.template_column, row_is_key));
  std::unique_ptr<const Elements> elements = make(std::move(columns));
  return std::unique_ptr<const Table>(
      std::make_unique<KeyTable>(def, std::move(naming), std::move(elements)));
}

KeyTable::KeyTable(const TableDef& def, KeyNaming naming, std::unique_ptr<const Elements> elements)
    : naming_(std::move(naming)),
      shown_key_(naming_.many() ? naming_.pattern.glob() : naming_.pattern.literal()),
      ttl_seconds_(def.ttl_seconds),
      elements_(std::move(elements)),
      columns_are_parts_(ColumnsAreParts(elements_->columns())) {}

ScanRequest KeyTable::ElementRequest(const ScanRequest& request, const KeyPlan& keys) const {
  ScanRequest inner = request;
  inner.predicates.clear();
  inner.stats.clear();
  inner.rows_in_key = std::max(1.0, request.rows_in_key / keys.there);
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    const int part = PartOf(predicate.column);
    if (part >= 0) {
      inner.predicates.push_back(predicate);
      inner.predicates.back().column = part;
      inner.stats.push_back(request.StatsOf(i));
    } else if (part != kKeyPart || !IsKeyEquality(predicate)) {
      // Not all rows count, and nobody but PostgreSQL can tell which.
      inner.output.kind = OutputKind::kColumns;
    }
  }
  inner.order = Ordering();
  // Of several keys no order is that of all rows.
  if (request.order.column >= 0 && keys.single && PartOf(request.order.column) >= 0) {
    inner.order = request.order;
    inner.order.column = PartOf(request.order.column);
  }
  return inner;
}

ScanPlan KeyTable::Plan(const ScanRequest& request) const {
  const KeyPlan keys = PlanKeys(request);
  ScanPlan plan = elements_->Plan(ElementRequest(request, keys));
  plan.output = request.output;
  for (PlannedPredicate& planned : plan.predicates) {
    planned.predicate.column = map().column_of[static_cast<size_t>(planned.predicate.column)];
  }
  if (plan.order.column >= 0) {
    plan.order.column = map().column_of[static_cast<size_t>(plan.order.column)];
  }
  if (!keys.single) plan.order = Ordering();
  if (naming_.many()) AddKeys(request, keys, &plan);
  return plan;
}

KeyTable::KeyPlan KeyTable::PlanKeys(const ScanRequest& request) const {
  KeyPlan keys;
  if (!naming_.many()) return keys;
  keys.there = request.keys > 0 ? request.keys : kGuessedKeys;
  if (elements_->row_is_key()) keys.there = std::max(1.0, request.rows_in_key);
  keys.read = keys.there;
  keys.single = false;
  for (size_t i = 0; i < request.predicates.size(); ++i) {
    const Predicate& predicate = request.predicates[i];
    if (PartOf(predicate.column) != kKeyPart || !IsKeyEquality(predicate)) continue;
    keys.predicates.push_back({predicate, Answer::kExact});
    keys.read = std::min(keys.read, OperandCount(predicate, request.StatsOf(i)));
    keys.single |= predicate.op == CompareOp::kEq;
  }
  keys.access = KeyAccess::kLookup;
  if (!keys.predicates.empty()) return keys;
  keys.access = KeyAccess::kScan;
  Matching matching = PlanMatching(request, map().key_column);
  keys.predicates = std::move(matching.predicates);
  keys.read *= matching.share;
  return keys;
}

void KeyTable::AddKeys(const ScanRequest& request, const KeyPlan& keys, ScanPlan* plan) const {
  plan->keys = keys.access;
  plan->predicates.insert(plan->predicates.end(), keys.predicates.begin(), keys.predicates.end());
  const bool key_is_all = KeyIsAll(plan->output, keys.access);
  // Keys are read in a pipeline: what each costs beside its rows is no round trip.
  const double each = kLookupCost + std::max(0.0, plan->cost.startup - request.round_trip_cost);
  plan->cost.rows = std::max(1.0, plan->cost.rows * keys.read);
  if (keys.access == KeyAccess::kLookup) {
    plan->cost.startup = request.round_trip_cost + keys.read * each;
    return;
  }
  // They are found by and by, and read as they are found.
  double found = keys.there * request.element_cost * kWalkShare;
  if (!key_is_all) found += keys.read * each;
  plan->cost.startup = request.round_trip_cost * (key_is_all ? 1 : 2);
  plan->cost.per_row += found / plan->cost.rows;
}

std::vector<Predicate> KeyTable::KeyPredicates(const ScanPlan& plan) const {
  std::vector<Predicate> predicates;
  for (const PlannedPredicate& planned : plan.predicates) {
    if (PartOf(planned.predicate.column) == kKeyPart) predicates.push_back(planned.predicate);
  }
  return predicates;
}

ScanPlan KeyTable::ElementPlan(const ScanPlan& plan) const {
  ScanPlan inner = plan;
  inner.predicates.clear();
  for (const PlannedPredicate& planned : plan.predicates) {
    int part = PartOf(planned.predicate.column);
    if (part < 0) continue;
    inner.predicates.push_back(planned);
    inner.predicates.back().predicate.column = part;
  }
  inner.output.columns.clear();
  for (int column : plan.output.columns) {
    int part = PartOf(column);
    if (part >= 0) inner.output.columns.push_back(part);
  }
  inner.order.column = plan.order.column < 0 ? -1 : PartOf(plan.order.column);
  return inner;
}

bool KeyTable::KeyIsAll(const OutputShape& output, KeyAccess access) const {
  return elements_->row_is_key() && access != KeyAccess::kOne &&
         std::all_of(output.columns.begin(), output.columns.end(),
                     [this](int column) { return PartOf(column) < 0; });
}

std::vector<std::string> KeyTable::Describe(const ScanPlan& plan, const ScanOptions& options,
                                            absl::Span<const std::string> operand_names) const {
  std::vector<std::string> lines;
  if (plan.op == ScanOp::kNothing) return lines;
  std::string key = QuoteArgument(shown_key_);
  if (plan.keys == KeyAccess::kLookup) {
    key = EqualityText(plan, map().key_column, operand_names);
    if (!naming_.prefix.empty() || !naming_.suffix.empty()) {
      key = absl::StrCat(naming_.prefix, "{", key, "}", naming_.suffix);
    }
  } else if (plan.keys == KeyAccess::kScan) {
    lines.push_back(absl::StrCat("SCAN CURSOR MATCH ", QuoteArgument(naming_.pattern.glob()),
                                 " COUNT ", options.fetch_size, " TYPE ", elements_->redis_type()));
    const std::string narrowed = NarrowingText(plan, map().key_column, "key", operand_names);
    if (!narrowed.empty()) absl::StrAppend(&lines.back(), " (MATCH ", narrowed, ")");
    key = "KEY";
  }
  const bool key_is_all = KeyIsAll(plan.output, plan.keys);
  for (int column : plan.output.columns) {
    if (PartOf(column) == kTtlPart) lines.push_back(absl::StrCat("PTTL ", key));
    if (PartOf(column) == kExpiresPart) lines.push_back(absl::StrCat("PEXPIRETIME ", key));
  }
  if (key_is_all) {
    bool ttl = lines.size() > 1;
    if (plan.keys == KeyAccess::kLookup || ttl) lines.push_back(absl::StrCat("TYPE ", key));
    return lines;
  }
  const bool many = plan.keys == KeyAccess::kScan
                        ? lines.size() == 1
                        : lines.empty() && !SingleOperand(plan, map().key_column);
  if (elements_->many_command() != nullptr && plan.keys != KeyAccess::kOne && many) {
    const ScanPlan of_key = ElementPlan(plan);
    lines.push_back(absl::StrCat(elements_->many_command(), " ", key,
                                 plan.keys == KeyAccess::kScan ? " ..." : "", " (in a cluster ",
                                 elements_->Describe(of_key, options, operand_names, "KEY").front(),
                                 ")"));
    return lines;
  }
  for (std::string& line : elements_->Describe(ElementPlan(plan), options, operand_names, key)) {
    lines.push_back(std::move(line));
  }
  return lines;
}

std::string KeyTable::DescribeWrite(WriteKind kind, ConflictPolicy conflict) const {
  const std::string key = naming_.many() ? "KEY" : QuoteArgument(naming_.pattern.literal());
  std::string text = elements_->DescribeWrite(kind, conflict, key);
  if (kind == WriteKind::kInsert && ttl_seconds_ > 0) {
    absl::StrAppend(&text, ", with a TTL of ", ttl_seconds_, " s in the same step");
  }
  return text;
}

std::string KeyTable::DescribeRow(const OutputShape& output, absl::Span<const Cell> row,
                                  int64_t row_number) const {
  std::vector<Cell> parts(map().parts());
  std::string text;
  for (size_t i = 0; i < output.columns.size() && i < row.size(); ++i) {
    int part = PartOf(output.columns[i]);
    if (part >= 0) parts[static_cast<size_t>(part)] = row[i];
    if (part == kKeyPart && row[i].kind() == Cell::Kind::kBytes) {
      text = NameElement("key", naming_.KeyOf(row[i].bytes()));
    }
  }
  if (naming_.many() && elements_->row_is_key()) return text.empty() ? "a key" : text;
  return absl::StrCat(text, text.empty() ? "" : ", ", elements_->DescribeRow(parts, row_number));
}

bool KeyTable::SharesKeys(const Table& other) const {
  const auto* table = dynamic_cast<const KeyTable*>(&other);
  return table == nullptr || naming_.pattern.MayOverlap(table->naming_.pattern);
}

}  // namespace redis_fdw
