// What holds of the options of a server together, and who may say what in them. Raises what does
// not hold.

#ifndef REDIS_FDW_PG_GLUE_SERVER_CHECKS_H_
#define REDIS_FDW_PG_GLUE_SERVER_CHECKS_H_

#include "pg_glue/options.h"

namespace redis_fdw {

// Raises if the text is no host_port.
void CheckHostPort(const char* text);
// Raises if there is no such table type, naming those there are.
void CheckTableType(const char* text);
// "hash, list, ...", in the current memory context.
const char* TableTypeList();

// The options of a server as a whole: what is missing, and what does not go together.
void CheckServerOptions(const FdwOptions* options);

// Raises if the current user may not put these options into a server: unix sockets and files need a
// superuser. For DDL only; whoever may use the server need not be one.
void CheckMayName(const FdwOptions* options);
// Raises where a server needs a superuser as its owner, for the same reasons: at use, since a
// wrapper may have no validator, and servers may be given away.
void CheckServerPrivileges(const FdwOptions* options);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_SERVER_CHECKS_H_
