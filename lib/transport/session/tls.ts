import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as tls from 'node:tls';
import { LlmConfigurationError } from '../../errors/errors.js';

/**
 * PEM text, or the path of a file that holds it; a `Buffer` is the content.
 *
 * @publicApi
 */
export type PemSource = string | Buffer;

/** @publicApi */
export interface TlsOptions {
  /** Authorities that are trusted besides the usual ones: those of Node, SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. */
  ca?: PemSource | readonly PemSource[] | undefined;
  /** Client certificate, with the ones between it and its authority after it. */
  cert?: PemSource | undefined;
  /** Private key of `cert`. */
  key?: PemSource | undefined;
  /** Client certificate and key in one PKCS#12 archive: its content, or the path of the file. */
  pfx?: string | Buffer | undefined;
  /** Of `key` or `pfx`. */
  passphrase?: string | undefined;
  /** `false` accepts every certificate: then anybody between here and the server can read and answer the calls. */
  verify?: boolean | undefined;
  /** The name that is asked for (SNI) and that the certificate has to be for, where it is not the URL's. */
  servername?: string | undefined;
  minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined;
  /** OpenSSL's list of ciphers. */
  ciphers?: string | undefined;
}

/** What `tls.connect`, and so undici's connector, takes. */
export interface TlsConnectOptions {
  secureContext: tls.SecureContext;
  rejectUnauthorized?: boolean;
  servername?: string;
}

/**
 * Reads and checks the TLS material once: undici's connector, given certificates, would parse them for each connection.
 *
 * ```ts
 * new Agent({ connect: tlsConnectOptions({ ca: '/etc/ssl/company.pem' }) });
 * ```
 *
 * @param env where SSL_CERT_FILE and NODE_EXTRA_CA_CERTS are looked up
 * @throws {LlmConfigurationError} naming the option that is wrong; never with a key or a passphrase
 * @publicApi
 */
export function tlsConnectOptions(
  options: TlsOptions = {},
  env: NodeJS.ProcessEnv = process.env,
): TlsConnectOptions {
  const { passphrase, verify, servername, minVersion, ciphers } = options;
  const material = clientCertificate(options);
  const secureContext = createContext({ ...material, passphrase, minVersion, ciphers });
  trust(secureContext, options.ca, env);
  if (verify === false) {
    process.emitWarning('http.tls.verify is false: certificates of providers and proxies are not checked', {
      code: 'NESTJS_LLM_TLS_VERIFY',
    });
  }
  return {
    secureContext,
    ...(verify === false && { rejectUnauthorized: false }),
    ...(servername !== undefined && { servername }),
  };
}

const CERTIFICATES = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Adds authorities to those of Node. Not with the option `ca`, which takes the place of Node's own: those would have to be
 * parsed again, and that blocks for a quarter of a second. It is what Node's `createSecureContext()` does itself.
 */
function trust(secureContext: tls.SecureContext, given: TlsOptions['ca'], env: NodeJS.ProcessEnv): void {
  const sources: [option: string, source: PemSource][] = [];
  for (const source of given === undefined ? [] : [given].flat()) sources.push(['http.tls.ca', source]);
  if (env['SSL_CERT_FILE']) sources.push(['SSL_CERT_FILE', env['SSL_CERT_FILE']]);
  if (sources.length === 0) return;
  const context = secureContext.context as { addCACert(pem: string): void };
  // The bundle of an operating system has mostly the same ones, and adding them again blocks for a tenth of a second.
  const known = new Set(tls.rootCertificates.map(withoutBlanks));
  addExtra(context, env['NODE_EXTRA_CA_CERTS'], known);
  for (const [option, source] of sources) {
    const certificates = read(option, source).toString('latin1').match(CERTIFICATES);
    if (certificates === null) throw wrong(`${option} holds no certificate in PEM`);
    for (const certificate of certificates) {
      const key = withoutBlanks(certificate);
      if (known.has(key)) continue;
      known.add(key);
      // OpenSSL passes over what it cannot read.
      parseCertificate(option, certificate);
      context.addCACert(certificate);
    }
  }
}

