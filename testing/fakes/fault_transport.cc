#include "testing/fakes/fault_transport.h"

#include <algorithm>

#include "core/base/status.h"

namespace redis_fdw::test {
namespace {

Transport::Io Blocked() {
  Transport::Io io;
  io.blocked = true;
  return io;
}

absl::Status Reset() {
  return MakeError(ErrorKind::kConnectionLost,
                   "connection to Redis was lost: Connection reset by peer");
}

}  // namespace

absl::StatusOr<Transport::Io> FaultTransport::Read(absl::Span<char> into) {
  if (Cut()) {
    if (faults_.cut_is_silent) return Blocked();
    if (faults_.cut_is_reset) return Reset();
    Io io;
    io.eof = true;
    return io;
  }
  if (faults_.block_reads) return Blocked();
  const uint64_t left = faults_.cut_after_read - read_;
  const size_t n =
      static_cast<size_t>(std::min<uint64_t>({into.size(), faults_.read_at_most, left}));
  ASSIGN_OR_RETURN(Io io, inner_->Read(into.subspan(0, n)));
  const uint64_t end = read_ + io.bytes;
  if (faults_.garbage_at < end) {
    for (uint64_t at = std::max(read_, faults_.garbage_at);
         at < end && at - faults_.garbage_at < faults_.garbage.size(); ++at) {
      into[at - read_] = faults_.garbage[at - faults_.garbage_at];
    }
  }
  const uint64_t flipped = faults_.flip_bit / 8;
  if (flipped >= read_ && flipped < end) into[flipped - read_] ^= 1 << (faults_.flip_bit % 8);
  read_ += io.bytes;
  return io;
}

absl::StatusOr<Transport::Io> FaultTransport::Write(absl::string_view from) {
  if (Cut()) {
    if (faults_.cut_is_silent) return Blocked();
    return Reset();
  }
  if (faults_.block_writes) return Blocked();
  if (faults_.fail_writes) return Reset();
  const uint64_t left = faults_.cut_after_written - written_;
  const size_t n =
      static_cast<size_t>(std::min<uint64_t>({from.size(), faults_.write_at_most, left}));
  ASSIGN_OR_RETURN(Io io, inner_->Write(from.substr(0, n)));
  written_ += io.bytes;
  return io;
}

void FaultTransport::AppendInterest(bool want_read, bool want_write,
                                    std::vector<FdInterest>* interests,
                                    absl::Time* deadline) const {
  // A real descriptor that is ready would make a blocked transport spin.
  if ((Cut() && faults_.cut_is_silent) || faults_.block_reads || faults_.block_writes) {
    interests->push_back(FdInterest{-1, want_read, want_write});
    return;
  }
  inner_->AppendInterest(want_read, want_write, interests, deadline);
}

bool FaultTransport::ClosedOrDirty() {
  if (Cut()) return !faults_.cut_is_silent;
  return inner_->ClosedOrDirty();
}

absl::StatusOr<std::unique_ptr<Transport>> FaultTransportFactory::NewTransport(
    const ConnectionSpec& spec) {
  ASSIGN_OR_RETURN(std::unique_ptr<Transport> inner, inner_->NewTransport(spec));
  return std::unique_ptr<Transport>(std::make_unique<FaultTransport>(std::move(inner), faults_));
}

}  // namespace redis_fdw::test
