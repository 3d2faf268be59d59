#include "pg_glue/datum.h"

#include <cmath>
#include <cstring>

#include "absl/strings/string_view.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

ValueIo::Form FormOf(Oid type, int32 typmod) {
  switch (type) {
    case TEXTOID:
      return ValueIo::Form::kText;
    case VARCHAROID:
      // With a length, its input function has something to say.
      return typmod < 0 ? ValueIo::Form::kText : ValueIo::Form::kOther;
    case BYTEAOID:
      return ValueIo::Form::kBytea;
    case INT2OID:
      return ValueIo::Form::kInt2;
    case INT4OID:
      return ValueIo::Form::kInt4;
    case INT8OID:
      return ValueIo::Form::kInt8;
    case FLOAT8OID:
      return ValueIo::Form::kFloat8;
    default:
      return ValueIo::Form::kOther;
  }
}

// Types whose output heeds no setting. Of others we do not know (arrays and records hold anything).
bool SettingsIgnored(Oid type) {
  switch (type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NAMEOID:
    case BYTEAOID:
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID:
    case NUMERICOID:
    case UUIDOID:
    case JSONOID:
    case JSONBOID:
      return true;
    default:
      return type_is_enum(type);
  }
}

const char* EncodingName() { return GetDatabaseEncodingName(); }

void CheckText(const ColumnIo& column, const char* key, absl::string_view bytes) {
  int length = static_cast<int>(bytes.size());
  if (pg_verify_mbstr(GetDatabaseEncoding(), bytes.data(), length, true)) return;
  ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
                  errmsg("value of column \"%s\" in Redis key \"%s\" is not valid %s text",
                         column.name, key, EncodingName()),
                  errhint("Declare the column as bytea to read any bytes.")));
}

Datum ParseText(ColumnIo* column, const char* text) {
  ValueIo* io = &column->value;
  return InputFunctionCall(&io->input, const_cast<char*>(text), io->io_param, io->typmod);
}

// An identity that would be looked for under other bytes than it is stored under must not pass as
// if it were the same.
void CheckRoundTrip(ColumnIo* column, const char* key, Datum value, absl::string_view bytes) {
  int nest = column->value.session_dependent ? BeginStableOutput() : 0;
  char* back = OutputFunctionCall(&column->value.output, value);
  if (column->value.session_dependent) EndStableOutput(nest);
  if (absl::string_view(back) == bytes) return;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
           errmsg("\"%.*s\" in Redis key \"%s\" is not how column \"%s\" of type %s writes %s",
                  static_cast<int>(bytes.size()), bytes.data(), key, column->name,
                  format_type_be(column->value.type), back),
           errhint("Declare the column as text to see what is stored.")));
}

Datum BytesToDatum(ColumnIo* column, absl::string_view bytes, const char* key) {
  ValueIo* io = &column->value;
  if (io->form == ValueIo::Form::kBytea) {
    return PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
  }
  CheckText(*column, key, bytes);
  if (io->form == ValueIo::Form::kText) {
    return PointerGetDatum(cstring_to_text_with_len(bytes.data(), static_cast<int>(bytes.size())));
  }
  Datum value = ParseText(column, pnstrdup(bytes.data(), bytes.size()));
  if (column->round_trips) CheckRoundTrip(column, key, value, bytes);
  return value;
}

Datum IntegerToDatum(ColumnIo* column, int64 value) {
  if (column->value.form == ValueIo::Form::kInt8) return Int64GetDatum(value);
  if (column->value.form == ValueIo::Form::kInt4 && value == static_cast<int32>(value)) {
    return Int32GetDatum(static_cast<int32>(value));
  }
  return ParseText(column, psprintf(INT64_FORMAT, value));
}

