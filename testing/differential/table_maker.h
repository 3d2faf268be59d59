// Makes a table of any layout: what MakeTable() of world.h is made of.

#ifndef REDIS_FDW_TESTING_DIFFERENTIAL_TABLE_MAKER_H_
#define REDIS_FDW_TESTING_DIFFERENTIAL_TABLE_MAKER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "testing/differential/world.h"

namespace redis_fdw::test {

// A key of Redis, and what its column shows (nothing where the table has one key).
struct Key {
  std::string redis;
  std::string sql;
};

class TableMaker {
 public:
  TableMaker(const std::string& name, bool one_key, Random* random)
      : random_(*random), one_key_(one_key) {
    table_.name = name;
  }

  Table Make();

 private:
  void Strings();
  void Hashes();
  void HashRows();
  void Lists();
  void Sets();
  void SortedSets();
  void CollectionRows(const std::string& type);
  void Streams();

  bool Chance(uint64_t percent) { return random_.Chance(percent); }
  // How many rows or elements.
  size_t Size();
  void MakeKeys(bool many);
  void PatternKeys(size_t count);
  void TemplateKeys(size_t count);
  Column Make(const std::string& name, const Type& type, const std::string& role, bool identity);
  void AddRow(const Key& key, const Cells& cells);
  // `redis`: the command and its arguments after the key.
  void Send(const std::string& command, const Key& key, const std::vector<std::string>& rest);
  // Keys that the pattern finds but that are of another type, and one that it does not.
  void AddStrangers();
  // In another order, with roles.
  void Finish();

  Random& random_;
  const bool one_key_;
  Table table_;
  std::string redis_type_;
  std::vector<Key> keys_;
  bool many_ = false;
  bool shuffled_ = false;
  bool roles_ = false;
  size_t rows_wanted_ = 0;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_DIFFERENTIAL_TABLE_MAKER_H_
