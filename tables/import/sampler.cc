#include "tables/import/sampler.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

constexpr int64_t kPage = 1000;
// What is kept of a reply, whatever Redis sends.
constexpr size_t kElementBytes = 4096;
constexpr size_t kElements = 1024;
// Rounds of commands about one key; an importer that wants more is wrong.
constexpr int kRounds = 10;

// A page of SCAN.
class PageSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      cursor = std::string(element.bytes);
    } else if (element.depth == 2) {
      keys.emplace_back(element.bytes);
    }
    return absl::OkStatus();
  }

  std::string cursor;
  std::vector<std::string> keys;
};

class TypeSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& element) override {
    type = std::string(element.bytes);
    return absl::OkStatus();
  }

  std::string type;
};

// A reply for a sample.
class SampleSink : public ReplySink {
 public:
  SampleSink(SampledReply* reply, absl::Status* refusal) : reply_(reply), refusal_(refusal) {}

  absl::Status OnElement(const ReplyElement& element) override {
    switch (element.type) {
      case ReplyType::kInteger:
        if (element.depth == 0) reply_->integer = element.integer;
        break;
      case ReplyType::kBulk:
      case ReplyType::kStatus:
      case ReplyType::kNil: {
        if (reply_->elements.size() >= kElements) break;
        SampledElement kept;
        kept.bytes = std::string(element.bytes.substr(0, kElementBytes));
        kept.nil = element.type == ReplyType::kNil;
        kept.cut = element.bytes.size() > kElementBytes;
        kept.depth = element.depth;
        reply_->elements.push_back(std::move(kept));
        break;
      }
      case ReplyType::kArray:
      case ReplyType::kError:
        break;
    }
    return absl::OkStatus();
  }
  absl::Status OnError(const absl::Status& error) override {
    reply_->failed = true;
    if (refusal_->ok() && GetErrorKind(error) == ErrorKind::kPermission) *refusal_ = error;
    return absl::OkStatus();
  }

 private:
  SampledReply* const reply_;
  absl::Status* const refusal_;
};

// One node's share of a ScanKeys().
class NodeScan {
 public:
  NodeScan(absl::string_view pattern, const ScanLimits& limits, int node, Pipeline* pipeline,
           ScannedKeys* out)
      : pattern_(pattern), limits_(limits), node_(node), pipeline_(pipeline), out_(out) {}

  absl::Status Run(int64_t sample_size, int64_t pages) {
    const size_t most = out_->keys.size() + static_cast<size_t>(sample_size);
    std::string cursor = "0";
    ASSIGN_OR_RETURN(const ServerInfo* server, pipeline_->ServerFor(Scan(cursor)));
    run_id_ = server->run_id;
    do {
      if (out_->keys.size() >= most) {
        out_->sample_full = true;
        return absl::OkStatus();
      }
      if (pages-- == 0) {
        out_->scan_ended = true;
        return absl::OkStatus();
      }
      PageSink page;
      RETURN_IF_ERROR(Send(Scan(cursor), &page));
      cursor = page.cursor;
      RETURN_IF_ERROR(Keep(page.keys, most));
      if (out_->bytes_full) return absl::OkStatus();
    } while (cursor != "0");
    return absl::OkStatus();
  }

  // Asks for the types of keys and keeps them, as far as the limits allow.
  absl::Status Keep(const std::vector<std::string>& keys, size_t most) {
    std::deque<TypeSink> types;
    std::vector<const std::string*> asked;
    for (const std::string& key : keys) {
      if (key.size() > limits_.longest_key) {
        ++out_->long_keys;
        continue;
      }
      if (out_->keys.size() + asked.size() >= most) {
        out_->sample_full = true;
        break;
      }
      if (bytes_ + key.size() > limits_.key_bytes) {
        out_->bytes_full = true;
        break;
      }
      bytes_ += key.size();
      Command command("TYPE");
      command.Key(key).ReadOnly();
      types.emplace_back();
      asked.push_back(&key);
      RETURN_IF_ERROR(Abandoning(pipeline_->Submit(command, &types.back())));
    }
    RETURN_IF_ERROR(Abandoning(pipeline_->Drain()));
    for (size_t i = 0; i < asked.size(); ++i) {
      if (types[i].type != "none") out_->keys.push_back(TypedKey{*asked[i], types[i].type});
    }
    return absl::OkStatus();
  }

