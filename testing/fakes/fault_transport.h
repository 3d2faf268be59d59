// FaultTransport: any transport, with things going wrong.
//
//   Faults faults;
//   faults.cut_after_read = 17;  // the 18th byte of the replies never comes
//   FaultTransportFactory network(&real_or_fake, &faults);

#ifndef REDIS_FDW_TESTING_FAKES_FAULT_TRANSPORT_H_
#define REDIS_FDW_TESTING_FAKES_FAULT_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/net/transport.h"

namespace redis_fdw::test {

// What goes wrong; may be changed at any time, and counts bytes over the life of one transport.
struct Faults {
  static constexpr uint64_t kNever = UINT64_MAX;

  uint64_t cut_after_read = kNever;     // the connection ends after so many bytes read ...
  uint64_t cut_after_written = kNever;  // ... or written
  bool cut_is_reset = false;            // it ends in an error, not in an end of file
  bool cut_is_silent = false;           // it does not end: nothing moves any more
  size_t read_at_most = SIZE_MAX;       // bytes in one go
  size_t write_at_most = SIZE_MAX;
  bool block_reads = false;   // nothing arrives for now
  bool block_writes = false;  // nothing can be sent for now
  bool fail_writes = false;   // sending fails; what had arrived can still be read
  // From this byte of the replies on, `garbage` is read in place of what was sent, once.
  uint64_t garbage_at = kNever;
  std::string garbage;
  uint64_t flip_bit = kNever;  // this bit of all that is read, counted from 0, is the other one
};

class FaultTransport : public Transport {
 public:
  // `faults` must outlive the transport.
  FaultTransport(std::unique_ptr<Transport> inner, const Faults* faults)
      : inner_(std::move(inner)), faults_(*faults) {}

  absl::StatusOr<bool> AdvanceConnect() override { return inner_->AdvanceConnect(); }
  absl::StatusOr<Io> Read(absl::Span<char> into) override;
  absl::StatusOr<Io> Write(absl::string_view from) override;
  void AppendInterest(bool want_read, bool want_write, std::vector<FdInterest>* interests,
                      absl::Time* deadline) const override;
  bool ClosedOrDirty() override;
  std::string ConnectProgress() const override { return inner_->ConnectProgress(); }

  uint64_t bytes_read() const { return read_; }

 private:
  bool Cut() const {
    return read_ >= faults_.cut_after_read || written_ >= faults_.cut_after_written;
  }

  std::unique_ptr<Transport> inner_;
  const Faults& faults_;
  uint64_t read_ = 0;
  uint64_t written_ = 0;
};

class FaultTransportFactory : public TransportFactory {
 public:
  FaultTransportFactory(TransportFactory* inner, const Faults* faults)
      : inner_(inner), faults_(faults) {}
  absl::StatusOr<std::unique_ptr<Transport>> NewTransport(const ConnectionSpec& spec) override;

 private:
  TransportFactory* const inner_;
  const Faults* const faults_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_FAULT_TRANSPORT_H_
