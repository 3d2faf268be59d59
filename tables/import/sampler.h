// Looking at a keyspace and at some of its keys, with bounded work.
//
// Keys come by SCAN, page by page, never by KEYS; their types by TYPE. What a key holds is asked by
// its type's importer. Everything goes through a Pipeline, so it can be cancelled at any moment.

#ifndef REDIS_FDW_TABLES_IMPORT_SAMPLER_H_
#define REDIS_FDW_TABLES_IMPORT_SAMPLER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/exec/pipeline.h"
#include "tables/import/importer.h"
#include "tables/import/key_groups.h"

namespace redis_fdw {

struct ScanLimits {
  int64_t sample_size = 10000;          // keys to keep
  int64_t scan_limit = 1000000;         // keys that SCAN may look at; more than a page of a node's
  size_t longest_key = 1024;            // bytes; longer ones are passed over
  size_t key_bytes = size_t{64} << 20;  // of all that are kept
};

struct ScannedKeys {
  std::vector<TypedKey> keys;  // one may be there twice, as SCAN gives it
  // Why there may be keys that were not seen; all false: these are all there are.
  bool sample_full = false;
  bool scan_ended = false;
  bool bytes_full = false;
  int64_t long_keys = 0;  // passed over

  bool complete() const { return !sample_full && !scan_ended && !bytes_full; }
};

// Keys that match `pattern` (a glob, or the one key that it names) and their types, of all
// primaries in equal shares. Keys that vanish meanwhile are not among them; keys that move from one
// node to another may be missing.
absl::StatusOr<ScannedKeys> ScanKeys(absl::string_view pattern, const ScanLimits& limits,
                                     Pipeline* pipeline);

// What `importer` wants to know of each key, all keys in step. A command that Redis answers by an
// error leaves a failed reply; if one was forbidden, *refusal (not null) tells.
absl::StatusOr<std::vector<KeySample>> SampleKeys(const TableImporter& importer,
                                                  absl::Span<const std::string> keys,
                                                  Pipeline* pipeline, absl::Status* refusal);

// Whether `pattern` has a `*`, `?` or `[` that is not escaped.
bool IsGlob(absl::string_view pattern);
// What all keys of the pattern begin with: what stands before the first of those, unescaped.
std::string LiteralHead(absl::string_view pattern);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_SAMPLER_H_
