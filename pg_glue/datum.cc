#include "pg_glue/datum.h"

#include <cmath>
#include <cstring>

#include "absl/strings/string_view.h"
#include "pg_glue/datum_list.h"
#include "pg_glue/guard.h"
#include "pg_glue/instant.h"
#include "pg_glue/pg.h"
#include "pg_glue/stream_id_type.h"

namespace redis_fdw {
namespace {

using Form = ValueIo::Form;

Form FormOf(Oid type, int32 typmod) {
  switch (type) {
    case TEXTOID:
      return Form::kText;
    case VARCHAROID:
      // With a length, its input function has something to say.
      return typmod < 0 ? Form::kText : Form::kOther;
    case BYTEAOID:
      return Form::kBytea;
    case INT2OID:
      return Form::kInt2;
    case INT4OID:
      return Form::kInt4;
    case INT8OID:
      return Form::kInt8;
    case FLOAT4OID:
      return Form::kFloat4;
    case FLOAT8OID:
      return Form::kFloat8;
    case DATEOID:
      return Form::kDate;
    case TIMESTAMPOID:
      return Form::kTimestamp;
    case TIMESTAMPTZOID:
      return Form::kTimestampTz;
    default:
      return IsStreamIdType(type) ? Form::kStreamId : Form::kOther;
  }
}

bool IsInteger(Form form) {
  return form == Form::kInt2 || form == Form::kInt4 || form == Form::kInt8;
}

Datum ParseText(ColumnIo* column, const char* text) {
  ValueIo* io = &column->value;
  return InputFunctionCall(&io->input, const_cast<char*>(text), io->io_param, io->typmod);
}

Cell VarlenaCell(Datum value) {
  struct varlena* packed = PG_DETOAST_DATUM_PACKED(value);
  return Cell::Bytes(absl::string_view(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)));
}

Cell StreamIdCell(const StreamId& id) {
  char* text = (char*)palloc(StreamId::kMaxLength);
  return Cell::Bytes(absl::string_view(text, id.Write(text)));
}

// The bytes that a value is written as.
Cell BytesCell(ValueIo* io, Datum value) {
  switch (io->form) {
    case Form::kText:
    case Form::kBytea:
      return VarlenaCell(value);
    case Form::kFloat4:
      return Cell::Bytes(Float4Text(DatumGetFloat4(value)));
    case Form::kFloat8:
      return Cell::Bytes(Float8Text(DatumGetFloat8(value)));
    case Form::kDate:
      return Cell::Bytes(DateText(DatumGetDateADT(value)));
    case Form::kTimestamp:
      return Cell::Bytes(TimestampText(DatumGetTimestamp(value)));
    case Form::kTimestampTz:
      return Cell::Bytes(TimestampTzText(DatumGetTimestampTz(value)));
    case Form::kStreamId:
      return StreamIdCell(DatumToStreamId(value));
    default:
      return Cell::Bytes(OutputFunctionCall(&io->output, value));
  }
}

// An identity that would be looked for under other bytes than it is stored under must not pass as
// if it were the same.
void CheckRoundTrip(ColumnIo* column, const char* key, Datum value, absl::string_view bytes) {
  int nest = column->value.session_dependent ? BeginStableOutput() : 0;
  absl::string_view back = BytesCell(&column->value, value).bytes();
  if (column->value.session_dependent) EndStableOutput(nest);
  if (back == bytes) return;
  ereport(
      ERROR,
      (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
       errmsg("\"%.*s\" in Redis key \"%s\" is not how column \"%s\" of type %s writes \"%.*s\"",
              static_cast<int>(bytes.size()), bytes.data(), key, column->name,
              format_type_be(column->value.type), static_cast<int>(back.size()), back.data()),
       errhint("Declare the column as text to see what is stored.")));
}

Datum BytesToDatum(ColumnIo* column, absl::string_view bytes, const char* key) {
  ValueIo* io = &column->value;
  StreamId id;
  if (io->form == Form::kStreamId && ParseStreamId(bytes, &id)) {
    Datum value = StreamIdToDatum(id);
    CheckDomain(io, value);
    return value;
  }
  if (io->form != Form::kBytea) CheckText(*column, "value", key, bytes);
  if (io->form == Form::kBytea || io->form == Form::kText) {
    Datum value =
        PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
    CheckDomain(io, value);
    return value;
  }
  Datum value = ParseText(column, pnstrdup(bytes.data(), bytes.size()));
  if (column->round_trips) CheckRoundTrip(column, key, value, bytes);
  return value;
}

Datum IntegerToDatum(ColumnIo* column, int64 value) {
  ValueIo* io = &column->value;
  if (io->form == Form::kTimestampTz) {
    Datum instant = TimestampTzGetDatum(TimestampTzOfMs(value));
    if (io->typmod >= 0) {
      instant = DirectFunctionCall2(timestamptz_scale, instant, Int32GetDatum(io->typmod));
    }
    CheckDomain(io, instant);
    return instant;
  }
  if (!io->is_domain && io->form == Form::kInt8) return Int64GetDatum(value);
  if (!io->is_domain && io->form == Form::kInt4 && value == static_cast<int32>(value)) {
    return Int32GetDatum(static_cast<int32>(value));
  }
  return ParseText(column, psprintf(INT64_FORMAT, value));
}

// 2^63, which no int64 reaches.
constexpr double kInt64End = 9223372036854775808.0;

// A number where an integer has to be.
int64 DoubleToInteger(const ColumnIo& column, double value) {
  if (value >= -kInt64End && value < kInt64End && value == std::trunc(value)) {
    return static_cast<int64>(value);
  }
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg("%s is no value of column \"%s\" of type %s", Float8Text(value),
                         column.name, format_type_be(column.value.type)),
                  errhint("Declare the column as double precision or numeric.")));
  pg_unreachable();
}

