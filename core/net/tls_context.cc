#include "core/net/tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <list>
#include <memory>
#include <string>
#include <system_error>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

constexpr off_t kMaxFile = 16 << 20;
// One TLS record is at most 16 KiB and some; reading several at once saves system calls.
constexpr size_t kReadBuffer = 64 << 10;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// Tells whether a file is still the one that was read.
using Stamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

Stamp StampOf(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
}

// A file that an option names.
struct File {
  absl::string_view option;
  std::string path;  // empty: the option is not given
  Stamp stamp = {};
  std::string contents;
};

absl::Status FileError(const File& file, absl::string_view what, absl::string_view hint = "") {
  const std::string usual = absl::StrCat("Option \"", file.option, "\" names this file.");
  return MakeError(ErrorKind::kInvalidOption,
                   absl::StrCat("could not use \"", file.path, "\" for TLS: ", what),
                   hint.empty() ? usual : absl::StrCat(usual, " ", hint));
}

absl::Status ErrnoError(const File& file, int error) {
  return FileError(file, std::generic_category().message(error));
}

absl::Status Read(File* file) {
  if (file->path.empty()) return absl::OkStatus();
  // Opening a pipe would wait for somebody to write to it.
  const int fd = open(file->path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoError(*file, errno);
  struct Closer {
    int fd;
    ~Closer() { close(fd); }
  } closer{fd};
  struct stat info;
  if (fstat(fd, &info) != 0) return ErrnoError(*file, errno);
  if (!S_ISREG(info.st_mode)) return FileError(*file, "it is not a regular file");
  if (info.st_size > kMaxFile) return FileError(*file, "it has more than 16 MiB");
  file->stamp = StampOf(info);
  file->contents.resize(static_cast<size_t>(info.st_size));
  size_t have = 0;
  while (have < file->contents.size()) {
    const ssize_t n = read(fd, &file->contents[have], file->contents.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(*file, errno);
    if (n == 0) break;
    have += static_cast<size_t>(n);
  }
  file->contents.resize(have);
  return absl::OkStatus();
}

bool Unchanged(const File& file) {
  if (file.path.empty()) return true;
  struct stat info;
  return stat(file.path.c_str(), &info) == 0 && StampOf(info) == file.stamp;
}

// Without it OpenSSL would ask for a password at the terminal.
int NoPassword(char* /*buffer*/, int /*size*/, int /*writing*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Owned<BIO> Open(const File& file) {
  return Owned<BIO>(BIO_new_mem_buf(file.contents.data(), static_cast<int>(file.contents.size())));
}

absl::Status NoPem(const File& file, absl::string_view what) {
  return FileError(file, absl::StrCat("it contains no ", what, " in PEM format"));
}

// Reads all certificates of a file, one at a time.
template <typename Use>
absl::Status ForEachCertificate(const File& file, Use use) {
  Owned<BIO> bio = Open(file);
  bool asked = false;
  int count = 0;
  while (bio != nullptr) {
    Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, &NoPassword, &asked));
    if (certificate == nullptr) break;
    if (!use(certificate.get(), count++)) {
      const char* reason = ERR_reason_error_string(ERR_peek_last_error());
      return FileError(file, reason == nullptr ? "a certificate was refused" : reason);
    }
  }
  // After the last one it looks for another and finds none.
  if (count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
    return absl::OkStatus();
  }
  if (count == 0) return NoPem(file, "certificate");
  return FileError(file, absl::StrCat("what follows certificate ", count, " is damaged"));
}

absl::Status LoadAuthorities(const File& ca, SSL_CTX* context) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  return ForEachCertificate(ca, [store](X509* certificate, int /*index*/) {
    return X509_STORE_add_cert(store, certificate) == 1;
  });
}

