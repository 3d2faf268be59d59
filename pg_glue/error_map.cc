#include "pg_glue/error_map.h"
#include "pg_glue/pg.h"

namespace redis_fdw {

int SqlStateOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInternal:
    case ErrorKind::kHost:
      return ERRCODE_INTERNAL_ERROR;
    case ErrorKind::kInvalidOption:
      return ERRCODE_FDW_INVALID_OPTION_NAME;
    case ErrorKind::kMissingOption:
      return ERRCODE_FDW_OPTION_NAME_NOT_FOUND;
    case ErrorKind::kInvalidTable:
      return ERRCODE_FDW_COLUMN_NAME_NOT_FOUND;
    case ErrorKind::kUnsupported:
      return ERRCODE_FEATURE_NOT_SUPPORTED;
    case ErrorKind::kConnectFailed:
      return ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
    case ErrorKind::kConnectionLost:
      return ERRCODE_CONNECTION_FAILURE;
    case ErrorKind::kMaybeApplied:
      return ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN;
    case ErrorKind::kProtocol:
      return ERRCODE_PROTOCOL_VIOLATION;
    case ErrorKind::kTimeout:
      return ERRCODE_QUERY_CANCELED;
    case ErrorKind::kAuthentication:
      return ERRCODE_INVALID_PASSWORD;
    case ErrorKind::kPermission:
      return ERRCODE_INSUFFICIENT_PRIVILEGE;
    case ErrorKind::kWrongType:
      return ERRCODE_WRONG_OBJECT_TYPE;
    case ErrorKind::kNotReady:
      return ERRCODE_CANNOT_CONNECT_NOW;
    case ErrorKind::kReadOnly:
      return ERRCODE_READ_ONLY_SQL_TRANSACTION;
    case ErrorKind::kRedirect:
    case ErrorKind::kUnknownScript:
    case ErrorKind::kRemote:
      return ERRCODE_FDW_ERROR;
    case ErrorKind::kInvalidData:
      return ERRCODE_INVALID_TEXT_REPRESENTATION;
    case ErrorKind::kInvalidEncoding:
      return ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
    case ErrorKind::kOutOfRange:
      return ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
    case ErrorKind::kNullNotAllowed:
      return ERRCODE_NOT_NULL_VIOLATION;
    case ErrorKind::kUniqueViolation:
      return ERRCODE_UNIQUE_VIOLATION;
    case ErrorKind::kCheckViolation:
      return ERRCODE_CHECK_VIOLATION;
    case ErrorKind::kSerialization:
      return ERRCODE_T_R_SERIALIZATION_FAILURE;
    case ErrorKind::kResourceLimit:
      return ERRCODE_TOO_MANY_CONNECTIONS;
    case ErrorKind::kReplyTooLarge:
      return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
    case ErrorKind::kOutOfMemory:
      return ERRCODE_OUT_OF_MEMORY;
  }
  return ERRCODE_INTERNAL_ERROR;
}

}  // namespace redis_fdw