Datum DoubleToDatum(ColumnIo* column, double value) {
  if (column->value.form == Form::kFloat8 && !column->value.is_domain) return Float8GetDatum(value);
  if (IsInteger(column->value.form)) return IntegerToDatum(column, DoubleToInteger(*column, value));
  // Other types take the shortest decimal.
  return ParseText(column, Float8Text(value));
}

double TextToDouble(const char* text) {
  return DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(text)));
}

int64 TextToInteger(const char* text) {
  return DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));
}

// Beyond 2^53 not every integer is a double.
double ExactDouble(int64 value) {
  double d = static_cast<double>(value);
  if (d < kInt64End && static_cast<int64>(d) == value) return d;
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg(INT64_FORMAT " cannot be stored exactly as a Redis score", value),
                  errdetail("Scores are double-precision numbers.")));
  pg_unreachable();
}

int64 IntegerOf(ValueIo* io, Datum value) {
  switch (io->form) {
    case Form::kInt2:
      return DatumGetInt16(value);
    case Form::kInt4:
      return DatumGetInt32(value);
    case Form::kInt8:
      return DatumGetInt64(value);
    case Form::kTimestampTz:
      return MsOfTimestampTz(DatumGetTimestampTz(value));
    default:
      return TextToInteger(OutputFunctionCall(&io->output, value));
  }
}

double DoubleOf(ValueIo* io, Datum value) {
  if (IsInteger(io->form)) return ExactDouble(IntegerOf(io, value));
  if (io->form == Form::kFloat8) return DatumGetFloat8(value);
  // What SELECT shows of it: the double it widens to has more digits.
  if (io->form == Form::kFloat4) return TextToDouble(Float4Text(DatumGetFloat4(value)));
  return TextToDouble(OutputFunctionCall(&io->output, value));
}

void WriteContext(void* arg) {
  const ColumnIo* column = static_cast<const ColumnIo*>(arg);
  errcontext("column \"%s\" of foreign table \"%s\"", column->name, column->table);
}

void InitArrayIo(ColumnIo* column, const BoundColumn& bound, MemoryContext context) {
  int32 typmod = column->value.typmod;
  Oid type = getBaseTypeAndTypmod(column->value.type, &typmod);
  if (type == JSONBOID) return;
  ArrayIo* array = (ArrayIo*)MemoryContextAllocZero(context, sizeof(ArrayIo));
  array->element_type = get_element_type(type);
  if (!OidIsValid(array->element_type)) {
    elog(ERROR, "column \"%s\" of type %s cannot hold a list", column->name, format_type_be(type));
  }
  get_typlenbyvalalign(array->element_type, &array->length, &array->by_value, &array->align);
  ColumnIo* element = &array->element;
  element->name = column->name;
  element->table = column->table;
  element->kind = bound.element;
  InitValueIo(&element->value, array->element_type, typmod, context);
  column->value.session_dependent = element->value.session_dependent;
  column->array = array;
}

}  // namespace

