#include "tables/common/script_cache.h"

#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"

namespace redis_fdw {
namespace {

// Where the arguments of EVAL stand: the script, how many keys, the first of them.
constexpr size_t kScript = 1;
constexpr size_t kKeys = 2;
constexpr size_t kFirstKey = 3;

std::string Sha1Hex(absl::string_view text) {
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof(digest)));
}

Command ByHash(const Command& eval, absl::string_view hash) {
  Command command("EVALSHA");
  command.Arg(hash).Arg(eval.arg(kKeys)).Key(eval.arg(kFirstKey)).Retry(eval.retry());
  for (size_t i = kFirstKey + 1; i < eval.size(); ++i) command.Arg(eval.arg(i));
  return command;
}

}  // namespace

Command SentScripts::Shorten(const Command& command) {
  if (command.name() != "EVAL" || command.size() <= kFirstKey || !command.has_key()) return command;
  const absl::string_view script = command.arg(kScript);
  for (const auto& known : hashes_) {
    if (known.first == script) return ByHash(command, known.second);
  }
  hashes_.emplace_back(script, Sha1Hex(script));
  return command;
}

}  // namespace redis_fdw
