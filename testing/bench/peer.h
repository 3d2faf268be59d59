// A plain hiredis client, as somebody would write it in an afternoon: blocking, on a unix socket,
// each reply read whole into hiredis's objects and freed. What the extension is measured against.

#ifndef REDIS_FDW_TESTING_BENCH_PEER_H_
#define REDIS_FDW_TESTING_BENCH_PEER_H_

#include <hiredis/hiredis.h>

#include <functional>
#include <string>
#include <vector>

namespace redis_fdw::test {

// A Redis that goes away ends the program.
class Peer {
 public:
  explicit Peer(const std::string& socket);
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // One command without binary operands; one round trip.
  void Run(const std::string& command);
  // Such as HSCAN, to the end, by pages of 1000; with `match`, of the elements like that.
  void RunCursor(const std::string& name, const std::string& key, const std::string& match = "*");
  // XRANGE to the end, by pages of 1000.
  void RunStreamPages(const std::string& key);
  // All keys of a pattern by SCAN; `append` queues the command for one of a page's keys, or for all
  // of them, and says how many replies that makes.
  using Append = std::function<int(redisContext*, const std::vector<std::string>& page)>;
  void ScanKeys(const std::string& pattern, const std::string& type, const Append& append);
  // `rows` commands in pipelines of 1000.
  void Pipeline(int rows, const std::function<void(redisContext*, int)>& append);

 private:
  redisReply* Take();
  redisReply* Command(const std::string& command);

  redisContext* context_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_BENCH_PEER_H_
