import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { ProxyError } from '../../../lib/index.js';
import { Authority, type Certificate } from '../../support/certificates.js';
import {
  describeWith,
  freePort,
  startDante,
  startMicrosocks,
  startNginx,
  startSquid,
  startTinyproxy,
  temporaryDirectory,
  type Credentials,
  type Daemon,
} from '../../support/daemons.js';
import { everythingOf, failureOf, REQUEST, STREAMED, withEnv } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import { startUpstream, type Upstream } from '../../support/upstream.js';

const CREDENTIALS = { user: 'alice', password: 'p@ss:w%rd' };
/** tinyproxy's configuration takes letters and digits only. */
const PLAIN_CREDENTIALS = { user: 'alice', password: 'tinysecret1' };
const SECRETS = [CREDENTIALS.password, encodeURIComponent(CREDENTIALS.password), 'wrong-secret'];

const NO_ENV = Object.fromEntries(
  ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'].flatMap((name) => [
    [name, undefined],
    [name.toLowerCase(), undefined],
  ]),
);

function urlOf(scheme: string, port: number, { user, password }: Credentials): string {
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@127.0.0.1:${port}`;
}

describeWith(
  ['openssl', 'tinyproxy', 'squid', 'danted', 'microsocks', 'nginx'],
  'a session with a proxy',
  () => {
    const directory = temporaryDirectory();
    let upstream: Upstream;
    let authority: Authority;
    let proxyAuthority: Authority;
    let server: Certificate;
    let tls: Daemon;
    let mutual: Daemon;
    let tinyproxy: Daemon;
    let guarded: Daemon;
    let squid: Daemon;
    let dante: Daemon;
    let microsocks: Daemon;

    beforeAll(async () => {
      upstream = await startUpstream();
      authority = new Authority(directory, 'upstream-ca');
      proxyAuthority = new Authority(directory, 'proxy-ca');
      server = authority.issue('server');
      const verifying = [`ssl_client_certificate ${authority.certFile};`, 'ssl_verify_client on;'];
      [tls, mutual, tinyproxy, guarded, squid, dante, microsocks] = await Promise.all([
        startNginx(directory, upstream.port, server),
        startNginx(directory, upstream.port, server, verifying),
        startTinyproxy(directory),
        startTinyproxy(directory, PLAIN_CREDENTIALS),
        startSquid(directory, proxyAuthority.issue('proxy')),
        startDante(directory),
        startMicrosocks(directory, CREDENTIALS),
      ]);
    }, 30_000);

    afterEach(closeLlms);

    afterAll(async () => {
      await upstream?.close();
    });

    const cas = () => ({ ca: [authority.cert, proxyAuthority.certFile] });
    const httpsURL = () => `https://localhost:${tls.port}/v1`;

    describe.each<[string, () => string, () => { daemon: Daemon; tunnel: string; forward: string }]>([
      [
        'http',
        () => `http://127.0.0.1:${tinyproxy.port}`,
        () => ({
          daemon: tinyproxy,
          tunnel: `CONNECT localhost:${tls.port}`,
          forward: `POST ${upstream.baseURL}`,
        }),
      ],
      [
        'http with credentials',
        () => urlOf('http', guarded.port, PLAIN_CREDENTIALS),
        () => ({
          daemon: guarded,
          tunnel: `CONNECT localhost:${tls.port}`,
          forward: `POST ${upstream.baseURL}`,
        }),
      ],
      [
        'https',
        () => `https://localhost:${squid.port}`,
        () => ({
          daemon: squid,
          tunnel: `CONNECT localhost:${tls.port}`,
          forward: `POST ${upstream.baseURL}`,
        }),
      ],
      [
        'socks5',
        () => `socks5://127.0.0.1:${dante.port}`,
        () => ({ daemon: dante, tunnel: `127.0.0.1.${tls.port}`, forward: `127.0.0.1.${upstream.port}` }),
      ],
      [
        'socks5 with credentials',
        () => urlOf('socks5', microsocks.port, CREDENTIALS),
        () => ({
          daemon: microsocks,
          tunnel: `connected to localhost:${tls.port}`,
          forward: `connected to 127.0.0.1:${upstream.port}`,
        }),
      ],
    ])('%s', (_name, url, said) => {
      it('carries completions and streams of an https provider, over one connection', async () => {
        const { llm } = await openLlm({ proxy: url(), tls: cas() }, httpsURL());
        const completion = await llm.completion(REQUEST);
        expect(completion.choices[0]!.message.content).toBe('Hello, world');
        // undici has a connection back one turn of the event loop after its response has ended.
        await setImmediate();
        const stream = await llm.completion(STREAMED);
        expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
        const { origins } = llm.stats().session!;
        expect(origins[`https://localhost:${tls.port}`]).toMatchObject({
          opened: 1,
          reused: 1,
          tlsHandshakes: 1,
        });
        // squid logs a tunnel when it is closed.
        await closeLlms();
        await said().daemon.logged(said().tunnel);
      });

      it('carries those of an http provider', async () => {
        const { llm } = await openLlm({ proxy: url(), tls: cas() }, upstream.baseURL);
        const stream = await llm.completion(STREAMED);
        expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
        expect(upstream.requests.at(-1)).toMatchObject({ path: '/v1/chat/completions' });
        expect(upstream.requests.at(-1)!.headers['proxy-authorization']).toBeUndefined();
        await said().daemon.logged(said().forward);
      });

      it('presents the client certificate to the provider behind it', async () => {
        const { cert, key } = authority.issue(`client-${_name.replaceAll(' ', '-')}`);
        const { llm } = await openLlm(
          { proxy: url(), tls: { ...cas(), cert, key } },
          `https://localhost:${mutual.port}/v1`,
        );
        expect((await llm.completion(REQUEST)).choices[0]!.message.content).toBe('Hello, world');
      });

      it('holds the limit per host', async () => {
        const { llm } = await openLlm({ proxy: url(), tls: cas(), limitPerHost: 2 }, httpsURL());
        await Promise.all(Array.from({ length: 10 }, () => llm.completion(REQUEST)));
        expect(llm.stats().session!.origins[`https://localhost:${tls.port}`]).toMatchObject({
          opened: 2,
          reused: 8,
        });
      });

      it('is warmed up to', async () => {
        const { llm } = await openLlm({ proxy: url(), tls: cas() }, httpsURL());
        const before = upstream.requests.length;
        expect(await llm.warmUp(['openai'])).toEqual([{ provider: 'openai' }]);
        expect(upstream.requests).toHaveLength(before);
        await llm.completion(REQUEST);
        expect(llm.stats().session!.origins[`https://localhost:${tls.port}`]).toMatchObject({ opened: 1 });
      });
    });

    describe('from the environment', () => {
      const proxied = async (variables: Record<string, string>, baseURL: string) => {
        const { llm } = await withEnv({ ...NO_ENV, ...variables }, () => openLlm({ proxy: 'env' }, baseURL));
        // A proxy that refuses every connection shows who is asked.
        const error = await llm.completion(REQUEST).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        if (error instanceof ProxyError) return error.source;
        // Reaching the provider is what counts; its certificate is of an authority that this session does not know.
        if (error !== undefined) expect(error).toMatchObject({ code: 'tls_error' });
        return 'direct';
      };

      it('takes the variable of the scheme, in either case, and ALL_PROXY for the rest', async () => {
        const dead = `127.0.0.1:${await freePort()}`;
        expect(await proxied({ HTTPS_PROXY: dead }, httpsURL())).toBe('HTTPS_PROXY');
        expect(await proxied({ https_proxy: `http://${dead}` }, httpsURL())).toBe('https_proxy');
        expect(await proxied({ ALL_PROXY: `socks5://${dead}` }, httpsURL())).toBe('ALL_PROXY');
        expect(await proxied({ all_proxy: dead }, upstream.baseURL)).toBe('all_proxy');
        expect(await proxied({ HTTP_PROXY: dead }, upstream.baseURL)).toBe('HTTP_PROXY');
        expect(await proxied({ HTTPS_PROXY: dead }, upstream.baseURL)).toBe('direct');
        expect(await proxied({ HTTP_PROXY: dead }, httpsURL())).toBe('direct');
        expect(await proxied({ HTTPS_PROXY: '', ALL_PROXY: dead }, httpsURL())).toBe('ALL_PROXY');
      });

      it('leaves out what NO_PROXY names', async () => {
        const ALL_PROXY = `http://127.0.0.1:${await freePort()}`;
        const { port } = upstream;
        for (const NO_PROXY of ['*', '127.0.0.0/8', 'x, 127.0.0.1', `127.0.0.1:${port}`]) {
          expect(await proxied({ ALL_PROXY, NO_PROXY }, upstream.baseURL)).toBe('direct');
        }
        for (const no_proxy of ['10.0.0.0/8', '127.0.0.1:1', 'localhost']) {
          expect(await proxied({ ALL_PROXY, no_proxy }, upstream.baseURL)).toBe('ALL_PROXY');
        }
        expect(await proxied({ ALL_PROXY, NO_PROXY: 'localhost' }, httpsURL())).toBe('direct');
      });

      it('is not asked with proxy: false', async () => {
        const ALL_PROXY = `http://127.0.0.1:${await freePort()}`;
        const { llm } = await withEnv({ ...NO_ENV, ALL_PROXY }, () =>
          openLlm({ proxy: false }, upstream.baseURL),
        );
        await expect(llm.completion(REQUEST)).resolves.toBeDefined();
      });
    });

    describe('fails with a ProxyError that names the proxy without its password', () => {
      async function proxyErrorOf(proxy: string, baseURL: string, http = {}): Promise<ProxyError> {
        const { llm } = await openLlm({ proxy, ...http }, baseURL);
        const error = await failureOf(llm.completion(REQUEST));
        expect(error).toBeInstanceOf(ProxyError);
        expect(error).toMatchObject({ phase: 'connect', provider: 'openai', source: 'http.proxy' });
        expect(error.message).toContain((error as ProxyError).proxy);
        for (const secret of SECRETS) expect(everythingOf(error)).not.toContain(secret);
        return error as ProxyError;
      }

      it('when it cannot be reached', async () => {
        const port = await freePort();
        const error = await proxyErrorOf(urlOf('http', port, CREDENTIALS), httpsURL());
        expect(error).toMatchObject({
          code: 'proxy_error',
          proxy: `http://127.0.0.1:${port}`,
          retryable: true,
        });
        expect(error.message).toContain('ECONNREFUSED');
      });

      it('when it forwards and wants credentials', async () => {
        const missing = await proxyErrorOf(`http://127.0.0.1:${guarded.port}`, upstream.baseURL);
        expect(missing).toMatchObject({
          code: 'proxy_authentication_required',
          proxyStatus: 407,
          retryable: false,
        });
      });

      it.each([
        ['http', () => guarded.port, httpsURL],
        ['socks5', () => microsocks.port, httpsURL],
      ])('when it refuses the credentials: %s', async (scheme, port, target) => {
        const missing = await proxyErrorOf(`${scheme}://127.0.0.1:${port()}`, target());
        expect(missing).toMatchObject({ code: 'proxy_authentication_required', retryable: false });
        const wrong = { user: 'alice', password: 'wrong-secret' };
        const refused = await proxyErrorOf(urlOf(scheme, port(), wrong), target());
        expect(refused).toMatchObject({ code: 'proxy_authentication_required', retryable: false });
        expect(refused.message).toMatch(/did not accept the user name and password/);
      });

      it.each([
        ['http', () => tinyproxy.port],
        ['socks5', () => dante.port],
        ['socks5', () => microsocks.port],
      ])('when it cannot connect to the provider: %s', async (scheme, port) => {
        const target = `https://127.0.0.1:${await freePort()}/v1`;
        const error = await proxyErrorOf(urlOf(scheme, port(), CREDENTIALS), target);
        expect(error).toMatchObject({ code: 'proxy_refused', retryable: true });
        expect(error.message).toContain(new URL(target).host);
      });

      it('when its certificate is of an authority that nobody knows', async () => {
        const error = await proxyErrorOf(`https://localhost:${squid.port}`, httpsURL(), {
          tls: { ca: authority.cert },
        });
        expect(error.message).toContain('http.tls.ca');
        expect(error.retryable).toBe(false);
      });

      describe('and a proxy of the test', () => {
        let server: Server;
        let connections: number;
        let onConnection: (socket: Socket) => void;

        beforeEach(async () => {
          connections = 0;
          server = createServer((socket) => {
            connections++;
            socket.on('error', () => {});
            onConnection(socket);
          }).listen(0, '127.0.0.1');
          await once(server, 'listening');
        });

        afterEach(async () => {
          server.close();
          await once(server, 'close');
        });

        const port = () => (server.address() as AddressInfo).port;

        it.each(['http', 'socks5'])(
          'drops the connection: it is made once and no more (%s)',
          async (scheme) => {
            onConnection = (socket) => socket.on('data', () => socket.destroy());
            const error = await proxyErrorOf(urlOf(scheme, port(), CREDENTIALS), httpsURL());
            expect(error).toMatchObject({ code: 'proxy_error', retryable: true });
            expect(connections).toBe(1);
          },
        );

        it.each(['http', 'socks5'])('is silent: the connect timeout covers it (%s)', async (scheme) => {
          onConnection = (socket) => socket.resume();
          const error = await proxyErrorOf(urlOf(scheme, port(), CREDENTIALS), httpsURL(), {
            connectTimeout: 100,
          });
          expect(error.message).toContain('100 ms');
        });

        it('answers CONNECT with 403', async () => {
          onConnection = (socket) => socket.on('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
          const error = await proxyErrorOf(urlOf('http', port(), CREDENTIALS), httpsURL());
          expect(error).toMatchObject({ code: 'proxy_refused', proxyStatus: 403, retryable: false });
          expect(error.message).toContain('NO_PROXY');
        });

        it('is no SOCKS proxy', async () => {
          onConnection = (socket) => socket.on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
          const error = await proxyErrorOf(urlOf('socks5', port(), CREDENTIALS), httpsURL());
          expect(error.message).toContain('does not speak SOCKS5');
        });
      });
    });
  },
);
