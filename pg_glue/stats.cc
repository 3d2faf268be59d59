// redis_fdw_stats() and redis_fdw_stats_reset(), and the sums behind them.
//
// Sums are added by destructors too, perhaps while an error is handled: under a spinlock for each
// entry, which needs no memory, raises nothing and is legal everywhere. Entries are found by open
// addressing and are never freed one by one, so finding needs no lock of the whole table. Where it
// is full, sums go to an entry for all others.

#include "pg_glue/stats.h"

#include "core/base/counters.h"
#include "pg_glue/pg.h"

extern "C" {
PGDLLEXPORT Datum redis_fdw_stats(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum redis_fdw_stats_reset(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(redis_fdw_stats);
PG_FUNCTION_INFO_V1(redis_fdw_stats_reset);
}

namespace redis_fdw {
namespace {

// Whose traffic; all zero: that of all who have no entry of their own.
struct Owner {
  Oid database;  // servers belong to one
  Oid server;
  Oid user;
};

bool operator==(const Owner& a, const Owner& b) {
  return a.database == b.database && a.server == b.server && a.user == b.user;
}

struct Sums {
  int64 commands;
  int64 round_trips;
  int64 bytes_sent;
  int64 bytes_received;
  int64 errors;
  int64 retries;
  int64 redirects;
  int64 pool_waits;
  int64 wait_ns;
};

struct Entry {
  slock_t lock;  // of all that follows
  bool used;
  Owner owner;
  Sums sums;
};

constexpr int kSharedEntries = 1024;
constexpr int kLocalEntries = 64;
// How far an owner's entry may be from where it belongs; short, since it is looked for each time.
constexpr int kMaxProbes = 32;

// `size` entries, and one for those that find no place.
struct Table {
  Entry* entries;
  int size;
  bool shared;
};

Entry local_entries[kLocalEntries + 1];
Table table = {local_entries, kLocalEntries, false};

shmem_startup_hook_type next_startup_hook = nullptr;

// --- Adding up ----------------------------------------------------------------------------------

void AddTo(Sums* sums, const Sums& more) {
  sums->commands += more.commands;
  sums->round_trips += more.round_trips;
  sums->bytes_sent += more.bytes_sent;
  sums->bytes_received += more.bytes_received;
  sums->errors += more.errors;
  sums->retries += more.retries;
  sums->redirects += more.redirects;
  sums->pool_waits += more.pool_waits;
  sums->wait_ns += more.wait_ns;
}

// Adds to the entry if it is the owner's, or nobody's as yet.
bool AddIfOwned(Entry* entry, const Owner& owner, const Sums& more) {
  SpinLockAcquire(&entry->lock);
  if (!entry->used) {
    entry->used = true;
    entry->owner = owner;
    entry->sums = Sums();
  }
  const bool owned = entry->owner == owner;
  if (owned) AddTo(&entry->sums, more);
  SpinLockRelease(&entry->lock);
  return owned;
}

void Add(Oid server, Oid user, const Sums& more) {
  const Owner owner = {MyDatabaseId, server, user};
  uint32 hash = hash_combine(murmurhash32(owner.database), murmurhash32(owner.server));
  hash = hash_combine(hash, murmurhash32(owner.user));
  for (int i = 0; i < kMaxProbes; ++i) {
    const uint32 place = (hash + static_cast<uint32>(i)) % static_cast<uint32>(table.size);
    if (AddIfOwned(&table.entries[place], owner, more)) return;
  }
  AddIfOwned(&table.entries[table.size], Owner(), more);
}

class Adder : public TrafficListener {
 public:
  void OnTraffic(uint32_t server_id, uint32_t user_id, const Counters& delta) noexcept override {
    Sums more = Sums();
    more.commands = delta.commands;
    more.round_trips = delta.round_trips;
    more.bytes_sent = delta.bytes_sent;
    more.bytes_received = delta.bytes_received;
    more.errors = delta.errors;
    more.retries = delta.retries;
    more.redirects = delta.redirects;
    more.wait_ns = absl::ToInt64Nanoseconds(delta.wait_time);
    Add(server_id, user_id, more);
  }

  void OnPoolWait(uint32_t server_id, uint32_t user_id) noexcept override {
    Sums more = Sums();
    more.pool_waits = 1;
    Add(server_id, user_id, more);
  }
};

// --- Memory -------------------------------------------------------------------------------------

constexpr Size kSharedBytes = sizeof(Entry) * (kSharedEntries + 1);

void InitEntries(Entry* entries, int count) {
  for (int i = 0; i < count; ++i) {
    SpinLockInit(&entries[i].lock);
    entries[i].used = false;
  }
}

// In the postmaster, at its start and after a crash; backends inherit what it sets.
void OnSharedMemoryStart() {
  if (next_startup_hook != nullptr) next_startup_hook();
  bool found = false;
  LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
  Entry* entries = (Entry*)ShmemInitStruct("redis_fdw_stats", kSharedBytes, &found);
  if (!found) InitEntries(entries, kSharedEntries + 1);
  LWLockRelease(AddinShmemInitLock);
  table = Table{entries, kSharedEntries, true};
}

// --- Reading ------------------------------------------------------------------------------------

struct Row {
  Owner owner;
  Sums sums;
};

struct Rows {
  Row* rows;
  int count;
};

// A reset while others add may leave two entries of one owner.
void AddRow(const Owner& owner, const Sums& sums, Rows* rows) {
  for (int i = 0; i < rows->count; ++i) {
    if (rows->rows[i].owner == owner) return AddTo(&rows->rows[i].sums, sums);
  }
  rows->rows[rows->count++] = Row{owner, sums};
}

// What the current user may see of this database's rows, in the current memory context.
Rows* VisibleRows() {
  Rows* rows = (Rows*)palloc0(sizeof(Rows));
  rows->rows = (Row*)palloc(sizeof(Row) * (table.size + 1));
  const Oid user = GetUserId();
  const bool sees_all = has_privs_of_role(user, ROLE_PG_READ_ALL_STATS);
  for (int i = 0; i <= table.size; ++i) {
    Entry* entry = &table.entries[i];
    SpinLockAcquire(&entry->lock);
    const bool used = entry->used;
    const Owner owner = entry->owner;
    const Sums sums = entry->sums;
    SpinLockRelease(&entry->lock);
    if (!used || (owner.user != user && !sees_all)) continue;
    if (owner.database == MyDatabaseId || i == table.size) AddRow(owner, sums, rows);
  }
  return rows;
}

HeapTuple FormRow(const Row& row, TupleDesc desc) {
  const bool is_others = row.owner == Owner();
  constexpr int kColumns = 12;
  bool nulls[kColumns] = {is_others, is_others};
  const Sums& sums = row.sums;
  Datum values[kColumns] = {ObjectIdGetDatum(row.owner.server),
                            ObjectIdGetDatum(row.owner.user),
                            Int64GetDatum(sums.commands),
                            Int64GetDatum(sums.round_trips),
                            Int64GetDatum(sums.bytes_sent),
                            Int64GetDatum(sums.bytes_received),
                            Int64GetDatum(sums.errors),
                            Int64GetDatum(sums.retries),
                            Int64GetDatum(sums.redirects),
                            Int64GetDatum(sums.pool_waits),
                            Float8GetDatum(static_cast<double>(sums.wait_ns) / 1e6),
                            BoolGetDatum(table.shared)};
  return heap_form_tuple(desc, values, nulls);
}

void BeginRows(FunctionCallInfo fcinfo, FuncCallContext* context) {
  MemoryContext old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
  TupleDesc desc;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE) {
    elog(ERROR, "redis_fdw_stats must return rows");
  }
  context->tuple_desc = BlessTupleDesc(desc);
  context->user_fctx = VisibleRows();
  MemoryContextSwitchTo(old);
}

}  // namespace

TrafficListener* TrafficStats() {
  static Adder* const adder = new Adder;  // never destroyed: it is called to the very end
  return adder;
}

void InitStats() {
  InitEntries(local_entries, kLocalEntries + 1);
  if (!process_shared_preload_libraries_in_progress) return;
  ReserveSharedMemory(kSharedBytes);
  next_startup_hook = shmem_startup_hook;
  shmem_startup_hook = OnSharedMemoryStart;
}

}  // namespace redis_fdw

Datum redis_fdw_stats(PG_FUNCTION_ARGS) {
  if (SRF_IS_FIRSTCALL()) redis_fdw::BeginRows(fcinfo, SRF_FIRSTCALL_INIT());
  FuncCallContext* context = SRF_PERCALL_SETUP();
  const auto* rows = static_cast<const redis_fdw::Rows*>(context->user_fctx);
  if (context->call_cntr >= static_cast<uint64>(rows->count)) SRF_RETURN_DONE(context);
  HeapTuple tuple = redis_fdw::FormRow(rows->rows[context->call_cntr], context->tuple_desc);
  SRF_RETURN_NEXT(context, HeapTupleGetDatum(tuple));
}

Datum redis_fdw_stats_reset(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  for (int i = 0; i <= redis_fdw::table.size; ++i) {
    redis_fdw::Entry* entry = &redis_fdw::table.entries[i];
    SpinLockAcquire(&entry->lock);
    entry->used = false;
    SpinLockRelease(&entry->lock);
  }
  PG_RETURN_VOID();
}
