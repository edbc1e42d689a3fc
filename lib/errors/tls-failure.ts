const UNKNOWN_ISSUER =
  'this process does not know the authority that issued the certificate; add it with http.tls.ca, SSL_CERT_FILE or NODE_EXTRA_CA_CERTS (a proxy that reads TLS has an authority of its own)';
const CLIENT_CERTIFICATE =
  'the server wants a client certificate, or does not accept the one that it got; set http.tls.cert and http.tls.key, or http.tls.pfx';
const VERSION = 'the two sides share no TLS version; check http.tls.minVersion';

/**
 * By the code of OpenSSL's certificate check, or of the alert that the server sent.
 *
 * @see {@link https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/}
 * @see {@link https://www.rfc-editor.org/rfc/rfc8446#section-6}
 */
const REASONS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate, or one above it, has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; check the clock of this machine',
  CERT_REVOKED: 'its certificate has been revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is signed by itself; ${UNKNOWN_ISSUER}`,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_ISSUER,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_ISSUER,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `${UNKNOWN_ISSUER}; or the server does not send the certificates in between`,
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: CLIENT_CERTIFICATE,
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: 'the client certificate (http.tls.cert, http.tls.pfx) has expired',
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: CLIENT_CERTIFICATE,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: `the server does not know the authority of the client certificate: ${CLIENT_CERTIFICATE}`,
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: `no common cipher (http.tls.ciphers), or: ${CLIENT_CERTIFICATE}`,
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: VERSION,
  ERR_SSL_UNSUPPORTED_PROTOCOL: VERSION,
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS on this port; is the URL to be http:// ?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the server does not speak TLS on this port; is the URL to be http:// ?',
};

const TLS_CODE = /^(ERR_SSL_|ERR_TLS_|CERT_|EPROTO$)/;

/** @returns why a handshake failed, for the person who has to act; `undefined` when it was no matter of TLS. */
export function tlsFailure(code: string, message: string): string | undefined {
  // OpenSSL 3.5 renamed the alerts that SSL 3 had already.
  const reason = REASONS[code.replace('SSL/TLS_ALERT', 'SSLV3_ALERT')];
  if (reason === undefined) return TLS_CODE.test(code) ? message : undefined;
  return `${reason} (${code === 'ERR_TLS_CERT_ALTNAME_INVALID' ? message : code})`;
}
