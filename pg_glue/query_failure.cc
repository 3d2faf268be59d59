#include "pg_glue/query_failure.h"

namespace redis_fdw {
namespace {

// One of the list of all, in the context of its query.
struct Watch {
  ResourceOwner owner;  // of the query; null once it has failed
  void (*let_go)(void* arg);
  void* arg;
  Watch* next;
  Watch* prev;
  MemoryContextCallback unlink;
};

Watch* watches = nullptr;

void Unlink(void* arg) {
  Watch* watch = static_cast<Watch*>(arg);
  if (watch->prev != nullptr) watch->prev->next = watch->next;
  if (watch->next != nullptr) watch->next->prev = watch->prev;
  if (watches == watch) watches = watch->next;
}

// While an owner is released it is the current one.
void OnRelease(ResourceReleasePhase phase, bool is_commit, bool, void*) {
  if (is_commit || phase != RESOURCE_RELEASE_BEFORE_LOCKS) return;
  for (Watch* watch = watches; watch != nullptr; watch = watch->next) {
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
  watch->next = watches;
  if (watches != nullptr) watches->prev = watch;
  watches = watch;
  watch->unlink.func = Unlink;
  watch->unlink.arg = watch;
  MemoryContextRegisterResetCallback(context, &watch->unlink);
}

void InitQueryFailure() { RegisterResourceReleaseCallback(OnRelease, nullptr); }

}  // namespace redis_fdw
