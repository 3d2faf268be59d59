// What the samples of sample.h are made of.

#ifndef REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_PARTS_H_
#define REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_PARTS_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "testing/conformance/sample.h"

namespace redis_fdw::test {

using WriteRows =
    std::function<std::vector<Argv>(const std::string& key, const std::vector<SampleRow>& rows)>;

// Bytes that are no text.
const std::string& Binary();
ColumnDef Column(const std::string& name, ColumnType type = ColumnType::kText);
// Bytes, or a double as Redis takes it.
std::string Text(const SampleRow& row, size_t column);

// Tables of one key, by type.
std::map<std::string, Sample> OneKeySamples();
// The rows of a table with one key, spread over several; a key for each where it has only one.
Sample ManyKeys(const Sample& one);
// Tables with a row per key, by type.
std::map<std::string, Sample> RowPerKeySamples();

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_CONFORMANCE_SAMPLE_PARTS_H_
