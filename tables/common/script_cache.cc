#include "tables/common/script_cache.h"

#include <openssl/sha.h>

#include <algorithm>

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

SentScripts::Script* SentScripts::ScriptOf(const Command& command) {
  if (command.name() != "EVAL" || command.size() <= kFirstKey || !command.has_key()) return nullptr;
  const absl::string_view text = command.arg(kScript);
  for (Script& script : scripts_) {
    if (script.text == text) return &script;
  }
  scripts_.push_back(Script{std::string(text), Sha1Hex(text), {}});
  return &scripts_.back();
}

Command SentScripts::Shorten(const Command& command, absl::string_view run_id) {
  Script* script = ScriptOf(command);
  if (script == nullptr) return command;
  std::vector<std::string>& sent_to = script->sent_to;
  if (std::find(sent_to.begin(), sent_to.end(), run_id) != sent_to.end()) {
    return ByHash(command, script->hash);
  }
  sent_to.emplace_back(run_id);
  return command;
}

void SentScripts::SendWhole(const Command& command, absl::string_view run_id) {
  Script* script = ScriptOf(command);
  if (script == nullptr) return;
  std::vector<std::string>& sent_to = script->sent_to;
  if (std::find(sent_to.begin(), sent_to.end(), run_id) == sent_to.end()) {
    sent_to.emplace_back(run_id);
  }
}

}  // namespace redis_fdw
