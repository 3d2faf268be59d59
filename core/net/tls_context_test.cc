// The files that TLS options name: what is wrong with them, and when they are read again.

#include "core/net/tls_context.h"

#include <openssl/err.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "testing/tls_authority.h"

namespace redis_fdw {
namespace {

using test::ReadFile;
using test::TlsAuthority;
using test::TlsCertificate;
using test::WriteFile;
using ::testing::HasSubstr;

class TlsContextTest : public testing::Test {
 protected:
  TlsContextTest() {
    options_.ca_file = authority_.ca_file();
    Use(authority_.Issue());
  }
  ~TlsContextTest() override { EXPECT_EQ(ERR_peek_error(), 0u); }

  void Use(const TlsCertificate& certificate) {
    options_.cert_file = certificate.cert_file;
    options_.key_file = certificate.key_file;
  }

  // The message; the hint has to name `option`, the message the file.
  std::string Problem(const std::string& option, const std::string& file) {
    const absl::Status status = GetTlsContext(options_).status();
    EXPECT_FALSE(status.ok());
    const ErrorInfo info = GetErrorInfo(status);
    EXPECT_EQ(info.kind, ErrorKind::kInvalidOption);
    EXPECT_THAT(info.message, HasSubstr(absl::StrCat("\"", file, "\"")));
    EXPECT_THAT(info.hint, HasSubstr(absl::StrCat("\"", option, "\"")));
    EXPECT_EQ(ERR_peek_error(), 0u);
    return info.message;
  }

