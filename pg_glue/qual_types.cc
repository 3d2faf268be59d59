#include "pg_glue/qual_types.h"
#include "pg_glue/pg.h"
#include "pg_glue/stream_id_type.h"

namespace redis_fdw {
namespace {

bool IsInteger(Oid type) { return type == INT2OID || type == INT4OID || type == INT8OID; }
bool IsText(Oid type) { return type == TEXTOID || type == VARCHAROID; }

// A column, as far as comparisons go.
struct Compared {
  Oid type;  // domains resolved
  Cell::Kind kind;
  bool identity;
  bool has_typmod;
};

Compared ComparedColumn(const TableBinding& binding, int column) {
  const BoundColumn& bound = binding.table().columns()[column];
  Oid type;
  int32 typmod;
  Oid collation;
  get_atttypetypmodcoll(binding.relid, binding.attnums[column], &type, &typmod, &collation);
  Compared compared;
  compared.type = getBaseTypeAndTypmod(type, &typmod);
  compared.kind = bound.kind;
  compared.identity = bound.identity;
  compared.has_typmod = typmod >= 0;
  return compared;
}

// Whether a value of the column, written out, is what Redis stores. An identity that is not is a
// data error. Of other columns only those are sure whose input function has nothing to say: an
// integer is 7 where "07" is stored, and varchar(3) drops blanks beyond its length.
bool ShowsStoredBytes(const Compared& column) {
  if (column.kind != Cell::Kind::kBytes) return false;
  if (column.identity) return true;
  return (IsText(column.type) || column.type == BYTEAOID) && !column.has_typmod;
}

// Types of which two values are equal exactly if their text forms are the same bytes. Not
//
// - numeric (1.0 = 1), float4 and float8 (0 = -0), interval (24:00 = 1 day), timetz (the same
//   instant in two zones), char(n) (trailing blanks): unlike forms may be equal;
// - any type whose equality we have not read.
bool EqualAsBytes(Oid type) {
  return IsText(type) || IsInteger(type) || type == BYTEAOID || type == UUIDOID ||
         type == DATEOID || type == TIMEOID || type == TIMESTAMPOID || type == TIMESTAMPTZOID ||
         type == BOOLOID || type_is_enum(type) || IsStreamIdType(type);
}

// Whether the types on both sides are written alike: 5::int8 as 5::int4. (A date is not written as
// the timestamp that equals it.)
bool WrittenAlike(Oid type, Oid operand_type) {
  return type == operand_type || (IsInteger(type) && IsInteger(operand_type)) ||
         (IsText(type) && IsText(operand_type));
}

// A collation that says that unlike texts are equal ("a" and "A") has equality, LIKE and ^@ that
// bytes do not decide.
bool IsDeterministic(Oid type, Oid collation) {
  return !IsText(type) || (OidIsValid(collation) && get_collation_isdeterministic(collation));
}

// Whether the order of `type` under `collation` is that of its bytes: memcmp(), the shorter first.
bool OrderedAsBytes(Oid type, Oid collation) {
  if (type == BYTEAOID) return true;
  return IsText(type) && OidIsValid(collation) && CollationIsC(collation);
}

bool SortsBefore(const char* a, const char* b, Oid collation) {
  return varstr_cmp(a, (int)strlen(a), b, (int)strlen(b), collation) < 0;
}

// Asks the collation whether digits decide an order as Semantics::kText wants it.
bool ProbeDigits(Oid collation) {
  // The first digit that differs decides, whatever follows: had digits the same primary weight, the
  // letters would.
  for (char digit = '0'; digit < '9'; ++digit) {
    const char low[] = {digit, 'z', '\0'};
    const char high[] = {static_cast<char>(digit + 1), 'a', '\0'};
    if (!SortsBefore(low, high, collation)) return false;
  }
  // Each digit counts for itself: no two of them sort as a unit.
  for (int number = 0; number < 99; ++number) {
    char low[8];
    char high[8];
    snprintf(low, sizeof(low), "%02d", number);
    snprintf(high, sizeof(high), "%02d", number + 1);
    if (!SortsBefore(low, high, collation)) return false;
  }
  // Not numbers by their value (ICU's "kn"): there the digits of other scripts go on with a number.
  return SortsBefore("10", "9", collation);
}

bool OpOfStrategy(int strategy, CompareOp* op) {
  switch (strategy) {
    case BTEqualStrategyNumber:
      *op = CompareOp::kEq;
      return true;
    case BTLessStrategyNumber:
      *op = CompareOp::kLt;
      return true;
    case BTLessEqualStrategyNumber:
      *op = CompareOp::kLe;
      return true;
    case BTGreaterStrategyNumber:
      *op = CompareOp::kGt;
      return true;
    case BTGreaterEqualStrategyNumber:
      *op = CompareOp::kGe;
      return true;
    default:
      return false;
  }
}

// LIKE, ^@ and starts_with() are in no btree family: they are known by their functions, and by the
// type that these take. Not ILIKE, SIMILAR TO and regular expressions: the first asks the locale
// what a letter's other case is, the others have no glob.
bool OpOfPattern(Oid function, Oid type, CompareOp* op) {
  if ((function == F_TEXTLIKE && IsText(type)) || (function == F_BYTEALIKE && type == BYTEAOID)) {
    *op = CompareOp::kLike;
    return true;
  }
  *op = CompareOp::kPrefix;
  return function == F_STARTS_WITH && IsText(type);
}

bool PatternSemantics(const Compared& column, const Comparison& comparison, Oid operand_type,
                      Semantics* semantics) {
  *semantics = Semantics::kBytes;
  return ShowsStoredBytes(column) && WrittenAlike(column.type, operand_type) &&
         IsDeterministic(column.type, comparison.collation);
}

// Of an operator of the default btree family of the column's type.
bool OrderSemantics(const Compared& column, CompareOp op, Oid operand_type, Oid collation,
                    Semantics* semantics) {
  const Oid type = column.type;
  if (column.kind == Cell::Kind::kBytes) {
    *semantics = Semantics::kBytes;
    if (!ShowsStoredBytes(column) || !WrittenAlike(type, operand_type)) return false;
    if (op == CompareOp::kEq) return EqualAsBytes(type) && IsDeterministic(type, collation);
    if (OrderedAsBytes(type, collation)) return true;
    *semantics = Semantics::kStreamId;
    if (IsStreamIdType(type)) return true;
    *semantics = Semantics::kText;
    return IsText(type) && DigitsAscend(collation);
  }
  if (IsInteger(type)) {  // cells are int64, or doubles that have to be integers
    *semantics = Semantics::kInteger;
    return IsInteger(operand_type);
  }
  if (column.kind != Cell::Kind::kDouble) return false;
  if (type == FLOAT8OID) {
    *semantics = Semantics::kDouble;
    return operand_type == FLOAT8OID || operand_type == FLOAT4OID;
  }
  // Shown is the shortest decimal that reads as the double, unless the type rounds it. So a decimal
  // that is at least the operand reads as a double that is at least the operand's nearest.
  *semantics = Semantics::kNumeric;
  return type == NUMERICOID && operand_type == NUMERICOID && !column.has_typmod;
  // float4 stays local: it shows a score rounded to its own 24 bits, so every end would have to be
  // widened by those, for a declaration that loses digits in every row.
}

}  // namespace

// Digits have primary weights in this order in ICU's root collation and in glibc's, no locale
// changes that, and primary weights are compared first, from the left. It does not matter whether
// the collation is deterministic, since nothing is said of texts with the same digits. Rules that a
// user adds (PostgreSQL 16) may say anything, so those are left alone; the rest is tried out, as
// the system's locales may be made by anyone.
bool DigitsAscend(Oid collation) {
  static Oid known = InvalidOid;
  static bool ascend = false;
  if (!OidIsValid(collation)) return false;
  if (collation != known) {
    ascend = !CollationHasRules(collation) && ProbeDigits(collation);
    known = collation;
  }
  return ascend;
}

bool SemanticsOf(const TableBinding& binding, int column, const Comparison& comparison,
                 CompareOp* op, Semantics* semantics) {
  const Compared compared = ComparedColumn(binding, column);
  const Oid operand_type = getBaseType(comparison.operand_type);
  const Oid function =
      OidIsValid(comparison.opno) ? get_opcode(comparison.opno) : comparison.function;
  if (OpOfPattern(function, compared.type, op)) {
    return PatternSemantics(compared, comparison, operand_type, semantics);
  }
  if (!OidIsValid(comparison.opno)) return false;
  // varchar has no operators of its own: it compares as text.
  const Oid type = compared.type == VARCHAROID ? TEXTOID : compared.type;
  const TypeCacheEntry* entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
  if (!OidIsValid(entry->btree_opf)) return false;
  if (!OpOfStrategy(get_op_opfamily_strategy(comparison.opno, entry->btree_opf), op)) return false;
  return OrderSemantics(compared, *op, operand_type, comparison.collation, semantics);
}

bool IsNeverNull(const TableBinding& binding, int column) {
  const BoundColumn& bound = binding.table().columns()[column];
  return bound.kind != Cell::Kind::kList && (bound.identity || !bound.nullable);
}

}  // namespace redis_fdw