/**
 * Node's own extra authorities: Node 20 leaves them out of a context to which others are added. Node has warned already
 * of a file that it cannot read.
 */
function addExtra(
  context: { addCACert(pem: string): void },
  path: string | undefined,
  known: Set<string>,
): void {
  if (!path) return;
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch {
    return;
  }
  for (const certificate of text.match(CERTIFICATES) ?? []) {
    const key = withoutBlanks(certificate);
    if (known.has(key)) continue;
    known.add(key);
    context.addCACert(certificate);
  }
}

function withoutBlanks(text: string): string {
  return text.replace(/\s/g, '');
}

function parseCertificate(option: string, content: string | Buffer): X509Certificate {
  try {
    return new X509Certificate(content);
  } catch (cause) {
    throw wrong(`${option} holds a certificate that cannot be read`, cause);
  }
}

function clientCertificate({
  cert,
  key,
  pfx,
  passphrase,
}: TlsOptions): Pick<tls.SecureContextOptions, 'cert' | 'key' | 'pfx'> {
  if (pfx !== undefined) {
    if (cert !== undefined || key !== undefined) {
      throw wrong('http.tls.pfx holds certificate and key: leave http.tls.cert and http.tls.key out');
    }
    return { pfx: Buffer.isBuffer(pfx) ? pfx : readFile('http.tls.pfx', pfx) };
  }
  if (cert === undefined && key === undefined) return {};
  if (cert === undefined) throw wrong('http.tls.key is given without http.tls.cert');
  if (key === undefined) throw wrong('http.tls.cert is given without http.tls.key');
  const certificate = read('http.tls.cert', cert);
  const privateKey = read('http.tls.key', key);
  const parsed = parseCertificate('http.tls.cert', certificate);
  if (!parsed.checkPrivateKey(parseKey(privateKey, passphrase))) {
    throw wrong('http.tls.key does not belong to the certificate in http.tls.cert');
  }
  return { cert: certificate, key: privateKey };
}

function parseKey(key: Buffer, passphrase: string | undefined) {
  try {
    return createPrivateKey({ key, passphrase });
  } catch {
    // No cause: OpenSSL's error says nothing that helps, and nothing of the key shall get into a log.
    throw wrong(
      passphrase === undefined
        ? 'http.tls.key holds no private key in PEM, or one that needs http.tls.passphrase'
        : 'http.tls.key cannot be read: it is no private key in PEM, or http.tls.passphrase is not its passphrase',
    );
  }
}

function createContext(options: tls.SecureContextOptions): tls.SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_SSL_NO_CIPHER_MATCH')
      throw wrong('http.tls.ciphers names no cipher that OpenSSL knows');
    if (options.pfx !== undefined) {
      throw wrong(
        'http.tls.pfx cannot be read: it is no PKCS#12 archive, or http.tls.passphrase is not its passphrase',
      );
    }
    throw wrong(`http.tls is refused by OpenSSL: ${message}`);
  }
}

function read(option: string, source: PemSource): Buffer {
  if (Buffer.isBuffer(source)) return source;
  return source.includes('-----BEGIN ') ? Buffer.from(source) : readFile(option, source);
}

/** Options whose text is never shown: what looks like a path might be a key that lacks its first line. */
const SECRET = new Set(['http.tls.key', 'http.tls.pfx']);

function readFile(option: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const shown = SECRET.has(option) ? '' : `${JSON.stringify(path.slice(0, 200))}, `;
    throw wrong(
      `${option} is neither ${option === 'http.tls.pfx' ? 'a Buffer' : 'PEM text'} nor the path of a file that can be read (${shown}${(error as NodeJS.ErrnoException).code})`,
    );
  }
}

function wrong(message: string, cause?: unknown): LlmConfigurationError {
  return new LlmConfigurationError(message, { cause });
}
