#include "core/net/tls_error.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// Enough of a certificate's names to see what is wrong.
constexpr size_t kMaxNames = 300;

constexpr absl::string_view kCaHint =
    "Option \"tls_ca_file\" names the file with the certificate authorities to trust; without it "
    "those of the system are trusted.";
constexpr absl::string_view kClosedHint =
    "The server may not speak TLS on this port, or want a client certificate; its log says more.";
constexpr absl::string_view kClientHint =
    "Options \"tls_cert_file\" and \"tls_key_file\" name the client's certificate and its key.";

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};

template <typename Print>
std::string Printed(Print print) {
  std::unique_ptr<BIO, FreeBio> bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr) return "";
  print(bio.get());
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio.get(), &data);
  // A certificate may contain anything.
  return n > 0 ? absl::CHexEscape(absl::string_view(data, static_cast<size_t>(n))) : "";
}

std::string TextOf(const X509_NAME* name) {
  return Printed([name](BIO* bio) { X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253); });
}

std::string TextOf(const ASN1_TIME* time) {
  return Printed([time](BIO* bio) { ASN1_TIME_print(bio, time); });
}

// The hosts that a certificate is for.
std::string NamesOf(X509* certificate) {
  std::string result;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    std::string text;
    if (name->type == GEN_DNS) {
      text = absl::CHexEscape(
          absl::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                            static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))));
    } else if (name->type == GEN_IPADD) {
      const int length = ASN1_STRING_length(name->d.iPAddress);
      char buffer[INET6_ADDRSTRLEN];
      if ((length == 4 || length == 16) &&
          inet_ntop(length == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(name->d.iPAddress),
                    buffer, sizeof(buffer)) != nullptr) {
        text = buffer;
      }
    }
    if (text.empty()) continue;
    if (result.size() + text.size() > kMaxNames) {
      absl::StrAppend(&result, ", ...");
      break;
    }
    absl::StrAppend(&result, result.empty() ? "" : ", ", text);
  }
  GENERAL_NAMES_free(names);
  return result;
}

absl::Status Failed(const Endpoint& endpoint, absl::string_view what, absl::string_view hint,
                    absl::string_view detail = "") {
  return MakeError(ErrorKind::kConnectFailed,
                   absl::StrCat("could not connect to Redis at ", endpoint.ToString(), ": ", what),
                   hint, detail);
}

absl::Status RefusedError(const Endpoint& endpoint, absl::string_view name,
                          const TlsRefusedCertificate& refused) {
  const std::string is_of = absl::StrCat("The certificate is of \"", refused.subject, "\"");
  switch (refused.code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return Failed(endpoint, "its TLS certificate has expired",
                    "Renew the certificate. Until then option \"tls_verify\" can turn "
                    "verification off, and with it the protection.",
                    absl::StrCat(is_of, " and was valid until ", refused.not_after, "."));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Failed(endpoint, "its TLS certificate is not valid yet",
                    "The clock of this machine may be wrong.",
                    absl::StrCat(is_of, " and is valid from ", refused.not_before, "."));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return Failed(endpoint, "its TLS certificate is self-signed and not trusted",
                    "Option \"tls_ca_file\" may name a file with this very certificate.",
                    is_of + ".");
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    // An authority of the right name with another key.
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return Failed(endpoint, "its TLS certificate comes from an unknown authority", kCaHint,
                    absl::StrCat("The authority that is not known is \"", refused.issuer, "\"."));
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Failed(
          endpoint, absl::StrCat("its TLS certificate is not for \"", name, "\""),
          "Option \"tls_server_name\" says which name to expect, where it is not the host's.",
          refused.names.empty() ? absl::StrCat(is_of, " and names no host.")
                                : absl::StrCat("The certificate is for: ", refused.names, "."));
    default:
      return Failed(endpoint,
                    absl::StrCat("its TLS certificate was refused: ",
                                 X509_verify_cert_error_string(refused.code)),
                    kCaHint, is_of + ".");
  }
}

