#include "pg_glue/server_checks.h"

#include <memory>
#include <string>
#include <vector>

#include "core/net/endpoint.h"
#include "pg_glue/guard.h"
#include "pg_glue/option_table.h"
#include "pg_glue/pg.h"
#include "tables/registry.h"

namespace redis_fdw {
namespace {

// What of a host_port the other options have to fit.
struct Addresses {
  int all;
  int unix_sockets;
  int tls;
};

Addresses CountAddresses(const char* host_port) {
  Addresses count = {0, 0, 0};
  CallCpp([&] {
    ASSIGN_OR_RETURN(const std::vector<Endpoint> endpoints, ParseHostPort(host_port));
    for (const Endpoint& endpoint : endpoints) {
      ++count.all;
      if (endpoint.is_unix()) ++count.unix_sockets;
      if (endpoint.tls) ++count.tls;
    }
    return absl::OkStatus();
  });
  return count;
}

[[noreturn]] void RaiseMismatch(const char* message, const char* hint) {
  ereport(ERROR, (errcode(ERRCODE_FDW_INVALID_OPTION_NAME), errmsg_internal("%s", message),
                  errhint("%s", hint)));
  pg_unreachable();
}

void CheckMode(const FdwOptions* options, const Addresses& count) {
  if (options->mode == ServerMode::kSentinel) {
    if (options->sentinel_master == nullptr) {
      RaiseMissingOption("sentinel_master",
                         "With mode 'sentinel' it names what the sentinels watch, as in their line "
                         "\"sentinel monitor NAME ...\".");
    }
  } else if (options->sentinel_master != nullptr || options->sentinel_username != nullptr ||
             options->sentinel_password != nullptr) {
    RaiseMismatch(
        "options \"sentinel_master\", \"sentinel_username\" and \"sentinel_password\" "
        "need mode 'sentinel'",
        "Add mode 'sentinel', and let \"host_port\" name the sentinels.");
  }
  if (options->mode == ServerMode::kStandalone) {
    if (count.all > 1) {
      RaiseMismatch("several addresses in option \"host_port\" do not go with mode 'standalone'",
                    "Name one server, or set \"mode\" to cluster or sentinel.");
    }
    if (options->read_from != ReadFrom::kPrimary) {
      RaiseMismatch("option \"read_from\" does not go with mode 'standalone'",
                    "Replicas are known of a cluster, or by sentinels. To read from one replica, "
                    "make a server of it.");
    }
  }
  if (count.unix_sockets > 0 && (count.all > 1 || options->mode == ServerMode::kSentinel)) {
    RaiseMismatch(
        "a unix socket in option \"host_port\" must be the only address, and no sentinel's",
        "Other nodes are reached by TCP; write host:port.");
  }
}

void CheckTls(const FdwOptions* options, const Addresses& count) {
  if (count.tls != 0 && count.tls != count.all) {
    RaiseMismatch("some addresses in option \"host_port\" want TLS and some do not",
                  "Write rediss:// before each address, or before none.");
  }
  const bool given = options->tls_ca_file != nullptr || options->tls_cert_file != nullptr ||
                     options->tls_key_file != nullptr || options->tls_server_name != nullptr ||
                     options->tls_verify_given;
  if (given && count.tls == 0) {
    RaiseMismatch("there are options about TLS, but \"host_port\" does not ask for it",
                  "Write rediss://host:port.");
  }
  if ((options->tls_cert_file != nullptr) != (options->tls_key_file != nullptr)) {
    RaiseMissingOption(options->tls_cert_file != nullptr ? "tls_key_file" : "tls_cert_file",
                       "A client's certificate needs both \"tls_cert_file\" and \"tls_key_file\".");
  }
}

// What only a superuser may have the server process open; null if there is nothing.
const char* PrivilegedOption(const FdwOptions* options) {
  if (CountAddresses(options->host_port).unix_sockets > 0) return "host_port";
  if (options->tls_ca_file != nullptr) return "tls_ca_file";
  if (options->tls_cert_file != nullptr) return "tls_cert_file";
  if (options->tls_key_file != nullptr) return "tls_key_file";
  return nullptr;
}

// For messages.
const char* WhatItNames(const char* option) {
  return strcmp(option, "host_port") == 0 ? "a unix socket" : "a file";
}

}  // namespace

void CheckHostPort(const char* text) { (void)CountAddresses(text); }

void CheckTableType(const char* text) {
  CallCpp([&] {
    if (FindTableType(text) != nullptr) return absl::OkStatus();
    return MakeError(
        ErrorKind::kInvalidOption,
        absl::StrCat("invalid value for option \"table_type\": \"", text, "\""),
        absl::StrCat("Allowed values are: ", absl::StrJoin(TableTypeNames(), ", "), "."));
  });
}

const char* TableTypeList() {
  const char* list = "";
  CallCpp([&] {
    std::string names = absl::StrJoin(TableTypeNames(), ", ");
    return CallPg([&] { list = pstrdup(names.c_str()); });
  });
  return list;
}

void CheckServerOptions(const FdwOptions* options) {
  if (options->host_port == nullptr) {
    RaiseMissingOption("host_port", "Add it to the server: OPTIONS (host_port '127.0.0.1:6379').");
  }
  const Addresses count = CountAddresses(options->host_port);
  CheckMode(options, count);
  CheckTls(options, count);
}

void CheckMayName(const FdwOptions* options) {
  const char* option = PrivilegedOption(options);
  if (option == nullptr || superuser()) return;
  ereport(ERROR,
          (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
           errmsg("only a superuser may name %s in option \"%s\"", WhatItNames(option), option),
           errhint("Ask a superuser to create the server.")));
}

void CheckServerPrivileges(const FdwOptions* options) {
  const char* option = PrivilegedOption(options);
  if (option == nullptr || superuser_arg(options->server_owner)) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("server \"%s\" names %s in option \"%s\", but its owner is no superuser",
                         options->server_name, WhatItNames(option), option),
                  errhint("Make a superuser its owner: ALTER SERVER ... OWNER TO ...")));
}

}  // namespace redis_fdw
