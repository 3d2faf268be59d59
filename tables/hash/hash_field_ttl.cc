#include "tables/hash/hash_field_ttl.h"

#include <cstdint>

#include "absl/strings/numbers.h"
#include "tables/common/step_source.h"

namespace redis_fdw {

// Both go by chunks, since Lua cannot unpack any number of values.
const char kScanTtlScript[] = R"lua(
local page = redis.pcall('HSCAN', KEYS[1], unpack(ARGV))
if page.err then return page end
local parts = page[2]
for first = 1, #parts, 4000 do
  local names = {}
  for i = first, math.min(first + 3999, #parts), 2 do names[#names + 1] = parts[i] end
  local left = redis.call('HPTTL', KEYS[1], 'FIELDS', #names, unpack(names))
  local at = redis.call('HPEXPIRETIME', KEYS[1], 'FIELDS', #names, unpack(names))
  for i = 1, #names do
    local value = first + 2 * i - 1
    parts[value] = string.format('%.0f,%.0f:', left[i], at[i]) .. parts[value]
  end
end
return page
)lua";

const char kLookupTtlScript[] = R"lua(
local values = {}
for first = 1, #ARGV, 4000 do
  local names = {unpack(ARGV, first, math.min(first + 3999, #ARGV))}
  local found = redis.pcall('HMGET', KEYS[1], unpack(names))
  if found.err then return found end
  local left = redis.call('HPTTL', KEYS[1], 'FIELDS', #names, unpack(names))
  local at = redis.call('HPEXPIRETIME', KEYS[1], 'FIELDS', #names, unpack(names))
  for i = 1, #names do
    local value = found[i]
    values[first + i - 1] = value and string.format('%.0f,%.0f:', left[i], at[i]) .. value
  end
end
return values
)lua";

absl::Status TakeTtl(absl::string_view* value, RowWriter* rows) {
  const size_t comma = value->find(',');
  const size_t colon = value->find(':');
  int64_t left = 0;
  int64_t at = 0;
  if (comma == absl::string_view::npos || colon == absl::string_view::npos || comma > colon ||
      !absl::SimpleAtoi(value->substr(0, comma), &left) ||
      !absl::SimpleAtoi(value->substr(comma + 1, colon - comma - 1), &at)) {
    return UnexpectedReply("HPTTL");
  }
  rows->Share(kTtlPart, Cell::Int64(left < 0 ? -1 : (left + 500) / 1000));
  rows->Share(kExpiresPart, at < 0 ? Cell::Null() : Cell::Int64(at));
  value->remove_prefix(colon + 1);
  return absl::OkStatus();
}

}  // namespace redis_fdw