absl::Status LoadClientCertificate(const File& cert, const File& key, SSL_CTX* context) {
  RETURN_IF_ERROR(ForEachCertificate(cert, [context](X509* certificate, int index) {
    if (index == 0) return SSL_CTX_use_certificate(context, certificate) == 1;
    return SSL_CTX_add1_chain_cert(context, certificate) == 1;
  }));
  Owned<BIO> bio = Open(key);
  bool asked = false;
  Owned<EVP_PKEY> private_key(
      bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, &NoPassword, &asked));
  if (asked) {
    return FileError(key, "the key is encrypted", "Store it without a password.");
  }
  if (private_key == nullptr) return NoPem(key, "private key");
  if (X509_check_private_key(SSL_CTX_get0_certificate(context), private_key.get()) != 1) {
    return FileError(
        key, absl::StrCat("the key does not belong to the certificate in \"", cert.path, "\""),
        "Option \"tls_cert_file\" names the certificate.");
  }
  if (SSL_CTX_use_PrivateKey(context, private_key.get()) != 1) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return FileError(key, reason == nullptr ? "the key was refused" : reason);
  }
  return absl::OkStatus();
}

struct Cached {
  bool verify = true;
  File ca{"tls_ca_file", "", {}, ""};
  File cert{"tls_cert_file", "", {}, ""};
  File key{"tls_key_file", "", {}, ""};
  Owned<SSL_CTX> context;

  bool Fits(const TlsOptions& options) const {
    return verify == options.verify && ca.path == options.ca_file &&
           cert.path == options.cert_file && key.path == options.key_file;
  }
};

absl::StatusOr<Owned<SSL_CTX>> NewContext() {
  Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr || SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return MakeError(ErrorKind::kInternal, absl::StrCat("OpenSSL could not be set up: ",
                                                        reason == nullptr ? "no reason" : reason));
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
#ifdef SSL_OP_IGNORE_UNEXPECTED_EOF
  // The system's configuration may set it, and then a cut connection would look like a closed one.
  SSL_CTX_clear_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
#endif
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);
  SSL_CTX_set_default_read_buffer_len(context.get(), kReadBuffer);
  return context;
}

absl::Status LoadFiles(Cached* cached, SSL_CTX* context) {
  for (File* file : {&cached->ca, &cached->cert, &cached->key}) RETURN_IF_ERROR(Read(file));
  if (!cached->ca.path.empty()) {
    RETURN_IF_ERROR(LoadAuthorities(cached->ca, context));
  } else if (cached->verify) {
    // Where a system has none, every certificate will be refused, and that says why.
    SSL_CTX_set_default_verify_paths(context);
  }
  if (!cached->cert.path.empty()) {
    RETURN_IF_ERROR(LoadClientCertificate(cached->cert, cached->key, context));
  }
  return absl::OkStatus();
}

absl::Status Load(Cached* cached) {
  ASSIGN_OR_RETURN(cached->context, NewContext());
  const absl::Status loaded = LoadFiles(cached, cached->context.get());
  // Nothing of a private key stays where it is not needed.
  OPENSSL_cleanse(&cached->key.contents[0], cached->key.contents.size());
  for (File* file : {&cached->ca, &cached->cert, &cached->key}) std::string().swap(file->contents);
  return loaded;
}

}  // namespace

TlsErrorScope::TlsErrorScope() { ERR_clear_error(); }
TlsErrorScope::~TlsErrorScope() { ERR_clear_error(); }

absl::StatusOr<SSL_CTX*> GetTlsContext(const TlsOptions& options) {
  static std::list<Cached>* const kept = new std::list<Cached>();  // the latest used first
  const TlsErrorScope scope;
  if (options.cert_file.empty() != options.key_file.empty()) {
    return MakeError(ErrorKind::kInvalidOption,
                     options.key_file.empty() ? "option \"tls_cert_file\" needs \"tls_key_file\""
                                              : "option \"tls_key_file\" needs \"tls_cert_file\"",
                     "A client's certificate is of use only together with its private key.");
  }
  auto found = std::find_if(kept->begin(), kept->end(),
                            [&options](const Cached& one) { return one.Fits(options); });
  if (found != kept->end()) {
    if (Unchanged(found->ca) && Unchanged(found->cert) && Unchanged(found->key)) {
      kept->splice(kept->begin(), *kept, found);
      return found->context.get();
    }
    kept->erase(found);
  }
  Cached made;
  made.verify = options.verify;
  made.ca.path = options.ca_file;
  made.cert.path = options.cert_file;
  made.key.path = options.key_file;
  RETURN_IF_ERROR(Load(&made));
  kept->push_front(std::move(made));
  if (kept->size() > kMaxTlsContexts) kept->pop_back();
  return kept->front().context.get();
}

}  // namespace redis_fdw
