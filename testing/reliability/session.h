// A session of the load: it writes, reads what it has written, and compares.

#ifndef REDIS_FDW_TESTING_RELIABILITY_SESSION_H_
#define REDIS_FDW_TESTING_RELIABILITY_SESSION_H_

#include <deque>
#include <string>
#include <vector>

#include "testing/pg_client.h"
#include "testing/reliability/worker.h"
#include "testing/reliability/world.h"

namespace redis_fdw::test {

class Session : public Worker {
 public:
  // `world` must outlive the session.
  Session(int number, PgConnection pg, World* world);
  ~Session() override { Join(); }

  // Writes the rows that are updated later. Must succeed.
  void Prepare();
  // One statement of each kind, and all rows: none may fail. After Join().
  void RunEachKind();

 private:
  struct Tag {
    std::string name;
    int shard;
  };
  using Kind = void (Session::*)();

  void Step() override;
  const Tag& AnyTag() { return tags_[static_cast<size_t>(Random(static_cast<int>(tags_.size())))]; }
  std::string Key(const char* type, const char* what, const std::string& tag) const;
  std::string NextPayload();
  // Elements are compared by how often they come.
  void ReadElements(const char* what, const char* type, const char* table, const char* column);

  // What a session does. Writes:
  void InsertString();
  void InsertStrings();
  void InsertFields();
  void InsertMember();
  void InsertScore();
  void InsertElements();
  void InsertEntries();
  void InsertIntoOneHash();
  void InsertIntoOneStream();
  void UpdateString();
  void UpdateField();
  void UpdateScore();
  void UpdateStrings();
  void DeleteStrings();
  void DeleteMember();
  void InsertRows(const char* what, const char* type, const char* table, const char* columns);
  // Reads:
  void LookUpString();
  void LookUpStrings();
  void LookUpField();
  void ReadHash();
  void ReadSet();
  void ReadScores();
  void ReadList();
  void ReadStream();
  void ScanStrings();
  void CountStrings();
  void Join2();
  void ReadAll();

  static const std::vector<Kind>& Writes();
  static const std::vector<Kind>& Reads();

  std::vector<Tag> tags_;
  int written_ = 0;             // numbers payloads
  std::deque<Change> strings_;  // inserted and not deleted, the oldest first
  std::deque<Change> members_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_SESSION_H_
