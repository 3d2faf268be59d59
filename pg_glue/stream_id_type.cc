// The functions of the SQL type redis_stream_id.
//
// None holds a C++ object with a destructor, so they may raise and need no guard.

#include "pg_glue/stream_id_type.h"

#include <cstring>
#include <limits>
#include <type_traits>

#include "pg_glue/instant.h"
#include "pg_glue/pg.h"

extern "C" {
#define REDIS_STREAM_ID_FUNCTION(name)      \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
  PG_FUNCTION_INFO_V1(name)

REDIS_STREAM_ID_FUNCTION(redis_stream_id_in);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_out);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_recv);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_send);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_lt);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_le);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_eq);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_ne);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_ge);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_gt);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_cmp);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_sortsupport);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_hash);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_hash_extended);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_smaller);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_larger);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_from_timestamptz);
REDIS_STREAM_ID_FUNCTION(redis_stream_id_to_timestamptz);
}

namespace redis_fdw {
namespace {

static_assert(sizeof(StreamId) == 16 && std::is_trivially_copyable<StreamId>::value,
              "values are stored and hashed as they are");

constexpr char kInputFunction[] = "redis_stream_id_in";
constexpr char kTypeName[] = "redis_stream_id";

const StreamId& Argument(FunctionCallInfo fcinfo, int i) {
  return DatumToStreamId(PG_GETARG_DATUM(i));
}

int Compare(const StreamId& a, const StreamId& b) { return a < b ? -1 : b < a ? 1 : 0; }

int CompareArguments(FunctionCallInfo fcinfo) {
  return Compare(Argument(fcinfo, 0), Argument(fcinfo, 1));
}

int CompareForSort(Datum a, Datum b, SortSupport) {
  return Compare(DatumToStreamId(a), DatumToStreamId(b));
}

// The hash functions take bytes without changing them.
const unsigned char* BytesOf(const StreamId& id) {
  return reinterpret_cast<const unsigned char*>(&id);
}

// Whether a function is a C function of this symbol.
bool HasSymbol(Oid function, const char* symbol) {
  HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
  if (!HeapTupleIsValid(tuple)) return false;
  bool has = false;
  if (((Form_pg_proc)GETSTRUCT(tuple))->prolang == ClanguageId) {
    bool is_null = false;
    Datum source = SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &is_null);
    has = !is_null && strcmp(TextDatumGetCString(source), symbol) == 0;
  }
  ReleaseSysCache(tuple);
  return has;
}

}  // namespace

bool IsStreamIdType(Oid type) {
  if (type < FirstNormalObjectId) return false;  // of PostgreSQL's own
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(tuple)) return false;
  Form_pg_type form = (Form_pg_type)GETSTRUCT(tuple);
  const bool shaped = form->typtype == TYPTYPE_BASE && form->typlen == sizeof(StreamId);
  Oid input = form->typinput;
  ReleaseSysCache(tuple);
  if (!shaped || !HasSymbol(input, kInputFunction)) return false;
  // Another library may have such a symbol too.
  FmgrInfo function;
  fmgr_info(input, &function);
  return function.fn_addr == redis_stream_id_in;
}

const char* StreamIdTypeName(Oid handler) {
  Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(kTypeName),
                             ObjectIdGetDatum(get_func_namespace(handler)));
  if (!OidIsValid(type) || !IsStreamIdType(type)) return nullptr;
  return format_type_be_qualified(type);
}

Datum StreamIdToDatum(const StreamId& id) {
  StreamId* copy = (StreamId*)palloc(sizeof(StreamId));
  *copy = id;
  return PointerGetDatum(copy);
}

namespace {

// The id that an instant begins with. One before 1970 and -infinity have none: the least.
StreamId BeginOf(TimestampTz instant) {
  if (TIMESTAMP_IS_NOBEGIN(instant)) return StreamId::Least();
  if (TIMESTAMP_IS_NOEND(instant)) return StreamId::Greatest();
  const int64 ms = MsOfTimestampTz(instant);
  return ms < 0 ? StreamId::Least() : StreamId{static_cast<uint64_t>(ms), 0};
}

TimestampTz InstantOf(const StreamId& id) {
  if (id.ms == StreamId::kMaxPart) return DT_NOEND;
  // The greatest number of milliseconds that is one means no end to TimestampTzOfMs().
  if (id.ms < static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return TimestampTzOfMs(static_cast<int64>(id.ms));
  }
  ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                  errmsg("instant " UINT64_FORMAT " ms after 1970 is out of range for type %s",
                         id.ms, format_type_be(TIMESTAMPTZOID))));
  pg_unreachable();
}

}  // namespace
}  // namespace redis_fdw

