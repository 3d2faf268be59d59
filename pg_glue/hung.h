// Hung<T>: a C++ object that a memory context owns.
//
// PostgreSQL frees memory by resetting contexts, on errors too, and knows no destructors. A Hung<T>
// lives in a context and deletes its object when the context is reset or deleted, or before, by
// Drop().
//
//   Hung<ScanRuntime>* hung = Hang<ScanRuntime>(estate->es_query_cxt);   // may raise; nothing to
//   lose yet CallCpp([&] { hung->object = new ScanRuntime(...); return absl::OkStatus(); });
//
// REQUIRES: ~T neither throws nor raises nor calls PostgreSQL.

#ifndef REDIS_FDW_PG_GLUE_HUNG_H_
#define REDIS_FDW_PG_GLUE_HUNG_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

template <typename T>
struct Hung {
  T* object = nullptr;
  MemoryContextCallback callback = {};

  T* operator->() const { return object; }

  // Deletes the object now.
  void Drop() {
    T* doomed = object;
    object = nullptr;
    delete doomed;
  }
};

template <typename T>
Hung<T>* Hang(MemoryContext context) {
  Hung<T>* hung = static_cast<Hung<T>*>(MemoryContextAllocZero(context, sizeof(Hung<T>)));
  hung->callback.func = [](void* arg) { static_cast<Hung<T>*>(arg)->Drop(); };
  hung->callback.arg = hung;
  MemoryContextRegisterResetCallback(context, &hung->callback);
  return hung;
}

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_HUNG_H_
