import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createHttpSession,
  LlmConfigurationError,
  type HttpSession,
  type HttpSessionOptions,
} from '../../../lib/index.js';
import { Authority, type Certificate } from '../../support/certificates.js';
import {
  describeWith,
  startNginx,
  startStrictServer,
  temporaryDirectory,
  type Daemon,
} from '../../support/daemons.js';
import { failureOf, REQUEST, STREAMED, withEnv } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import { startUpstream, type Upstream } from '../../support/upstream.js';

const PASSPHRASE = 'pa55-phrase';

describeWith(['openssl', 'nginx'], 'TLS of a session', () => {
  const directory = temporaryDirectory();
  let upstream: Upstream;
  let authority: Authority;
  let stranger: Authority;
  let client: Certificate;
  let tls: Daemon;
  let mutual: Daemon;

  beforeAll(async () => {
    upstream = await startUpstream();
    authority = new Authority(directory, 'company-ca');
    stranger = new Authority(directory, 'stranger-ca');
    client = authority.issue('client');
    const server = authority.issue('server', 'DNS:localhost,DNS:llm.company.test');
    const verifying = [`ssl_client_certificate ${authority.certFile};`, 'ssl_verify_client on;'];
    [tls, mutual] = await Promise.all([
      startNginx(directory, upstream.port, server),
      startNginx(directory, upstream.port, server, verifying),
    ]);
  }, 30_000);

  afterEach(closeLlms);

  afterAll(() => upstream?.close());

  const call = async (http: HttpSessionOptions, daemon: Daemon = tls, host = 'localhost') => {
    const { llm, session } = await openLlm(http, `https://${host}:${daemon.port}/v1`);
    let headers: Record<string, unknown> = {};
    // The server tells in headers what it saw of the connection.
    const watched: HttpSession = {
      close: () => session.close(),
      destroy: () => session.destroy(),
      dispatch(options, handler) {
        const onResponseStart = handler.onResponseStart.bind(handler);
        handler.onResponseStart = (controller, status, received, message) => {
          headers = received;
          onResponseStart(controller, status, received, message);
        };
        return session.dispatch(options, handler);
      },
    };
    await llm.completion(REQUEST, { session: watched });
    return headers;
  };

  describe('an authority of the company', () => {
    it('is trusted as text, as a path, as a Buffer, and in a list', async () => {
      for (const ca of [
        authority.cert,
        authority.certFile,
        Buffer.from(authority.cert),
        [stranger.certFile, authority.cert],
        stranger.cert + authority.cert,
      ]) {
        await call({ tls: { ca } });
      }
    });

    it('is trusted through SSL_CERT_FILE', async () => {
      await withEnv({ SSL_CERT_FILE: authority.certFile }, () => call({}));
    });

    it('is trusted through NODE_EXTRA_CA_CERTS beside one that is given', async () => {
      const env = { NODE_EXTRA_CA_CERTS: authority.certFile };
      await withEnv(env, () => call({ tls: { ca: stranger.cert } }));
      await withEnv({ ...env, SSL_CERT_FILE: stranger.certFile }, () => call({}));
      await withEnv({ NODE_EXTRA_CA_CERTS: '/none.pem' }, () => call({ tls: { ca: authority.cert } }));
    });

    it('is trusted beside the others that are given', async () => {
      await withEnv({ SSL_CERT_FILE: authority.certFile }, () => call({ tls: { ca: stranger.cert } }));
      await withEnv({ SSL_CERT_FILE: stranger.certFile }, () => call({ tls: { ca: authority.cert } }));
    });
  });

  describe('a client certificate', () => {
    it.each<[string, () => NonNullable<HttpSessionOptions['tls']>]>([
      ['PEM text', () => ({ cert: client.cert, key: client.key })],
      ['PEM files', () => ({ cert: client.certFile, key: client.keyFile })],
      [
        'an encrypted key',
        () => ({ cert: client.cert, key: authority.encrypt(client, PASSPHRASE), passphrase: PASSPHRASE }),
      ],
      ['a PFX file', () => ({ pfx: authority.archive(client, PASSPHRASE), passphrase: PASSPHRASE })],
      [
        'the content of a PFX file',
        () => ({ pfx: readFileSync(authority.archive(client, PASSPHRASE)), passphrase: PASSPHRASE }),
      ],
    ])('is presented: %s', async (_name, material) => {
      const headers = await call({ tls: { ca: authority.cert, ...material() } }, mutual);
      expect(headers['x-client-name']).toBe('CN=client');
    });

    it('is missing: the error says what the server wants', async () => {
      const { llm } = await openLlm({ tls: { ca: authority.cert } }, `https://localhost:${mutual.port}/v1`);
      const error = await failureOf(llm.completion(REQUEST));
      // nginx says it in an HTTP response.
      expect(error).toMatchObject({ status: 400, retryable: false });
      expect(error.message).toContain('No required SSL certificate was sent');
    });

    it('is missing or unknown, and the server says so in the handshake', async () => {
      const strict = await startStrictServer(directory, authority.issue('strict'), authority.certFile);
      const of = async (material: object) => {
        const { llm } = await openLlm(
          { tls: { ca: authority.cert, ...material } },
          `https://localhost:${strict.port}/v1`,
        );
        return failureOf(llm.completion(REQUEST));
      };
      const { cert, key } = stranger.issue('client');
      for (const error of [await of({}), await of({ cert, key })]) {
        expect(error).toMatchObject({ code: 'tls_error', phase: 'connect', retryable: false });
        expect(error.message).toContain('http.tls.cert');
      }
    });
  });

  it('asks for servername, and checks the certificate against it', async () => {
    const headers = await call(
      { tls: { ca: authority.cert, servername: 'llm.company.test' } },
      tls,
      '127.0.0.1',
    );
    expect(headers['x-sni']).toBe('llm.company.test');
  });

  it('keeps to minVersion', async () => {
    const headers = await call({ tls: { ca: authority.cert, minVersion: 'TLSv1.3' } });
    expect(headers['x-tls-protocol']).toBe('TLSv1.3');
    const old = await startNginx(directory, upstream.port, authority.issue('old'), [
      'ssl_protocols TLSv1.2;',
    ]);
    expect(await call({ tls: { ca: authority.cert } }, old)).toMatchObject({ 'x-tls-protocol': 'TLSv1.2' });
    const { llm } = await openLlm(
      { tls: { ca: authority.cert, minVersion: 'TLSv1.3' } },
      `https://localhost:${old.port}/v1`,
    );
    const error = await failureOf(llm.completion(REQUEST));
    expect(error).toMatchObject({ code: 'tls_error', phase: 'connect', retryable: false });
    expect(error.message).toContain('http.tls.minVersion');
  });

  it('takes ciphers', async () => {
    await call({ tls: { ca: authority.cert, ciphers: 'TLS_AES_256_GCM_SHA384' } });
  });

  it('accepts everything with verify: false, and warns once', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      await call({ tls: { verify: false } }, tls, '127.0.0.1');
      expect(warn.mock.calls).toEqual([
        [expect.stringContaining('http.tls.verify'), { code: 'NESTJS_LLM_TLS_VERIFY' }],
      ]);
    } finally {
      warn.mockRestore();
    }
  });

  describe('a handshake that fails says why, and is not tried again', () => {
    const messageOf = async (http: HttpSessionOptions, port: number, host = 'localhost') => {
      const { llm } = await openLlm(http, `https://${host}:${port}/v1`, { retry: { maxRetries: 2 } });
      const error = await failureOf(llm.completion(REQUEST));
      expect(error).toMatchObject({ code: 'tls_error', phase: 'connect', retryable: false });
      expect(error.attempts).toHaveLength(1);
      return error.message;
    };

    it('unknown issuer', async () => {
      expect(await messageOf({}, tls.port)).toMatch(/does not know the authority.*http\.tls\.ca/);
    });

    it('expired', async () => {
      const expired = authority.issue('expired', 'DNS:localhost', '-1');
      const daemon = await startNginx(directory, upstream.port, expired);
      expect(await messageOf({ tls: { ca: authority.cert } }, daemon.port)).toContain('has expired');
    });

    it('wrong name', async () => {
      const message = await messageOf({ tls: { ca: authority.cert } }, tls.port, '127.0.0.1');
      expect(message).toMatch(/is for another name.*127\.0\.0\.1/);
    });

    it('no TLS on that port', async () => {
      expect(await messageOf({}, upstream.port, '127.0.0.1')).toContain('does not speak TLS');
    });
  });

  it('resumes a session on a further connection', async () => {
    const { llm } = await openLlm({ tls: { ca: authority.cert } }, `https://localhost:${tls.port}/v1`);
    await llm.completion(REQUEST);
    const streams = await Promise.all([llm.completion(STREAMED), llm.completion(STREAMED)]);
    await Promise.all(streams.map((stream) => stream.final()));
    const { tlsHandshakes, tlsResumed } = llm.stats().session!.origins[`https://localhost:${tls.port}`]!;
    expect(tlsHandshakes).toBeGreaterThan(1);
    expect(tlsResumed).toBeGreaterThan(0);
  });

  describe('bad material is refused at start, by the name of its option and without a secret', () => {
    it.each<[string, () => NonNullable<HttpSessionOptions['tls']>, RegExp]>([
      [
        'a file that is not there',
        () => ({ ca: join(directory, 'nothing.pem') }),
        /^http\.tls\.ca .*nothing\.pem.*ENOENT/,
      ],
      [
        'a key file that is not there',
        () => ({ cert: client.cert, key: '/none' }),
        /^http\.tls\.key .*ENOENT/,
      ],
      ['a PFX file that is not there', () => ({ pfx: '/none' }), /^http\.tls\.pfx .*ENOENT/],
      ['no certificate in the file', () => ({ ca: client.keyFile }), /^http\.tls\.ca holds no certificate/],
      [
        'a certificate that is none',
        () => ({ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }),
        /^http\.tls\.ca holds a certificate that cannot be read/,
      ],
      [
        'another key',
        () => ({ cert: client.cert, key: authority.key }),
        /^http\.tls\.key does not belong to/,
      ],
      ['a key alone', () => ({ key: client.key }), /^http\.tls\.key is given without http\.tls\.cert/],
      [
        'a certificate alone',
        () => ({ cert: client.cert }),
        /^http\.tls\.cert is given without http\.tls\.key/,
      ],
      [
        'a wrong passphrase',
        () => ({ cert: client.cert, key: authority.encrypt(client, PASSPHRASE), passphrase: 'wr0ng' }),
        /^http\.tls\.key .*http\.tls\.passphrase/,
      ],
      [
        'a passphrase that is missing',
        () => ({ cert: client.cert, key: authority.encrypt(client, PASSPHRASE) }),
        /^http\.tls\.key .*http\.tls\.passphrase/,
      ],
      [
        'a wrong passphrase of a PFX file',
        () => ({ pfx: authority.archive(client, PASSPHRASE), passphrase: 'wr0ng' }),
        /^http\.tls\.pfx .*http\.tls\.passphrase/,
      ],
      ['PFX and PEM', () => ({ pfx: 'x', cert: client.cert }), /^http\.tls\.pfx holds certificate and key/],
      ['ciphers that nobody has', () => ({ ciphers: 'NONE-SUCH' }), /^http\.tls\.ciphers/],
    ])('%s', async (_name, tlsOptions, message) => {
      const error = await createHttpSession({ proxy: false, tls: tlsOptions() }).then(
        (session) => session.destroy(),
        (failure: unknown) => failure,
      );
      expect(error).toBeInstanceOf(LlmConfigurationError);
      expect((error as Error).message).toMatch(message);
      const shown = String(error) + JSON.stringify(error) + String((error as Error).cause);
      for (const secret of [PASSPHRASE, 'wr0ng', 'PRIVATE KEY']) expect(shown).not.toContain(secret);
    });

    it('SSL_CERT_FILE that is not there', async () => {
      await withEnv({ SSL_CERT_FILE: '/none.pem' }, () =>
        expect(createHttpSession({ proxy: false })).rejects.toThrow(/^SSL_CERT_FILE .*none\.pem.*ENOENT/),
      );
    });

    it('material in two places', async () => {
      const twice = createHttpSession({ tls: { ca: authority.cert }, connector: { ca: authority.cert } });
      await expect(twice).rejects.toThrow('http.tls and http.connector.ca');
    });
  });
});