using redis_fdw::StreamId;

Datum redis_stream_id_in(PG_FUNCTION_ARGS) {
  const char* text = PG_GETARG_CSTRING(0);
  StreamId id;
  if (!redis_fdw::ReadStreamId(text, &id)) {
    const bool generated = strchr(text, '*') != nullptr;
    ereturn(fcinfo->context, (Datum)0,
            (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
             errmsg("invalid input syntax for type %s: \"%s\"", redis_fdw::kTypeName, text),
             generated ? errhint("Leave the column out, or NULL, to let Redis choose the id.")
                       : errhint("An id is milliseconds and a sequence number, as in "
                                 "'1640995200000-0', each at most 18446744073709551615.")));
  }
  return redis_fdw::StreamIdToDatum(id);
}

Datum redis_stream_id_out(PG_FUNCTION_ARGS) {
  char* text = (char*)palloc(StreamId::kMaxLength + 1);
  text[redis_fdw::Argument(fcinfo, 0).Write(text)] = '\0';
  PG_RETURN_CSTRING(text);
}

Datum redis_stream_id_recv(PG_FUNCTION_ARGS) {
  StringInfo message = (StringInfo)PG_GETARG_POINTER(0);
  StreamId id;
  id.ms = (uint64)pq_getmsgint64(message);
  id.seq = (uint64)pq_getmsgint64(message);
  return redis_fdw::StreamIdToDatum(id);
}

Datum redis_stream_id_send(PG_FUNCTION_ARGS) {
  const StreamId& id = redis_fdw::Argument(fcinfo, 0);
  StringInfoData message;
  pq_begintypsend(&message);
  pq_sendint64(&message, id.ms);
  pq_sendint64(&message, id.seq);
  PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

Datum redis_stream_id_lt(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(redis_fdw::CompareArguments(fcinfo) < 0);
}

Datum redis_stream_id_le(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(redis_fdw::CompareArguments(fcinfo) <= 0);
}

Datum redis_stream_id_eq(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(redis_fdw::CompareArguments(fcinfo) == 0);
}

Datum redis_stream_id_ne(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(redis_fdw::CompareArguments(fcinfo) != 0);
}

Datum redis_stream_id_ge(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(redis_fdw::CompareArguments(fcinfo) >= 0);
}

Datum redis_stream_id_gt(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(redis_fdw::CompareArguments(fcinfo) > 0);
}

Datum redis_stream_id_cmp(PG_FUNCTION_ARGS) {
  PG_RETURN_INT32(redis_fdw::CompareArguments(fcinfo));
}

Datum redis_stream_id_sortsupport(PG_FUNCTION_ARGS) {
  ((SortSupport)PG_GETARG_POINTER(0))->comparator = redis_fdw::CompareForSort;
  PG_RETURN_VOID();
}

Datum redis_stream_id_hash(PG_FUNCTION_ARGS) {
  return hash_any(redis_fdw::BytesOf(redis_fdw::Argument(fcinfo, 0)), sizeof(StreamId));
}

Datum redis_stream_id_hash_extended(PG_FUNCTION_ARGS) {
  return hash_any_extended(redis_fdw::BytesOf(redis_fdw::Argument(fcinfo, 0)), sizeof(StreamId),
                           (uint64)PG_GETARG_INT64(1));
}

Datum redis_stream_id_smaller(PG_FUNCTION_ARGS) {
  return PG_GETARG_DATUM(redis_fdw::CompareArguments(fcinfo) <= 0 ? 0 : 1);
}

Datum redis_stream_id_larger(PG_FUNCTION_ARGS) {
  return PG_GETARG_DATUM(redis_fdw::CompareArguments(fcinfo) >= 0 ? 0 : 1);
}

Datum redis_stream_id_from_timestamptz(PG_FUNCTION_ARGS) {
  return redis_fdw::StreamIdToDatum(redis_fdw::BeginOf(PG_GETARG_TIMESTAMPTZ(0)));
}

Datum redis_stream_id_to_timestamptz(PG_FUNCTION_ARGS) {
  PG_RETURN_TIMESTAMPTZ(redis_fdw::InstantOf(redis_fdw::Argument(fcinfo, 0)));
}