  TlsAuthority authority_;
  TlsOptions options_;
};

TEST_F(TlsContextTest, IsSharedByEqualOptions) {
  absl::StatusOr<SSL_CTX*> context = GetTlsContext(options_);
  ASSERT_TRUE(context.ok()) << context.status();
  EXPECT_EQ(*GetTlsContext(options_), *context);
  options_.server_name = "another.example.com";
  EXPECT_EQ(*GetTlsContext(options_), *context);
  options_.verify = false;
  EXPECT_NE(*GetTlsContext(options_), *context);
}

TEST_F(TlsContextTest, NeedsNoFiles) {
  options_ = TlsOptions();
  EXPECT_TRUE(GetTlsContext(options_).ok());
}

TEST_F(TlsContextTest, ReadsFilesThatChanged) {
  // Not written just now: what is written again within a tick of the kernel's clock, and has the
  // same size, looks the same on most systems.
  for (const std::string& file : {options_.cert_file, options_.key_file}) {
    std::filesystem::last_write_time(
        file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  }
  // A reference of its own, so that a new one cannot be where the old one was.
  SSL_CTX* const before = *GetTlsContext(options_);
  SSL_CTX_up_ref(before);
  const TlsCertificate renewed = authority_.Issue();
  ASSERT_TRUE(WriteFile(options_.cert_file, *ReadFile(renewed.cert_file)).ok());
  // Half of the renewal: the key is still the old one.
  EXPECT_THAT(Problem("tls_key_file", options_.key_file), HasSubstr("does not belong"));
  ASSERT_TRUE(WriteFile(options_.key_file, *ReadFile(renewed.key_file)).ok());
  absl::StatusOr<SSL_CTX*> after = GetTlsContext(options_);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_NE(*after, before);
  SSL_CTX_free(before);
}

TEST_F(TlsContextTest, KeepsOnlySoMany) {
  SSL_CTX* const first = *GetTlsContext(options_);
  SSL_CTX_up_ref(first);
  for (size_t i = 0; i < kMaxTlsContexts; ++i) {
    EXPECT_EQ(*GetTlsContext(options_), first);
    TlsOptions other = options_;
    other.ca_file = authority_.dir().File(absl::StrCat("ca", i));
    ASSERT_TRUE(WriteFile(other.ca_file, *ReadFile(authority_.ca_file())).ok());
    ASSERT_TRUE(GetTlsContext(other).ok());
  }
  // The one that was used all the time is still there; unused for as long, it is not.
  EXPECT_EQ(*GetTlsContext(options_), first);
  for (size_t i = 0; i < kMaxTlsContexts; ++i) {
    TlsOptions other = options_;
    other.ca_file = authority_.dir().File(absl::StrCat("ca", i));
    ASSERT_TRUE(GetTlsContext(other).ok());
  }
  EXPECT_NE(*GetTlsContext(options_), first);
  SSL_CTX_free(first);
}

TEST_F(TlsContextTest, FilesThatCannotBeRead) {
  for (std::string* file : {&options_.ca_file, &options_.cert_file, &options_.key_file}) {
    const std::string before = *file;
    const std::string option = file == &options_.ca_file     ? "tls_ca_file"
                               : file == &options_.cert_file ? "tls_cert_file"
                                                             : "tls_key_file";
    *file = "/no/such/file";
    EXPECT_THAT(Problem(option, *file), HasSubstr("No such file or directory"));
    *file = authority_.dir().path();
    EXPECT_THAT(Problem(option, *file), HasSubstr("not a regular file"));
    // Nobody will ever write to it.
    *file = authority_.dir().File(option + ".pipe");
    ASSERT_EQ(mkfifo(file->c_str(), 0600), 0);
    EXPECT_THAT(Problem(option, *file), HasSubstr("not a regular file"));
    *file = authority_.dir().File(option + ".locked");
    ASSERT_TRUE(WriteFile(*file, "x").ok());
    ASSERT_EQ(chmod(file->c_str(), 0), 0);
    if (geteuid() != 0) {
      EXPECT_THAT(Problem(option, *file), HasSubstr("Permission denied"));
    }
    for (const char* contents : {"", "not PEM at all\n"}) {
      *file = authority_.dir().File(option + ".txt");
      ASSERT_TRUE(WriteFile(*file, contents).ok());
      EXPECT_THAT(Problem(option, *file), HasSubstr("in PEM format"));
    }
    *file = before;
  }
}

TEST_F(TlsContextTest, ABundleWithADamagedCertificate) {
  options_.ca_file = authority_.dir().File("bundle");
  const std::string good = *ReadFile(authority_.ca_file());
  ASSERT_TRUE(WriteFile(options_.ca_file, good + good + "\nsome words\n" + good).ok());
  EXPECT_TRUE(GetTlsContext(options_).ok());
  ASSERT_TRUE(WriteFile(options_.ca_file, good + good.substr(0, good.size() - 60)).ok());
  EXPECT_THAT(Problem("tls_ca_file", options_.ca_file), HasSubstr("certificate 1 is damaged"));
}

TEST_F(TlsContextTest, EncryptedKeysAreNotAskedFor) {
  TlsCertificate::Request request;
  request.password = "secret";
  Use(authority_.Issue(request));
  EXPECT_THAT(Problem("tls_key_file", options_.key_file), HasSubstr("the key is encrypted"));
}

TEST_F(TlsContextTest, AKeyOfAnotherCertificate) {
  options_.key_file = authority_.Issue().key_file;
  const std::string message = Problem("tls_key_file", options_.key_file);
  EXPECT_THAT(message, HasSubstr("does not belong to the certificate"));
  EXPECT_THAT(message, HasSubstr(options_.cert_file));
}

TEST_F(TlsContextTest, CertificateAndKeyComeTogether) {
  const TlsOptions both = options_;
  options_.key_file = "";
  EXPECT_EQ(GetErrorKind(GetTlsContext(options_).status()), ErrorKind::kInvalidOption);
  options_ = both;
  options_.cert_file = "";
  EXPECT_EQ(GetErrorKind(GetTlsContext(options_).status()), ErrorKind::kInvalidOption);
}

// One file may hold the certificate, its chain and the key.
TEST_F(TlsContextTest, OneFileForAll) {
  const std::string all = absl::StrCat(*ReadFile(options_.key_file), *ReadFile(options_.cert_file),
                                       *ReadFile(authority_.ca_file()));
  options_.cert_file = options_.key_file = authority_.dir().File("all");
  ASSERT_TRUE(WriteFile(options_.cert_file, all).ok());
  EXPECT_TRUE(GetTlsContext(options_).ok()) << GetTlsContext(options_).status();
}

// What others have left in the queue is not taken for ours.
TEST_F(TlsContextTest, OldErrorsDoNotMatter) {
  ERR_put_error(ERR_LIB_USER, 0, 1, "", 0);
  EXPECT_TRUE(GetTlsContext(options_).ok());
}

}  // namespace
}  // namespace redis_fdw
