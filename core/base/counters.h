// What a scan or a modification cost; EXPLAIN (ANALYZE) shows it.

#ifndef REDIS_FDW_CORE_BASE_COUNTERS_H_
#define REDIS_FDW_CORE_BASE_COUNTERS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace redis_fdw {

struct Counters {
  int64_t commands = 0;  // commands handed to Redis
  int64_t round_trips =
      0;  // times commands went out while no earlier answer was outstanding on that connection
  int64_t bytes_sent = 0;      // RESP bytes
  int64_t bytes_received = 0;  // RESP bytes
  int64_t rows_decoded = 0;    // rows put into batches, before PostgreSQL rechecks them
  absl::Duration wait_time;    // for answers, connections, and to find out who serves
  int64_t errors = 0;          // error replies, and connections that broke
  int64_t retries = 0;    // commands sent again: the connection broke, or the node was not ready
  int64_t redirects = 0;  // commands sent again to another node, since MOVED or ASK said so
  int64_t nodes = 0;      // nodes that commands went to for the first time

  // What was counted from `b` to `a`.
  friend Counters operator-(Counters a, const Counters& b) {
    a.commands -= b.commands;
    a.round_trips -= b.round_trips;
    a.bytes_sent -= b.bytes_sent;
    a.bytes_received -= b.bytes_received;
    a.rows_decoded -= b.rows_decoded;
    a.wait_time -= b.wait_time;
    a.errors -= b.errors;
    a.retries -= b.retries;
    a.redirects -= b.redirects;
    a.nodes -= b.nodes;
    return a;
  }
  friend bool operator==(const Counters& a, const Counters& b) {
    return a.commands == b.commands && a.round_trips == b.round_trips &&
           a.bytes_sent == b.bytes_sent && a.bytes_received == b.bytes_received &&
           a.rows_decoded == b.rows_decoded && a.wait_time == b.wait_time && a.errors == b.errors &&
           a.retries == b.retries && a.redirects == b.redirects && a.nodes == b.nodes;
  }
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_BASE_COUNTERS_H_
