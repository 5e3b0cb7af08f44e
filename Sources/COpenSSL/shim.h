// OpenSSL, and as functions what it has as macros only.
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

/// A key with a passphrase is refused; without this OpenSSL would ask on the terminal.
static inline int copenssl_no_passphrase(char *buffer, int size, int writing, void *context) {
  (void)buffer, (void)size, (void)writing, (void)context;
  return -1;
}

/// TLS 1.2 and later, the server's order of ciphers, no renegotiation, and no buffers for silent connections.
static inline void copenssl_set_rules(SSL_CTX *context) {
  static const unsigned char name[] = "hindcast";
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_default_passwd_cb(context, copenssl_no_passphrase);
  // Where clients show certificates, sessions are resumed within one application alone.
  SSL_CTX_set_session_id_context(context, name, sizeof name - 1);
}

/// Reading an empty memory means "later", not "the end".
static inline void copenssl_wait_when_empty(BIO *memory) { BIO_set_mem_eof_return(memory, -1); }

/// The errno in an error code, 0 where the error is OpenSSL's own.
static inline int copenssl_system_error(unsigned long code) {
  return ERR_SYSTEM_ERROR(code) ? ERR_GET_REASON(code) : 0;
}
