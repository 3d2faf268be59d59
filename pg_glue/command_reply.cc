#include "pg_glue/command_reply.h"

#include "absl/strings/str_cat.h"
#include "core/net/reply_error.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

constexpr char kCarriedOut[] = "Redis has carried out the command.";

// The hints of these errors speak of a foreign table's options, and there is no table here.
absl::Status WithoutTable(const absl::Status& error) {
  ErrorInfo info = GetErrorInfo(error);
  if (info.kind == ErrorKind::kWrongType) {
    info.hint = "The command TYPE tells what the key holds.";
  } else if (info.kind == ErrorKind::kInvalidOption) {
    info.kind = ErrorKind::kRemote;
    info.hint.clear();
  }
  return MakeError(info.kind, info.message, info.hint, info.detail);
}

}  // namespace

// --- What both have in common -------------------------------------------------------------------

absl::Status CommandReply::OnElement(const ReplyElement& element) {
  if (!failure_.ok()) return absl::OkStatus();
  if (element.type != ReplyType::kError) return Take(element);
  const ErrorInfo info =
      GetErrorInfo(WithoutTable(ErrorFromReply(element.bytes, command_, "", endpoint_)));
  FailAtEnd(info.kind, absl::StrCat("an element of the reply is an error: ", info.message),
            info.hint);
  return absl::OkStatus();
}

absl::Status CommandReply::OnEnd() {
  complete_ = true;
  return failure_;
}

absl::Status CommandReply::OnError(const absl::Status& error) { return WithoutTable(error); }

void CommandReply::FailAtEnd(ErrorKind kind, const std::string& message, const std::string& hint) {
  if (failure_.ok()) failure_ = MakeError(kind, message, hint, kCarriedOut);
}

absl::Status CommandReply::TooLarge(absl::string_view limit) const {
  return MakeError(ErrorKind::kReplyTooLarge,
                   absl::StrCat("the reply to ", command_, " is larger than ", limit),
                   "Ask for less at a time: SCAN instead of KEYS, GETRANGE instead of GET.");
}

// --- jsonb --------------------------------------------------------------------------------------

absl::Status JsonReply::Charge(const ReplyElement& element) {
  charged_ += kElementBytes + element.bytes.size();
  if (charged_ <= kMaxBytes) return absl::OkStatus();
  return TooLarge("the 256 MB that redis_command takes");
}

bool JsonReply::CheckText(const ReplyElement& element) {
  // NUL bytes are valid in no encoding here.
  if (pg_verify_mbstr(GetDatabaseEncoding(), element.bytes.data(),
                      static_cast<int>(element.bytes.size()), true)) {
    return true;
  }
  const std::string message = absl::StrCat("the reply to ", command(), " holds bytes that are not ",
                                           "valid ", GetDatabaseEncodingName(), " text");
  FailAtEnd(ErrorKind::kInvalidEncoding, message,
            element.depth == 0
                ? "redis_command_bytea shows any bytes."
                : "redis_command_bytea shows any bytes, but of one element at a time: choose a "
                  "command that returns no array.");
  return false;
}

absl::Status JsonReply::Take(const ReplyElement& element) {
  RETURN_IF_ERROR(Charge(element));
  if (element.type == ReplyType::kArray) {
    RETURN_IF_ERROR(CallPg([&] { value_ = pushJsonbValue(&state_, WJB_BEGIN_ARRAY, nullptr); }));
    missing_.push_back(element.integer);
    return CloseFullArrays();
  }
  const bool top = element.depth == 0;
  if (top && element.type == ReplyType::kNil) return absl::OkStatus();
  const bool text = element.type == ReplyType::kBulk || element.type == ReplyType::kStatus;
  if (text && !CheckText(element)) return absl::OkStatus();
  RETURN_IF_ERROR(CallPg([&] {
    JsonbValue scalar;
    memset(&scalar, 0, sizeof(scalar));
    if (text) {
      scalar.type = jbvString;
      scalar.val.string.len = static_cast<int>(element.bytes.size());
      scalar.val.string.val = pnstrdup(element.bytes.data(), element.bytes.size());
    } else if (element.type == ReplyType::kInteger) {
      scalar.type = jbvNumeric;
      scalar.val.numeric = int64_to_numeric(element.integer);
    } else {
      scalar.type = jbvNull;
    }
    if (top) {
      value_ = static_cast<JsonbValue*>(palloc(sizeof(JsonbValue)));
      *value_ = scalar;
    } else {
      value_ = pushJsonbValue(&state_, WJB_ELEM, &scalar);
    }
  }));
  if (!top) --missing_.back();
  return CloseFullArrays();
}

// The wire says how many elements an array has, and nothing where it ends.
absl::Status JsonReply::CloseFullArrays() {
  while (!missing_.empty() && missing_.back() == 0) {
    RETURN_IF_ERROR(CallPg([&] { value_ = pushJsonbValue(&state_, WJB_END_ARRAY, nullptr); }));
    missing_.pop_back();
    if (!missing_.empty()) --missing_.back();
  }
  return absl::OkStatus();
}

// --- bytea --------------------------------------------------------------------------------------

absl::Status BytesReply::Take(const ReplyElement& element) {
  if (element.type == ReplyType::kNil) return absl::OkStatus();
  if (element.type == ReplyType::kArray) {
    FailAtEnd(ErrorKind::kUnsupported,
              absl::StrCat("the reply to ", command(), " is an array, which is no bytea"),
              "redis_command returns arrays, as jsonb.");
    return absl::OkStatus();
  }
  const bool integer = element.type == ReplyType::kInteger;
  const absl::AlphaNum decimal(element.integer);
  const absl::string_view bytes = integer ? decimal.Piece() : element.bytes;
  if (bytes.size() > MaxAllocSize - VARHDRSZ) return TooLarge("a bytea can be");
  return CallPg([&] {
    value_ = static_cast<bytea*>(palloc(VARHDRSZ + bytes.size()));
    SET_VARSIZE(value_, VARHDRSZ + bytes.size());
    memcpy(VARDATA(value_), bytes.data(), bytes.size());
  });
}

}  // namespace redis_fdw
