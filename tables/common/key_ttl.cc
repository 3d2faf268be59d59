#include "tables/common/key_ttl.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "tables/common/script.h"

namespace redis_fdw {
namespace {

constexpr char kExpiresScript[] = R"lua(
local left = redis.call('PTTL', KEYS[1])
if left < 0 then return left end
local now = redis.call('TIME')
return now[1] * 1000 + math.floor(now[2] / 1000) + left
)lua";

// ARGV: how and how long to live, '1' to do so only if the command applied, the command and its
// arguments behind the key.
constexpr char kWithTtlScript[] = R"lua(
local done = redis.pcall(ARGV[4], KEYS[1], unpack(ARGV, 5))
if type(done) == 'table' and done.err then return done end
if ARGV[3] == '0' or (done and done ~= 0) then expire(KEYS[1], ARGV[1], ARGV[2]) end
return done
)lua";

class SharedSink : public StepSink {
 public:
  SharedSink(SharedPart part, RowWriter* rows) : StepSink(rows), part_(part) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.type != ReplyType::kInteger) return UnexpectedReply("PTTL");
    rows()->Share(part_, CellOf(element.integer));
    return absl::OkStatus();
  }

 private:
  Cell CellOf(int64_t ms) const {
    constexpr int64_t kGone = -2;
    if (ms == kGone) return Cell::Null();
    if (part_ == kExpiresPart) return ms < 0 ? Cell::Null() : Cell::Int64(ms);
    return Cell::Int64(ms < 0 ? -1 : (ms + 500) / 1000);
  }

  const SharedPart part_;
};

}  // namespace

const char kExpireLua[] = R"lua(
local function expire(key, how, ms)
  if how == 'PERSIST' then redis.call(how, key) elseif how ~= '' then redis.call(how, key, ms) end
end
)lua";

Step TtlStep(absl::string_view key, RowWriter* rows) {
  Step step{Command("PTTL"), std::make_unique<SharedSink>(kTtlPart, rows)};
  step.command.Key(key).ReadOnly();
  return step;
}

Step ExpiresStep(absl::string_view key, const ServerInfo& server, RowWriter* rows) {
  auto sink = std::make_unique<SharedSink>(kExpiresPart, rows);
  if (!server.AtLeast(7, 0)) {
    Command command = ScriptCommand(kExpiresScript, key);
    command.ReadOnly();
    return Step{std::move(command), std::move(sink)};
  }
  Step step{Command("PEXPIRETIME"), std::move(sink)};
  step.command.Key(key).ReadOnly();
  return step;
}

void AppendTtl(const TtlChange& ttl, Command* command) {
  switch (ttl.kind) {
    case TtlChange::Kind::kKeep:
      command->Arg("").Arg("");
      return;
    case TtlChange::Kind::kRelative:
      command->Arg("PEXPIRE").ArgInt(ttl.ms);
      return;
    case TtlChange::Kind::kAbsolute:
      command->Arg("PEXPIREAT").ArgInt(ttl.ms);
      return;
    case TtlChange::Kind::kPersist:
      command->Arg("PERSIST").Arg("");
      return;
  }
}

Command WithTtl(const Command& command, const TtlChange& ttl, bool if_applied) {
  static const std::string* const script =
      new std::string(absl::StrCat(kExpireLua, kWithTtlScript));
  Command scripted = ScriptCommand(*script, command.key());
  AppendTtl(ttl, &scripted);
  scripted.Arg(if_applied ? "1" : "0").Arg(command.name());
  for (size_t i = 2; i < command.size(); ++i) scripted.Arg(command.arg(i));
  return scripted;
}

}  // namespace redis_fdw
