// ContextList<T>: a list of plain objects in memory contexts. Each is in it until its context is
// reset or deleted, on errors too.

#ifndef REDIS_FDW_PG_GLUE_CONTEXT_LIST_H_
#define REDIS_FDW_PG_GLUE_CONTEXT_LIST_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// T derives from it.
struct ContextListMember {
  dlist_node node;
  MemoryContextCallback unlink;
};

template <typename T>
class ContextList {
 public:
  // `item` lives in `context`. Raises nothing.
  void Add(T* item, MemoryContext context) {
    dlist_push_head(&head_, &item->node);
    item->unlink.func = [](void* node) { dlist_delete(static_cast<dlist_node*>(node)); };
    item->unlink.arg = &item->node;
    MemoryContextRegisterResetCallback(context, &item->unlink);
  }

  // From the one added last to the first; null at the end. What is added meanwhile is not met.
  T* newest() { return ItemAt(head_.head.next); }
  T* older(T* item) { return ItemAt(item->node.next); }

 private:
  T* ItemAt(dlist_node* node) {
    if (node == &head_.head) return nullptr;
    return static_cast<T*>(reinterpret_cast<ContextListMember*>(node));
  }

  dlist_head head_ = DLIST_STATIC_INIT(head_);
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_CONTEXT_LIST_H_
