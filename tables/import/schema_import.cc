#include "tables/import/schema_import.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/status.h"
#include "core/resp/command.h"
#include "tables/import/names.h"
#include "tables/registry.h"
#include "tables/table.h"

namespace redis_fdw {
namespace {

// Keys of a group that are looked at.
constexpr size_t kKeysPerGroup = 30;
// Names listed in a note.
constexpr size_t kMostListed = 10;

// A table to be.
struct Candidate {
  const TableImporter* importer;
  KeyGroup group;
  std::string name;
  std::string pattern;
};

std::string Listed(const std::vector<std::string>& names) {
  std::string list;
  for (size_t i = 0; i < names.size() && i < kMostListed; ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ", ", names[i]);
  }
  if (names.size() > kMostListed) {
    absl::StrAppend(&list, " and ", names.size() - kMostListed, " more");
  }
  return list;
}

std::string Keys(int64_t count) { return count == 1 ? "1 key" : absl::StrCat(count, " keys"); }
std::string Tables(size_t count) { return count == 1 ? "1 table" : absl::StrCat(count, " tables"); }

void NoteScan(const ScannedKeys& scanned, const ImportRequest& request,
              std::vector<ImportNote>* notes) {
  const std::string quoted = absl::StrCat("\"", QuoteArgument(request.pattern), "\"");
  if (scanned.keys.empty()) {
    notes->push_back({absl::StrCat("no key that matches ", quoted, " was found"),
                      scanned.scan_ended ? "Raise option \"scan_limit\" to look at more keys."
                                         : "The schema's name is a key pattern, like \"user:*\" "
                                           "or \"*\". Option \"database\" chooses a database."});
  }
  if (scanned.sample_full) {
    notes->push_back({absl::StrCat("only a sample of ", Keys(request.limits.sample_size), " of ",
                                   quoted, " was looked at"),
                      "Rare kinds of keys may be missing: raise option \"sample_size\", or import "
                      "a narrower pattern."});
  }
  if (scanned.scan_ended && !scanned.keys.empty()) {
    notes->push_back({absl::StrCat("SCAN was ended after ", Keys(request.limits.scan_limit),
                                   ", of which ", scanned.keys.size(), " matched ", quoted),
                      "Raise option \"scan_limit\" to look at more keys."});
  }
  if (scanned.bytes_full) {
    notes->push_back({absl::StrCat("sampling ended after ", Keys(scanned.keys.size()),
                                   ", whose names take ", request.limits.key_bytes, " bytes"),
                      "Import a narrower pattern."});
  }
  if (scanned.long_keys > 0) {
    notes->push_back({absl::StrCat("skipped ", Keys(scanned.long_keys), " longer than ",
                                   request.limits.longest_key, " bytes"),
                      "A table for such a key can be created by hand."});
  }
}

// Takes the keys of types that no table shows.
void DropOtherTypes(std::vector<TypedKey>* keys, std::vector<ImportNote>* notes) {
  std::map<std::string, int64_t> skipped;
  auto is_other = [&](const TypedKey& key) {
    const TableType* type = FindTableType(key.type);
    if (type != nullptr && type->importer() != nullptr) return false;
    ++skipped[key.type];
    return true;
  };
  keys->erase(std::remove_if(keys->begin(), keys->end(), is_other), keys->end());
  if (skipped.empty()) return;
  int64_t sum = 0;
  std::vector<std::string> types;
  for (const auto& type : skipped) {
    sum += type.second;
    types.push_back(absl::StrCat(QuoteArgument(type.first), " (", type.second, ")"));
  }
  notes->push_back(
      {absl::StrCat("skipped ", Keys(sum), " of types that no table shows: ", Listed(types)), ""});
}

// A group's pattern must not match what the schema's does not. All keys of the group begin with
// `head`; where a star stands for a part of it, it gets the rest as a constant.
void Narrow(const std::string& head, KeyGroup* group) {
  if (!group->many() || group->parts.front().size() >= head.size()) return;
  std::vector<std::string> parts = std::move(group->parts);
  parts.front() = head;
  group->parts = std::move(parts);
  const bool all = std::all_of(group->keys.begin(), group->keys.end(),
                               [group](const std::string& key) { return group->Matches(key); });
  if (!all) group->parts = {head, ""};
}

// Names groups and gives them their patterns.
std::vector<Candidate> MakeCandidates(std::vector<KeyGroup> groups, const std::string& pattern) {
  const std::string head = LiteralHead(pattern);
  std::map<std::string, int> of_type;
  for (const KeyGroup& group : groups) ++of_type[group.type];
  // Of such patterns a group's is only guessed to be a part, so take it as it is where it can be.
  const bool peculiar = pattern.find_first_of("?[") != std::string::npos;
  std::vector<Candidate> candidates;
  NameSet names;
  for (KeyGroup& group : groups) {
    Narrow(head, &group);
    Candidate candidate;
    candidate.importer = FindTableType(group.type)->importer();
    candidate.pattern =
        peculiar && group.many() && of_type[group.type] == 1 ? pattern : group.Pattern();
    candidate.name = names.Add(SqlName(group.name, "keys"), group.type);
    candidate.group = std::move(group);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// Leaves the tables that are wanted, and of these the ones with most keys.
void Choose(const ImportRequest& request, absl::FunctionRef<bool(const std::string&)> wanted,
            std::vector<Candidate>* candidates, std::vector<ImportNote>* notes) {
  candidates->erase(
      std::remove_if(candidates->begin(), candidates->end(),
                     [&](const Candidate& candidate) { return !wanted(candidate.name); }),
      candidates->end());
  if (candidates->size() <= request.max_tables) return;
  std::vector<size_t> sizes;
  for (const Candidate& candidate : *candidates) sizes.push_back(candidate.group.keys.size());
  std::sort(sizes.rbegin(), sizes.rend());
  const size_t least = sizes[request.max_tables - 1];
  size_t ties = 0;  // of the least size, so many still fit
  for (size_t i = 0; i < request.max_tables; ++i) ties += sizes[i] == least ? 1 : 0;
  std::vector<std::string> skipped;
  std::vector<Candidate> chosen;
  for (Candidate& candidate : *candidates) {
    const size_t size = candidate.group.keys.size();
    if (size > least || (size == least && ties > 0)) {
      if (size == least) --ties;
      chosen.push_back(std::move(candidate));
    } else {
      skipped.push_back(QuoteArgument(candidate.pattern));
    }
  }
  *candidates = std::move(chosen);
  notes->push_back({absl::StrCat("skipped ", Tables(skipped.size()), " beyond the ",
                                 request.max_tables, " with most keys: ", Listed(skipped)),
                    "Raise option \"max_tables\", or import a narrower pattern."});
}

// Stars match delimiters too, so a pattern may show keys of another table's.
void NoteOverlaps(const std::vector<Candidate>& candidates, std::vector<ImportNote>* notes) {
  std::vector<std::string> overlaps;
  for (const Candidate& outer : candidates) {
    if (!outer.group.many()) continue;
    for (const Candidate& inner : candidates) {
      if (&inner == &outer || inner.group.type != outer.group.type) continue;
      if (!outer.group.Matches(inner.group.keys.front())) continue;
      overlaps.push_back(absl::StrCat(outer.name, " shows those of ", inner.name));
    }
  }
  if (overlaps.empty()) return;
  notes->push_back(
      {absl::StrCat("some tables match keys of others of the same type: ", Listed(overlaps)),
       "A * in table_key_prefix matches everything, delimiters too."});
}

void NoteMerged(const std::vector<Candidate>& candidates, std::vector<ImportNote>* notes) {
  std::vector<std::string> merged;
  for (const Candidate& candidate : candidates) {
    if (!candidate.group.merged) continue;
    merged.push_back(absl::StrCat(candidate.name, " (", QuoteArgument(candidate.pattern), ")"));
  }
  if (merged.empty()) return;
  notes->push_back(
      {absl::StrCat("keys without a common pattern were merged into tables: ", Listed(merged)),
       "Import a narrower pattern to have tables of their own for some."});
}

// Some keys of the group, evenly spread.
std::vector<std::string> SomeKeys(const KeyGroup& group) {
  const size_t count = std::min(group.keys.size(), kKeysPerGroup);
  std::vector<std::string> some;
  for (size_t i = 0; i < count; ++i) some.push_back(group.keys[i * group.keys.size() / count]);
  return some;
}

}  // namespace

absl::StatusOr<SchemaImport> ImportSchema(const ImportRequest& request,
                                          absl::FunctionRef<bool(const std::string&)> wanted,
                                          Pipeline* pipeline) {
  SchemaImport import;
  ASSIGN_OR_RETURN(ScannedKeys scanned, ScanKeys(request.pattern, request.limits, pipeline));
  NoteScan(scanned, request, &import.notes);
  DropOtherTypes(&scanned.keys, &import.notes);
  GroupingOptions grouping;
  grouping.delimiter = request.delimiter;
  grouping.complete = scanned.complete();
  std::vector<Candidate> candidates =
      MakeCandidates(GroupKeys(std::move(scanned.keys), grouping), request.pattern);
  Choose(request, wanted, &candidates, &import.notes);
  NoteMerged(candidates, &import.notes);
  NoteOverlaps(candidates, &import.notes);
  absl::Status refusal;
  for (Candidate& candidate : candidates) {
    const std::vector<std::string> some = SomeKeys(candidate.group);
    ASSIGN_OR_RETURN(std::vector<KeySample> samples,
                     SampleKeys(*candidate.importer, some, pipeline, &refusal));
    import.tables.push_back(ImportedTable{candidate.name, candidate.group.type, candidate.pattern,
                                          candidate.importer->Draft(candidate.group, samples)});
  }
  if (!refusal.ok()) {
    import.notes.push_back({absl::StrCat("columns are a guess where Redis forbids to look: ",
                                         GetErrorInfo(refusal).message),
                            "What could not be looked at is declared as text."});
  }
  return import;
}

}  // namespace redis_fdw
