// TlsAuthority: a certificate authority for a test, and the certificates that it signs.
//
//   TlsAuthority authority;
//   TlsCertificate server = authority.Issue({});            // for localhost, 127.0.0.1, ::1
//   TlsCertificate::Request request;
//   request.expired = true;
//   TlsCertificate old = authority.Issue(request);
//
// All files are PEM, in a folder of the authority's own which it removes, and readable by everyone,
// since PostgreSQL runs as somebody else. Anything that fails ends the test: nothing here depends
// on the outside.

#ifndef REDIS_FDW_TESTING_TLS_AUTHORITY_H_
#define REDIS_FDW_TESTING_TLS_AUTHORITY_H_

#include <memory>
#include <string>
#include <vector>

#include "testing/process.h"

namespace redis_fdw::test {

// A certificate and its private key, as the names of their files.
struct TlsCertificate {
  // What a certificate is to say.
  struct Request {
    std::string common_name = "redis_fdw test";
    // subjectAltName: "DNS:name" or "IP:address". Servers and clients are told apart by nothing
    // else: a certificate serves as both, as cluster nodes need it.
    std::vector<std::string> names = {"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
    bool expired = false;      // since yesterday
    bool self_signed = false;  // by its own key, not by the authority
    std::string password;      // of the key file; empty: not encrypted
  };

  std::string cert_file;
  std::string key_file;
};

class TlsAuthority {
 public:
  // Two authorities never trust each other, whatever they are called.
  explicit TlsAuthority(const std::string& name = "redis_fdw test authority");
  ~TlsAuthority();
  TlsAuthority(const TlsAuthority&) = delete;
  TlsAuthority& operator=(const TlsAuthority&) = delete;

  // The authority's own certificate.
  const std::string& ca_file() const { return ca_file_; }

  // Makes a new key and signs a certificate for it.
  TlsCertificate Issue(const TlsCertificate::Request& request = {});

  // The authority's folder, for files that a test makes itself.
  const TempDir& dir() const { return dir_; }

 private:
  struct Keys;  // OpenSSL's types stay in the .cc

  TempDir dir_;
  std::string ca_file_;
  std::unique_ptr<Keys> keys_;
  int issued_ = 0;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_TLS_AUTHORITY_H_
