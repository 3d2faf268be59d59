// What differs between PostgreSQL 14 and 18, and nothing else. Included by pg.h.

#ifndef REDIS_FDW_PG_GLUE_COMPAT_H_
#define REDIS_FDW_PG_GLUE_COMPAT_H_

#if PG_VERSION_NUM < 140000
#error "redis_fdw needs PostgreSQL 14 or newer"
#endif

// Up to 15 PGDLLEXPORT is empty on Linux, and we compile with hidden visibility.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

namespace redis_fdw {

// 15 split Value nodes into Integer, String, ... with fields of their own.
#if PG_VERSION_NUM >= 150000
inline char* StringValue(void* node) { return strVal(node); }
#else
inline char* StringValue(void* node) { return strVal((Value*)node); }
#endif

// 17 ties the set to a resource owner instead of a memory context.
inline WaitEventSet* NewWaitEventSet(int events) {
#if PG_VERSION_NUM >= 170000
  return CreateWaitEventSet(CurrentResourceOwner, events);
#else
  return CreateWaitEventSet(CurrentMemoryContext, events);
#endif
}

// The role whose privileges a scan checks (a view's owner, for a table used through a view).
inline Oid ScanUserId(ForeignScanState* node) {
  ForeignScan* plan = (ForeignScan*)node->ss.ps.plan;
#if PG_VERSION_NUM >= 160000
  Oid user = plan->checkAsUser;
#else
  Oid user = exec_rt_fetch(plan->scan.scanrelid, node->ss.ps.state)->checkAsUser;
#endif
  return OidIsValid(user) ? user : GetUserId();
}

// The same for the target of a modification; a partition that rows are routed to goes by its root.
inline Oid ModifyUserId(EState* estate, ResultRelInfo* rinfo) {
#if PG_VERSION_NUM >= 160000
  Oid user = ExecGetResultRelCheckAsUser(rinfo, estate);
#else
  ResultRelInfo* named = rinfo;
  if (named->ri_RangeTableIndex == 0 && named->ri_RootResultRelInfo != nullptr) {
    named = named->ri_RootResultRelInfo;
  }
  Oid user = named->ri_RangeTableIndex == 0
                 ? InvalidOid
                 : exec_rt_fetch(named->ri_RangeTableIndex, estate)->checkAsUser;
#endif
  return OidIsValid(user) ? user : GetUserId();
}

// Whether a collation orders text as memcmp() does.
inline bool CollationIsC(Oid collation) {
#if PG_VERSION_NUM >= 180000
  return pg_newlocale_from_collation(collation)->collate_is_c;
#else
  return lc_collate_is_c(collation);
#endif
}

// 16 checks the privileges on all kinds of objects with one function.
inline AclResult CheckServerUsage(Oid serverid, Oid user) {
#if PG_VERSION_NUM >= 160000
  return object_aclcheck(ForeignServerRelationId, serverid, user, ACL_USAGE);
#else
  return pg_foreign_server_aclcheck(serverid, user, ACL_USAGE);
#endif
}

inline ForeignPath* NewForeignScanPath(PlannerInfo* root, RelOptInfo* rel, double rows,
                                       Cost startup, Cost total, Relids required_outer) {
#if PG_VERSION_NUM >= 180000
  return create_foreignscan_path(root, rel, nullptr, rows, 0, startup, total, NIL, required_outer,
                                 nullptr, NIL, NIL);
#elif PG_VERSION_NUM >= 170000
  return create_foreignscan_path(root, rel, nullptr, rows, startup, total, NIL, required_outer,
                                 nullptr, NIL, NIL);
#else
  return create_foreignscan_path(root, rel, nullptr, rows, startup, total, NIL, required_outer,
                                 nullptr, NIL);
#endif
}

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_COMPAT_H_