 private:
  Command Scan(absl::string_view cursor) const {
    Command command("SCAN");
    command.Arg(cursor);
    if (pattern_ != "*") command.Arg("MATCH").Arg(pattern_);
    command.Arg("COUNT").ArgInt(kPage).ReadOnly().ToNode(node_);
    if (cursor != "0") command.CursorOf(run_id_);
    return command;
  }

  absl::Status Send(const Command& command, ReplySink* sink) {
    absl::Status status = pipeline_->Submit(command, sink);
    if (status.ok()) status = pipeline_->Drain();
    return Abandoning(status);
  }

  // The sinks are about to go.
  absl::Status Abandoning(const absl::Status& status) {
    if (!status.ok()) pipeline_->Abandon();
    return status;
  }

  const absl::string_view pattern_;
  const ScanLimits& limits_;
  const int node_;
  Pipeline* const pipeline_;
  ScannedKeys* const out_;
  std::string run_id_;
  size_t bytes_ = 0;
};

}  // namespace

bool IsGlob(absl::string_view pattern) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') {
      return true;
    }
  }
  return false;
}

std::string LiteralHead(absl::string_view pattern) {
  std::string head;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '*' || pattern[i] == '?' || pattern[i] == '[') break;
    if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    head.push_back(pattern[i]);
  }
  return head;
}

absl::StatusOr<ScannedKeys> ScanKeys(absl::string_view pattern, const ScanLimits& limits,
                                     Pipeline* pipeline) {
  ScannedKeys scanned;
  if (!IsGlob(pattern)) {
    NodeScan one(pattern, limits, 0, pipeline, &scanned);
    RETURN_IF_ERROR(one.Keep({LiteralHead(pattern)}, 1));
    scanned.sample_full = false;
    return scanned;
  }
  ASSIGN_OR_RETURN(const Keyspace keyspace, pipeline->LookAtKeyspace());
  if (keyspace.shards.empty()) return MakeError(ErrorKind::kNotReady, "no primary is known");
  const auto share = static_cast<int64_t>(keyspace.shards.size());
  for (const Shard& shard : keyspace.shards) {
    ScanLimits of_node = limits;
    of_node.key_bytes /= keyspace.shards.size();
    RETURN_IF_ERROR(NodeScan(pattern, of_node, shard.node, pipeline, &scanned)
                        .Run((limits.sample_size + share - 1) / share,
                             std::max<int64_t>(1, limits.scan_limit / share / kPage)));
  }
  return scanned;
}

absl::StatusOr<std::vector<KeySample>> SampleKeys(const TableImporter& importer,
                                                  absl::Span<const std::string> keys,
                                                  Pipeline* pipeline, absl::Status* refusal) {
  std::vector<KeySample> samples;
  for (const std::string& key : keys) samples.push_back(KeySample{key, {}});
  if (samples.empty()) return samples;
  Command about("TYPE");
  about.Key(keys.front());
  ASSIGN_OR_RETURN(const ServerInfo* found, pipeline->ServerFor(about));
  const ServerInfo server = *found;
  for (int round = 0; round < kRounds; ++round) {
    std::deque<SampledReply> replies;
    std::deque<SampleSink> sinks;
    std::vector<size_t> counts;
    absl::Status status;
    for (const KeySample& sample : samples) {
      const std::vector<Command> commands = importer.NextCommands(sample, server);
      counts.push_back(commands.size());
      for (const Command& command : commands) {
        replies.emplace_back();
        sinks.emplace_back(&replies.back(), refusal);
        if (status.ok()) status = pipeline->Submit(command, &sinks.back());
      }
    }
    if (replies.empty()) return samples;
    if (status.ok()) status = pipeline->Drain();
    if (!status.ok()) {
      pipeline->Abandon();
      return status;
    }
    for (size_t i = 0; i < samples.size(); ++i) {
      for (size_t n = 0; n < counts[i]; ++n) {
        samples[i].replies.push_back(std::move(replies.front()));
        replies.pop_front();
      }
    }
  }
  return MakeError(ErrorKind::kInternal,
                   absl::StrCat("sampling \"", keys.front(), "\" has no end"));
}

}  // namespace redis_fdw
