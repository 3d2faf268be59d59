#include "pg_glue/query_failure.h"

#include "pg_glue/context_list.h"

namespace redis_fdw {
namespace {

struct Watch : ContextListMember {
  ResourceOwner owner;  // of the query; null once it has failed
  void (*let_go)(void* arg);
  void* arg;
};

ContextList<Watch> watches;

// While an owner is released it is the current one.
void OnRelease(ResourceReleasePhase phase, bool is_commit, bool, void*) {
  if (is_commit || phase != RESOURCE_RELEASE_BEFORE_LOCKS) return;
  for (Watch* watch = watches.newest(); watch != nullptr; watch = watches.older(watch)) {
    if (watch->owner != CurrentResourceOwner) continue;
    watch->owner = nullptr;
    watch->let_go(watch->arg);
  }
}

}  // namespace

void OnQueryFailure(MemoryContext context, void (*let_go)(void* arg), void* arg) {
  Watch* watch = static_cast<Watch*>(MemoryContextAllocZero(context, sizeof(Watch)));
  watch->owner = CurrentResourceOwner;
  watch->let_go = let_go;
  watch->arg = arg;
  watches.Add(watch, context);
}

void InitQueryFailure() { RegisterResourceReleaseCallback(OnRelease, nullptr); }

}  // namespace redis_fdw
