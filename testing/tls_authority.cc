#include "testing/tls_authority.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {
namespace {

constexpr long kDay = 24 * 60 * 60;

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
  void operator()(FILE* file) const { fclose(file); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

void Must(bool done, const char* what) {
  if (done) return;
  fprintf(stderr, "TlsAuthority: %s failed\n", what);
  ERR_print_errors_fp(stderr);
  abort();
}

// Elliptic curves, because making an RSA key takes a tenth of a second.
Owned<EVP_PKEY> NewKey() {
  Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nullptr));
  EVP_PKEY* key = nullptr;
  Must(context != nullptr && EVP_PKEY_keygen_init(context.get()) > 0 &&
           EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context.get(), NID_X9_62_prime256v1) > 0 &&
           EVP_PKEY_keygen(context.get(), &key) > 0,
       "making a key");
  return Owned<EVP_PKEY>(key);
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  Must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

// An unsigned certificate of `key`, valid from two days ago to `until` seconds from now.
Owned<X509> NewCertificate(const std::string& common_name, EVP_PKEY* key, long until) {
  Owned<X509> certificate(X509_new());
  Must(certificate != nullptr, "X509_new");
  // Serial numbers of one issuer must differ, even of authorities with one name.
  unsigned serial = 0;
  Must(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1, "RAND_bytes");
  X509_NAME* name = X509_get_subject_name(certificate.get());
  Must(X509_set_version(certificate.get(), 2) == 1 &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial >> 1) == 1 &&
           X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -2 * kDay) != nullptr &&
           X509_gmtime_adj(X509_getm_notAfter(certificate.get()), until) != nullptr &&
           X509_set_pubkey(certificate.get(), key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(common_name.c_str()),
                                      -1, -1, 0) == 1,
       "filling in a certificate");
  return certificate;
}

Owned<FILE> Create(const std::string& path) {
  Owned<FILE> file(fopen(path.c_str(), "w"));
  Must(file != nullptr && fchmod(fileno(file.get()), 0644) == 0, path.c_str());
  return file;
}

void WriteCertificate(const std::string& path, X509* certificate) {
  Must(PEM_write_X509(Create(path).get(), certificate) == 1, path.c_str());
}

void WriteKey(const std::string& path, EVP_PKEY* key, const std::string& password) {
  const EVP_CIPHER* cipher = password.empty() ? nullptr : EVP_aes_128_cbc();
  std::string copy = password;
  Must(PEM_write_PKCS8PrivateKey(Create(path).get(), key, cipher,
                                 password.empty() ? nullptr : &copy[0],
                                 static_cast<int>(copy.size()), nullptr, nullptr) == 1,
       path.c_str());
}

}  // namespace

struct TlsAuthority::Keys {
  Owned<EVP_PKEY> key;
  Owned<X509> certificate;
};

TlsAuthority::TlsAuthority(const std::string& name)
    : ca_file_(dir_.File("ca.crt")), keys_(std::make_unique<Keys>()) {
  Must(chmod(dir_.path().c_str(), 0755) == 0, "chmod");
  keys_->key = NewKey();
  keys_->certificate = NewCertificate(name, keys_->key.get(), 30 * kDay);
  X509* const ca = keys_->certificate.get();
  Must(X509_set_issuer_name(ca, X509_get_subject_name(ca)) == 1, "X509_set_issuer_name");
  AddExtension(ca, ca, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(ca, ca, NID_subject_key_identifier, "hash");
  Must(X509_sign(ca, keys_->key.get(), EVP_sha256()) > 0, "X509_sign");
  WriteCertificate(ca_file_, ca);
}

TlsAuthority::~TlsAuthority() = default;

TlsCertificate TlsAuthority::Issue(const TlsCertificate::Request& request) {
  Owned<EVP_PKEY> key = NewKey();
  Owned<X509> certificate =
      NewCertificate(request.common_name, key.get(), request.expired ? -kDay : 30 * kDay);
  X509* const issuer = request.self_signed ? certificate.get() : keys_->certificate.get();
  Must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1,
       "X509_set_issuer_name");
  AddExtension(certificate.get(), issuer, NID_basic_constraints, "CA:FALSE");
  if (!request.names.empty()) {
    AddExtension(certificate.get(), issuer, NID_subject_alt_name,
                 absl::StrJoin(request.names, ","));
  }
  EVP_PKEY* const signer = request.self_signed ? key.get() : keys_->key.get();
  Must(X509_sign(certificate.get(), signer, EVP_sha256()) > 0, "X509_sign");

  TlsCertificate result;
  const std::string stem = absl::StrCat("certificate", ++issued_);
  result.cert_file = dir_.File(stem + ".crt");
  result.key_file = dir_.File(stem + ".key");
  WriteCertificate(result.cert_file, certificate.get());
  WriteKey(result.key_file, key.get(), request.password);
  return result;
}

}  // namespace redis_fdw::test
