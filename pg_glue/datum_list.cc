#include "pg_glue/datum_list.h"

#include <cstring>

#include "absl/strings/string_view.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// Error context of an element's conversion.
struct ElementContext {
  size_t index;
};

void NameElement(void* arg) {
  errcontext("element %zu of the list", static_cast<ElementContext*>(arg)->index + 1);
}

// The string as jsonb takes it: a view.
JsonbValue StringValueOf(absl::string_view text) {
  JsonbValue value;
  value.type = jbvString;
  value.val.string.val = const_cast<char*>(text.data());
  value.val.string.len = static_cast<int>(text.size());
  return value;
}

// How a field is called in messages: its name may be no text itself.
const char* FieldInMessage(absl::string_view name) {
  constexpr int kLongest = 100;
  int length = static_cast<int>(name.size());
  if (!pg_verify_mbstr(GetDatabaseEncoding(), name.data(), length, true)) return "a field";
  return psprintf("field \"%.*s\"", pg_mbcliplen(name.data(), length, kLongest), name.data());
}

// What a member of an object is written as; null for none.
Cell MemberCell(const JsonbValue& value) {
  switch (value.type) {
    case jbvNull:
      return Cell::Null();
    case jbvString:
      return Cell::Bytes(
          absl::string_view(pnstrdup(value.val.string.val, static_cast<Size>(value.val.string.len)),
                            static_cast<size_t>(value.val.string.len)));
    case jbvNumeric:
      return Cell::Bytes(
          DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric))));
    case jbvBool:
      return Cell::Bytes(value.val.boolean ? "true" : "false");
    case jbvBinary:
      return Cell::Bytes(JsonbToCString(nullptr, value.val.binary.data, value.val.binary.len));
    default:
      elog(ERROR, "unexpected jsonb value of type %d", static_cast<int>(value.type));
  }
  pg_unreachable();
}

}  // namespace

Datum ListToArray(ColumnIo* column, absl::Span<const Cell> cells, const char* key) {
  ArrayIo* array = column->array;
  if (cells.empty()) return PointerGetDatum(construct_empty_array(array->element_type));
  Datum* values = (Datum*)palloc(sizeof(Datum) * cells.size());
  bool* nulls = (bool*)palloc(sizeof(bool) * cells.size());
  ElementContext at = {0};
  ErrorContextCallback context = {error_context_stack, NameElement, &at};
  error_context_stack = &context;
  for (; at.index < cells.size(); ++at.index) {
    values[at.index] = CellToDatum(&array->element, cells[at.index], key, &nulls[at.index]);
  }
  error_context_stack = context.previous;
  int count = static_cast<int>(cells.size());
  int lower_bound = 1;
  return PointerGetDatum(construct_md_array(values, nulls, 1, &count, &lower_bound,
                                            array->element_type, array->length, array->by_value,
                                            array->align));
}

Datum ListToObject(ColumnIo* column, absl::Span<const Cell> cells, const char* key) {
  JsonbParseState* state = nullptr;
  (void)pushJsonbValue(&state, WJB_BEGIN_OBJECT, nullptr);
  // Backwards, since of equal names jsonb keeps the one that came last.
  for (size_t i = cells.size() / 2; i-- > 0;) {
    const Cell& name = cells[2 * i];
    const Cell& value = cells[2 * i + 1];
    const char* field = FieldInMessage(name.bytes());
    CheckText(*column, field, key, name.bytes());
    CheckText(*column, field, key, value.bytes());
    JsonbValue member = StringValueOf(name.bytes());
    (void)pushJsonbValue(&state, WJB_KEY, &member);
    member = StringValueOf(value.bytes());
    (void)pushJsonbValue(&state, WJB_VALUE, &member);
  }
  JsonbValue* object = pushJsonbValue(&state, WJB_END_OBJECT, nullptr);
  return JsonbPGetDatum(JsonbValueToJsonb(object));
}

Cell ArrayToList(ColumnIo* column, Datum value) {
  // A copy: elements of text and bytea are views of it.
  ArrayType* array = DatumGetArrayTypePCopy(value);
  if (ARR_NDIM(array) > 1) {
    ereport(ERROR,
            (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
             errmsg("array in column \"%s\" has %d dimensions", column->name, ARR_NDIM(array)),
             errdetail("A Redis collection has one.")));
  }
  ArrayIo* io = column->array;
  Datum* values;
  bool* nulls;
  int count;
  deconstruct_array(array, io->element_type, io->length, io->by_value, io->align, &values, &nulls,
                    &count);
  Cell* cells = (Cell*)palloc0(sizeof(Cell) * (count + 1));
  for (int i = 0; i < count; ++i) {
    cells[i] =
        nulls[i] ? Cell::Null() : DatumToCell(&io->element.value, io->element.kind, values[i]);
  }
  return Cell::List(absl::Span<const Cell>(cells, static_cast<size_t>(count)));
}

Cell ObjectToList(const ColumnIo& column, Datum value) {
  Jsonb* jsonb = DatumGetJsonbP(value);
  if (!JB_ROOT_IS_OBJECT(jsonb)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("column \"%s\" takes a JSON object", column.name),
                    errdetail("Its members are the fields of the Redis value.")));
  }
  Cell* cells = (Cell*)palloc0(sizeof(Cell) * (2 * JB_ROOT_COUNT(jsonb) + 1));
  size_t used = 0;
  JsonbIterator* iterator = JsonbIteratorInit(&jsonb->root);
  JsonbValue member;
  Cell name;
  // Nested arrays and objects come as one value.
  for (JsonbIteratorToken token = JsonbIteratorNext(&iterator, &member, true); token != WJB_DONE;
       token = JsonbIteratorNext(&iterator, &member, true)) {
    if (token == WJB_KEY) name = MemberCell(member);
    if (token != WJB_VALUE || member.type == jbvNull) continue;
    cells[used++] = name;
    cells[used++] = MemberCell(member);
  }
  return Cell::List(absl::Span<const Cell>(cells, used));
}

}  // namespace redis_fdw