void CheckText(const ColumnIo& column, const char* part, const char* key, absl::string_view bytes) {
  int length = static_cast<int>(bytes.size());
  if (pg_verify_mbstr(GetDatabaseEncoding(), bytes.data(), length, true)) return;
  ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
                  errmsg("%s of column \"%s\" in Redis key \"%s\" is not valid %s text", part,
                         column.name, key, GetDatabaseEncodingName()),
                  memchr(bytes.data(), '\0', bytes.size()) != nullptr
                      ? errdetail("It contains a zero byte, which text cannot.")
                      : 0,
                  errhint("A column of type bytea can read any bytes.")));
}

void CheckDomain(ValueIo* io, Datum value) {
  if (!io->is_domain) return;
  domain_check(value, false, io->type, &io->domain_cache, io->input.fn_mcxt);
}

void InitValueIo(ValueIo* io, Oid type, int32 typmod, MemoryContext context) {
  memset(io, 0, sizeof(*io));
  io->type = type;
  io->typmod = typmod;
  io->is_domain = get_typtype(type) == TYPTYPE_DOMAIN;
  int32 base_typmod = typmod;
  Oid base = getBaseTypeAndTypmod(type, &base_typmod);
  io->form = FormOf(base, base_typmod);
  if (io->form == Form::kTimestampTz) io->typmod = base_typmod;
  io->session_dependent = io->form == Form::kOther && OutputHeedsSettings(base);
  Oid function;
  getTypeInputInfo(type, &function, &io->io_param);
  fmgr_info_cxt(function, &io->input, context);
  bool varlena;
  getTypeOutputInfo(type, &function, &varlena);
  fmgr_info_cxt(function, &io->output, context);
}

void InitColumnIo(ColumnIo* io, const TableBinding* binding, int ordinal, Form_pg_attribute att,
                  MemoryContext context) {
  const BoundColumn& column = binding->table().columns()[ordinal];
  memset(io, 0, sizeof(*io));
  InitValueIo(&io->value, att->atttypid, att->atttypmod, context);
  io->name = pstrdup(NameStr(att->attname));
  io->table = binding->relname;
  io->kind = column.kind;
  // Types other than text and bytea parse leniently ("07", " 7"): as identities they are checked.
  io->round_trips = column.identity && column.kind == Cell::Kind::kBytes &&
                    io->value.form != Form::kText && io->value.form != Form::kBytea;
  if (column.kind == Cell::Kind::kList) InitArrayIo(io, column, context);
}

Datum CellToDatum(ColumnIo* column, const Cell& cell, const char* key, bool* is_null) {
  *is_null = cell.is_null();
  switch (cell.kind()) {
    case Cell::Kind::kNull:
      // Lets a domain that forbids NULL say so.
      if (column->value.is_domain) (void)ParseText(column, nullptr);
      return (Datum)0;
    case Cell::Kind::kBytes:
      return BytesToDatum(column, cell.bytes(), key);
    case Cell::Kind::kInt64:
      return IntegerToDatum(column, cell.int64());
    case Cell::Kind::kDouble:
      return DoubleToDatum(column, cell.dbl());
    case Cell::Kind::kList:
      break;
  }
  Datum value = column->array != nullptr ? ListToArray(column, cell.list(), key)
                                         : ListToObject(column, cell.list(), key);
  CheckDomain(&column->value, value);
  return value;
}

Cell ColumnToCell(ColumnIo* column, Datum value) {
  ErrorContextCallback context = {error_context_stack, WriteContext, column};
  error_context_stack = &context;
  Cell cell = column->kind != Cell::Kind::kList ? DatumToCell(&column->value, column->kind, value)
              : column->array != nullptr        ? ArrayToList(column, value)
                                                : ObjectToList(*column, value);
  error_context_stack = context.previous;
  return cell;
}

Cell DatumToCell(ValueIo* io, Cell::Kind kind, Datum value) {
  switch (kind) {
    case Cell::Kind::kInt64:
      return Cell::Int64(IntegerOf(io, value));
    case Cell::Kind::kDouble:
      return Cell::Double(DoubleOf(io, value));
    default:
      return BytesCell(io, value);
  }
}

}  // namespace redis_fdw