std::string Reason(unsigned long error) {
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? absl::StrCat("error ", error) : reason;
}

// The server's reason, if it concerns the client's certificate; else "".
absl::string_view ClientCertificateProblem(int reason, bool has_certificate) {
  if (reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED) {
    return "the server wants a client certificate";
  }
  if (!has_certificate) {
    // What TLS 1.2 says; it may mean other things.
    return reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE
               ? "the server ended the TLS handshake; it may want a client certificate"
               : "";
  }
  switch (reason) {
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
      return "the server does not know the authority of the client's certificate";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return "the server says that the client's certificate has expired";
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return "the server says that the client's certificate was revoked";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    // Its authority has the name of the server's, and another key.
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return "the server refused the client's certificate";
    default:
      return "";
  }
}

// Records of a handshake, and alerts.
bool LooksLikeTls(int first_byte) { return first_byte == 0x16 || first_byte == 0x15; }

}  // namespace

TlsRefusedCertificate DescribeRefused(X509_STORE_CTX* store) {
  TlsRefusedCertificate result;
  result.code = X509_STORE_CTX_get_error(store);
  X509* const certificate = X509_STORE_CTX_get_current_cert(store);
  if (certificate == nullptr) return result;
  result.subject = TextOf(X509_get_subject_name(certificate));
  result.issuer = TextOf(X509_get_issuer_name(certificate));
  result.not_before = TextOf(X509_get0_notBefore(certificate));
  result.not_after = TextOf(X509_get0_notAfter(certificate));
  result.names = NamesOf(certificate);
  return result;
}

absl::Status TlsConnectError(const Endpoint& endpoint, const TlsOptions& options,
                             absl::string_view name, const TlsFailure& failure) {
  if (failure.refused.refused()) return RefusedError(endpoint, name, failure.refused);
  if (!failure.transport.ok()) {
    // Nothing below is the cause of having no memory.
    if (GetErrorKind(failure.transport) == ErrorKind::kOutOfMemory) return failure.transport;
    return Failed(endpoint, "the connection was lost before the server answered", kClosedHint,
                  absl::StrCat("The reason was: ", failure.transport.message(), "."));
  }
  if (failure.first_byte >= 0 && !LooksLikeTls(failure.first_byte)) {
    return Failed(endpoint, "it does not speak TLS",
                  "Redis has one port with TLS (tls-port) and one without (port): the former is "
                  "wanted, or redis:// instead of rediss://.");
  }
  if (failure.eof) {
    return Failed(endpoint, "the server closed the connection before it answered", kClosedHint);
  }
  const int reason = ERR_GET_REASON(failure.error);
  const absl::string_view problem = ClientCertificateProblem(reason, !options.cert_file.empty());
  if (!problem.empty()) {
    return Failed(endpoint, problem, kClientHint,
                  absl::StrCat("TLS said: ", Reason(failure.error), "."));
  }
  if (reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || reason == SSL_R_UNSUPPORTED_PROTOCOL) {
    return Failed(endpoint, "the server speaks no version of TLS that is acceptable",
                  "TLS 1.2 or newer is needed; Redis's setting tls-protocols says what it speaks.",
                  absl::StrCat("TLS said: ", Reason(failure.error), "."));
  }
  return Failed(endpoint, absl::StrCat("the TLS handshake failed: ", Reason(failure.error)),
                "The server's log says more.");
}

absl::Status TlsLostError(const Endpoint& endpoint, const TlsFailure& failure) {
  if (!failure.transport.ok()) return failure.transport;
  const std::string what = failure.eof ? "the server, or someone between, cut it without ending TLS"
                                       : absl::StrCat("TLS: ", Reason(failure.error));
  return MakeError(
      ErrorKind::kConnectionLost,
      absl::StrCat("connection to Redis at ", endpoint.ToString(), " was lost: ", what));
}

}  // namespace redis_fdw