Datum DoubleToDatum(ColumnIo* column, double value) {
  if (column->value.form == ValueIo::Form::kFloat8) return Float8GetDatum(value);
  // Other types take the shortest decimal; PostgreSQL spells infinity its own way.
  if (std::isinf(value)) return ParseText(column, value > 0 ? "Infinity" : "-Infinity");
  char text[64];
  CallCpp([&] {
    strlcpy(text, FormatDouble(value).c_str(), sizeof(text));
    return absl::OkStatus();
  });
  return ParseText(column, text);
}

double TextToDouble(const char* text) {
  return DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(text)));
}

int64 TextToInteger(const char* text) {
  return DatumGetInt64(DirectFunctionCall1(int8in, CStringGetDatum(text)));
}

// A score is a double; an integer that none equals must not be stored as its neighbour.
double ExactDouble(int64 value) {
  double d = static_cast<double>(value);
  if (d < 9223372036854775808.0 && static_cast<int64>(d) == value) return d;
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg(INT64_FORMAT " cannot be stored exactly as a Redis score", value),
                  errdetail("Scores are double-precision numbers.")));
  pg_unreachable();
}

Cell VarlenaCell(Datum value) {
  struct varlena* packed = PG_DETOAST_DATUM_PACKED(value);
  return Cell::Bytes(absl::string_view(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed)));
}

}  // namespace

void InitValueIo(ValueIo* io, Oid type, int32 typmod, MemoryContext context) {
  memset(io, 0, sizeof(*io));
  io->type = type;
  io->typmod = typmod;
  io->is_domain = get_typtype(type) == TYPTYPE_DOMAIN;
  io->form = FormOf(type, typmod);
  io->session_dependent = !SettingsIgnored(getBaseType(type));
  Oid function;
  getTypeInputInfo(type, &function, &io->io_param);
  fmgr_info_cxt(function, &io->input, context);
  bool varlena;
  getTypeOutputInfo(type, &function, &varlena);
  fmgr_info_cxt(function, &io->output, context);
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
  ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR),
                  errmsg("unexpected list in column \"%s\"", column->name)));
  pg_unreachable();
}

Cell DatumToCell(ValueIo* io, Cell::Kind kind, Datum value) {
  using Form = ValueIo::Form;
  if (kind == Cell::Kind::kBytes) {
    if (io->form == Form::kText || io->form == Form::kBytea) return VarlenaCell(value);
    return Cell::Bytes(OutputFunctionCall(&io->output, value));
  }
  switch (io->form) {
    case Form::kInt2:
      return kind == Cell::Kind::kInt64 ? Cell::Int64(DatumGetInt16(value))
                                        : Cell::Double(DatumGetInt16(value));
    case Form::kInt4:
      return kind == Cell::Kind::kInt64 ? Cell::Int64(DatumGetInt32(value))
                                        : Cell::Double(DatumGetInt32(value));
    case Form::kInt8:
      return kind == Cell::Kind::kInt64 ? Cell::Int64(DatumGetInt64(value))
                                        : Cell::Double(ExactDouble(DatumGetInt64(value)));
    case Form::kFloat8:
      if (kind == Cell::Kind::kDouble) return Cell::Double(DatumGetFloat8(value));
      break;
    default:
      break;
  }
  const char* text = OutputFunctionCall(&io->output, value);
  return kind == Cell::Kind::kInt64 ? Cell::Int64(TextToInteger(text))
                                    : Cell::Double(TextToDouble(text));
}

int BeginStableOutput() {
  struct Setting {
    const char* name;
    const char* value;
  };
  static const Setting kSettings[] = {{"datestyle", "ISO"},    {"intervalstyle", "postgres"},
                                      {"timezone", "UTC"},     {"extra_float_digits", "3"},
                                      {"bytea_output", "hex"}, {"xmloption", "content"}};
  int nest = NewGUCNestLevel();
  for (const Setting& setting : kSettings) {
    (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
  }
  return nest;
}

void EndStableOutput(int nest_level) { AtEOXact_GUC(true, nest_level); }

}  // namespace redis_fdw
