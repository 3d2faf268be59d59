#include "testing/bench/peer.h"

#include <stdlib.h>

#include <algorithm>
#include <iostream>

#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

constexpr int kPage = 1000;

}  // namespace

Peer::Peer(const std::string& socket) : context_(redisConnectUnix(socket.c_str())) {}

Peer::~Peer() { redisFree(context_); }

redisReply* Peer::Take() {
  void* reply = nullptr;
  if (redisGetReply(context_, &reply) == REDIS_OK) return static_cast<redisReply*>(reply);
  std::cerr << "the peer's Redis: " << context_->errstr << std::endl;
  exit(1);
}

redisReply* Peer::Command(const std::string& command) {
  redisAppendCommand(context_, command.c_str());
  return Take();
}

void Peer::Run(const std::string& command) { freeReplyObject(Command(command)); }

void Peer::RunCursor(const std::string& name, const std::string& key, const std::string& match) {
  std::string cursor = "0";
  const std::string end =
      absl::StrCat(match == "*" ? "" : absl::StrCat(" MATCH ", match), " COUNT ", kPage);
  do {
    redisReply* reply = Command(absl::StrCat(name, " ", key, " ", cursor, end));
    cursor = reply->element[0]->str;
    freeReplyObject(reply);
  } while (cursor != "0");
}

void Peer::RunStreamPages(const std::string& key) {
  std::string from = "-";
  while (true) {
    redisReply* reply = Command(absl::StrCat("XRANGE ", key, " ", from, " + COUNT ", kPage));
    size_t n = reply->elements;
    if (n > 0) from = absl::StrCat("(", reply->element[n - 1]->element[0]->str);
    freeReplyObject(reply);
    if (n < kPage) return;
  }
}

void Peer::ScanKeys(const std::string& pattern, const std::string& type, const Append& append) {
  std::string cursor = "0";
  do {
    redisReply* reply = Command(
        absl::StrCat("SCAN ", cursor, " MATCH ", pattern, " COUNT ", kPage, " TYPE ", type));
    cursor = reply->element[0]->str;
    std::vector<std::string> page;
    for (size_t i = 0; i < reply->element[1]->elements; ++i) {
      page.emplace_back(reply->element[1]->element[i]->str);
    }
    freeReplyObject(reply);
    const int replies = page.empty() ? 0 : append(context_, page);
    for (int i = 0; i < replies; ++i) freeReplyObject(Take());
  } while (cursor != "0");
}

void Peer::Pipeline(int rows, const std::function<void(redisContext*, int)>& append) {
  for (int i = 0; i < rows; i += kPage) {
    const int end = std::min(i + kPage, rows);
    for (int j = i; j < end; ++j) append(context_, j);
    for (int j = i; j < end; ++j) freeReplyObject(Take());
  }
}

}  // namespace redis_fdw::test
