#include "pg_glue/stable_text.h"

#include <cstring>

#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// In UTC either way: a timestamptz is one, a timestamp has no zone.
char* InstantText(Timestamp value, bool with_zone) {
  char* text = (char*)palloc(MAXDATELEN + 1);
  if (TIMESTAMP_NOT_FINITE(value)) {
    EncodeSpecialTimestamp(value, text);
    return text;
  }
  struct pg_tm tm;
  fsec_t fsec;
  if (timestamp2tm(value, nullptr, &tm, &fsec, nullptr, nullptr) != 0) {
    ereport(ERROR,
            (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  }
  tm.tm_isdst = 0;  // a negative one would suppress the zone
  EncodeDateTime(&tm, fsec, with_zone, 0, nullptr, USE_ISO_DATES, text);
  return text;
}

}  // namespace

char* Float4Text(float4 value) {
  char* text = (char*)palloc(FLOAT_SHORTEST_DECIMAL_LEN);
  float_to_shortest_decimal_buf(value, text);
  return text;
}

char* Float8Text(float8 value) {
  char* text = (char*)palloc(DOUBLE_SHORTEST_DECIMAL_LEN);
  double_to_shortest_decimal_buf(value, text);
  return text;
}

char* DateText(DateADT value) {
  char* text = (char*)palloc(MAXDATELEN + 1);
  if (DATE_NOT_FINITE(value)) {
    EncodeSpecialDate(value, text);
    return text;
  }
  struct pg_tm tm;
  j2date(value + POSTGRES_EPOCH_JDATE, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
  EncodeDateOnly(&tm, USE_ISO_DATES, text);
  return text;
}

char* TimestampText(Timestamp value) { return InstantText(value, false); }

char* TimestampTzText(TimestampTz value) { return InstantText(value, true); }

bool OutputHeedsSettings(Oid type) {
  type = getBaseType(type);
  switch (type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NAMEOID:
    case CHAROID:
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID:
    case NUMERICOID:
    case TIMEOID:
    case TIMETZOID:
    case UUIDOID:
    case JSONOID:
    case JSONBOID:
    case INETOID:
    case CIDROID:
    case MACADDROID:
    case MACADDR8OID:
    case BITOID:
    case VARBITOID:
      return false;
    default:
      break;
  }
  Oid element = get_element_type(type);
  if (OidIsValid(element)) return OutputHeedsSettings(element);
  return !type_is_enum(type);
}

int BeginStableOutput() {
  struct Setting {
    const char* name;
    const char* value;
    bool in_force;
  };
  const Setting settings[] = {
      {"datestyle", "ISO", DateStyle == USE_ISO_DATES},
      {"intervalstyle", "postgres", IntervalStyle == INTSTYLE_POSTGRES},
      {"timezone", "UTC", strcmp(pg_get_timezone_name(session_timezone), "UTC") == 0},
      // Any number above 0 means the shortest decimal.
      {"extra_float_digits", "1", extra_float_digits > 0},
      {"bytea_output", "hex", bytea_output == BYTEA_OUTPUT_HEX}};
  int nest = NewGUCNestLevel();
  for (const Setting& setting : settings) {
    if (setting.in_force) continue;
    (void)set_config_option(setting.name, setting.value, PGC_USERSET, PGC_S_SESSION,
                            GUC_ACTION_SAVE, true, 0, false);
  }
  return nest;
}

void EndStableOutput(int nest_level) { AtEOXact_GUC(true, nest_level); }

}  // namespace redis_fdw
