// The options of servers, user mappings and foreign tables: which there are, what they may hold,
// and reading them for use. Everything here is plain data in the current memory context; errors are
// raised.

#ifndef REDIS_FDW_PG_GLUE_OPTIONS_H_
#define REDIS_FDW_PG_GLUE_OPTIONS_H_

#include "pg_glue/pg.h"
#include "pushdown/scan_plan.h"

namespace redis_fdw {

// When planning asks Redis how many rows there are.
enum class RemoteEstimate : uint8_t {
  kForJoins,  // by default: where a join's plan hangs on it, and ANALYZE has not told
  kAlways,
  kNever,
};

// What the server is (option mode).
enum class ServerMode : uint8_t {
  kAuto,  // a cluster if there are several addresses, or if the one is a cluster's node
  kStandalone,
  kCluster,
  kSentinel,
};

// Everything a foreign table's options come to, those of its server and user mapping included.
struct FdwOptions {
  // Server.
  Oid server_id;
  Oid user_id;  // whose mapping applies: as whom a connection is made
  const char* server_name;
  Oid server_owner;
  uint64 generation;        // OptionsGeneration() before they were read
  const char* client_name;  // what the server may call this session
  const char* host_port;
  ServerMode mode;
  const char* sentinel_master;  // null but with mode sentinel
  ReadFrom read_from;
  const char* tls_ca_file;      // null: the system's certificate authorities
  const char* tls_cert_file;    // null: none
  const char* tls_key_file;     // null: none
  const char* tls_server_name;  // null: the host
  bool tls_verify;
  bool tls_verify_given;
  int connect_timeout_ms;  // 0: none
  int command_timeout_ms;  // 0: none
  int pool_max_size;
  int pool_connection_timeout_ms;  // 0: none
  int pool_idle_timeout_secs;
  int pool_max_lifetime_secs;
  bool pool_test_on_check_out;
  // User mapping, else server. A mapping that has one of a pair takes neither from the server.
  const char* username;           // null: none
  const char* password;           // null: none
  const char* sentinel_username;  // null: none
  const char* sentinel_password;  // null: none
  // Table (fetch_size, batch_size, scan_mode, updatable and what plans cost: else server).
  const char* table_type;
  const char* table_key_prefix;  // as written; null: key_template stands in its place
  const char* key_template;      // as written; null: table_key_prefix stands in its place
  int database;
  bool row_per_key;        // row_per is 'key'
  int ttl_secs;            // 0: none
  bool strict_key_prefix;  // INSERT of a key outside of the pattern: error, else warning
  bool strict_insert;      // INSERT of an element that is there: unique violation
  bool updatable;
  int fetch_size;
  int batch_size;
  ScanMode scan_mode;
  double startup_cost;  // fdw_startup_cost: of a command that is waited for
  double tuple_cost;    // fdw_tuple_cost: of an element
  RemoteEstimate use_remote_estimate;
};

// The options of a column.
struct ColumnOptions {
  const char* role;   // option `redis`; null if absent
  const char* field;  // null if absent
};

// Checks the options of one object as its DDL gives them, `catalog` saying which kind of object;
// raises on the first that is unknown, malformed, or missing. For the validator.
void ValidateOptions(List* options, Oid catalog);

// Reads the options of a server and of the role's user mapping, checking them as the validator does
// (there may have been none). A missing user mapping is allowed.
FdwOptions* ReadServerOptions(Oid serverid, Oid user);

// Reads the options that apply to a foreign table for a role, checking them as the validator does
// (there may have been none). A missing user mapping is allowed.
FdwOptions* ReadTableOptions(Oid relid, Oid user);

// The table's own options alone, checked in the same way: its declaration, which does not depend on
// server and user.
FdwOptions* ReadDeclaredOptions(Oid relid);

// The options of a column, checked likewise.
ColumnOptions ReadColumnOptions(Oid relid, AttrNumber attnum);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_OPTIONS_H_
