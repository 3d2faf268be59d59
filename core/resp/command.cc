#include "core/resp/command.h"

#include <new>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/cell.h"
#include "core/resp/hiredis_compat.h"

namespace redis_fdw {

Command& Command::Arg(absl::string_view bytes) {
  bytes_.append(bytes.data(), bytes.size());
  ends_.push_back(bytes_.size());
  return *this;
}

Command& Command::ArgInt(int64_t value) { return Arg(absl::AlphaNum(value).Piece()); }

Command& Command::ArgDouble(double value) { return Arg(FormatDouble(value)); }

Command& Command::Key(absl::string_view key) {
  key_index_ = ends_.size();
  target_ = Target::kKey;
  return Arg(key);
}

void Command::AppendTo(std::string* out) const {
  absl::InlinedVector<const char*, 16> argv(size());
  absl::InlinedVector<size_t, 16> lengths(size());
  for (size_t i = 0; i < size(); ++i) {
    absl::string_view a = arg(i);
    argv[i] = a.data();
    lengths[i] = a.size();
  }
  // hiredis 0.14 counts in an int, which would overflow beyond what TooLarge() refuses.
  hiredis_compat::FormattedCommand formatted(static_cast<int>(size()), argv.data(), lengths.data());
  if (formatted.bytes().empty()) throw std::bad_alloc();
  out->append(formatted.bytes().data(), formatted.bytes().size());
}

std::string Command::DebugString() const {
  std::string out;
  for (size_t i = 0; i < size(); ++i) {
    absl::StrAppend(&out, i == 0 ? "" : " ", QuoteArgument(arg(i)));
  }
  return out;
}

std::string QuoteArgument(absl::string_view bytes) {
  bool plain = !bytes.empty();
  for (char c : bytes) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || c == '"' || c == '\'' || c == '\\') {
      plain = false;
      break;
    }
  }
  if (plain) return std::string(bytes);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (char c : bytes) {
    const unsigned char u = static_cast<unsigned char>(c);
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\a':
        out += "\\a";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        if (absl::ascii_isprint(u)) {
          out += c;
        } else {
          out += "\\x";
          out += kHex[u >> 4];
          out += kHex[u & 15];
        }
    }
  }
  out += '"';
  return out;
}

}  // namespace redis_fdw
