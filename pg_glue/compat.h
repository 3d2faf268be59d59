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

// Before 15 it was a flag: random access or not.
#if PG_VERSION_NUM < 150000
#define TUPLESORT_NONE false
#endif

// 16 lets input functions report an error without raising it, to whoever asked for that.
#if PG_VERSION_NUM < 160000
#define ereturn(context, dummy_value, ...) \
  do {                                     \
    ereport(ERROR, __VA_ARGS__);           \
    return dummy_value;                    \
  } while (0)
#endif

namespace redis_fdw {

// Tells of settings that begin so and that nobody has defined; 15 refuses them from then on.
inline void ReserveSettingPrefix(const char* prefix) {
#if PG_VERSION_NUM >= 150000
  MarkGUCPrefixReserved(prefix);
#else
  EmitWarningsOnPlaceholders(prefix);
#endif
}

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

// The range table index of the relation that a scan reads, also where it does more than to scan it.
// 16 tells base relations from outer joins.
inline Index ScannedRelation(const ForeignScan* plan) {
  if (plan->scan.scanrelid > 0) return plan->scan.scanrelid;
#if PG_VERSION_NUM >= 160000
  return (Index)bms_next_member(plan->fs_base_relids, -1);
#else
  return (Index)bms_next_member(plan->fs_relids, -1);
#endif
}

// The role whose user mapping applies to a base relation.
inline Oid PlanUserId(PlannerInfo* root, RelOptInfo* rel) {
#if PG_VERSION_NUM >= 160000
  (void)root;
  Oid user = rel->userid;
#else
  Oid user = planner_rt_fetch(rel->relid, root)->checkAsUser;
#endif
  return OidIsValid(user) ? user : GetUserId();
}

// The role whose privileges a scan checks (a view's owner, for a table used through a view).
inline Oid ScanUserId(ForeignScanState* node) {
  ForeignScan* plan = (ForeignScan*)node->ss.ps.plan;
#if PG_VERSION_NUM >= 160000
  Oid user = plan->checkAsUser;
#else
  Oid user = exec_rt_fetch(ScannedRelation(plan), node->ss.ps.state)->checkAsUser;
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

// Whether a user has added rules of how a collation sorts, which may tailor anything. 16 has such.
inline bool CollationHasRules(Oid collation) {
#if PG_VERSION_NUM >= 160000
  const bool of_database = collation == DEFAULT_COLLATION_OID;
  const int cache = of_database ? DATABASEOID : COLLOID;
  HeapTuple tuple =
      SearchSysCache1(cache, ObjectIdGetDatum(of_database ? MyDatabaseId : collation));
  if (!HeapTupleIsValid(tuple)) elog(ERROR, "cache lookup failed for collation %u", collation);
  bool is_null = true;
  (void)SysCacheGetAttr(cache, tuple,
                        of_database ? Anum_pg_database_daticurules : Anum_pg_collation_collicurules,
                        &is_null);
  ReleaseSysCache(tuple);
  return !is_null;
#else
  (void)collation;
  return false;
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

// What the constructors of a ForeignPath take. They gained the number of disabled nodes in 18 and
// the join's clauses in 17.
struct ForeignPathSpec {
  PathTarget* target = nullptr;  // null: that of the relation
  double rows = 1;
  Cost startup = 0;
  Cost total = 0;
  List* pathkeys = NIL;
  Relids required_outer = nullptr;  // of a scan
  List* fdw_private = NIL;
};

inline ForeignPath* NewForeignScanPath(PlannerInfo* root, RelOptInfo* rel,
                                       const ForeignPathSpec& spec) {
#if PG_VERSION_NUM >= 180000
  return create_foreignscan_path(root, rel, spec.target, spec.rows, 0, spec.startup, spec.total,
                                 spec.pathkeys, spec.required_outer, nullptr, NIL,
                                 spec.fdw_private);
#elif PG_VERSION_NUM >= 170000
  return create_foreignscan_path(root, rel, spec.target, spec.rows, spec.startup, spec.total,
                                 spec.pathkeys, spec.required_outer, nullptr, NIL,
                                 spec.fdw_private);
#else
  return create_foreignscan_path(root, rel, spec.target, spec.rows, spec.startup, spec.total,
                                 spec.pathkeys, spec.required_outer, nullptr, spec.fdw_private);
#endif
}

inline ForeignPath* NewForeignUpperPath(PlannerInfo* root, RelOptInfo* rel,
                                        const ForeignPathSpec& spec) {
#if PG_VERSION_NUM >= 180000
  return create_foreign_upper_path(root, rel, spec.target, spec.rows, 0, spec.startup, spec.total,
                                   spec.pathkeys, nullptr, NIL, spec.fdw_private);
#elif PG_VERSION_NUM >= 170000
  return create_foreign_upper_path(root, rel, spec.target, spec.rows, spec.startup, spec.total,
                                   spec.pathkeys, nullptr, NIL, spec.fdw_private);
#else
  return create_foreign_upper_path(root, rel, spec.target, spec.rows, spec.startup, spec.total,
                                   spec.pathkeys, nullptr, spec.fdw_private);
#endif
}

// The pathkeys of an order by `expr`, NIL if no query clause is about such an order.
inline List* PathKeysOf(PlannerInfo* root, RelOptInfo* rel, Expr* expr, Oid sort_operator) {
#if PG_VERSION_NUM >= 160000
  return build_expression_pathkey(root, expr, sort_operator, rel->relids, false);
#else
  return build_expression_pathkey(root, expr, nullptr, sort_operator, rel->relids, false);
#endif
}

// 18 says by comparison what a path key sorts by, not by the btree strategy.
inline bool PathKeyDescends(const PathKey* key) {
#if PG_VERSION_NUM >= 180000
  return key->pk_cmptype == COMPARE_GT;
#else
  return key->pk_strategy == BTGreaterStrategyNumber;
#endif
}

// Calls `visit` for the members of an equivalence class that may be about `rel`. 18 keeps those of
// children apart.
template <typename Visit>
void ForEachMember(RelOptInfo* rel, EquivalenceClass* eclass, Visit visit) {
#if PG_VERSION_NUM >= 180000
  EquivalenceMemberIterator it;
  setup_eclass_member_iterator(&it, eclass, rel->relids);
  while (EquivalenceMember* member = eclass_member_iterator_next(&it)) visit(member);
#else
  (void)rel;
  ListCell* lc;
  foreach (lc, eclass->ec_members) visit((EquivalenceMember*)lfirst(lc));
#endif
}

// Whether the member is a column as it is above an outer join that may have made it NULL. 16 marks
// the Vars themselves.
inline bool IsNulledByJoin(EquivalenceMember* member) {
#if PG_VERSION_NUM >= 160000
  Expr* expr = member->em_expr;
  while (expr != nullptr && IsA(expr, RelabelType)) expr = ((RelabelType*)expr)->arg;
  return expr != nullptr && IsA(expr, Var) && !bms_is_empty(((Var*)expr)->varnullingrels);
#else
  return !bms_is_empty(member->em_nullable_relids);
#endif
}

// Up to 15 the walker has no prototype, which in C++ says that it takes nothing.
inline bool WalkExpression(Node* node, bool (*walker)(Node*, void*), void* context) {
#if PG_VERSION_NUM >= 160000
  return expression_tree_walker(node, walker, context);
#else
  void (*untyped)() = (void (*)())walker;
  return expression_tree_walker(node, (bool (*)())untyped, context);
#endif
}

// Reserves shared memory for a library that is loaded as the server starts. From 15 on only a hook
// may; up to 14 it is done at once. To be called once.
inline Size shared_bytes_wanted = 0;
#if PG_VERSION_NUM >= 150000
inline shmem_request_hook_type next_shmem_request = nullptr;
inline void RequestWantedMemory() {
  if (next_shmem_request != nullptr) next_shmem_request();
  RequestAddinShmemSpace(shared_bytes_wanted);
}
#endif
inline void ReserveSharedMemory(Size bytes) {
  shared_bytes_wanted = bytes;
#if PG_VERSION_NUM >= 150000
  next_shmem_request = shmem_request_hook;
  shmem_request_hook = RequestWantedMemory;
#else
  RequestAddinShmemSpace(bytes);
#endif
}

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_COMPAT_H_
