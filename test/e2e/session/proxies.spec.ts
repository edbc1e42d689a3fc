import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { LlmConfigurationError, ProxyError } from '../../../lib/index.js';
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

function withCredentials(scheme: string, port: number, { user, password } = CREDENTIALS): string {
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

    it('smoke', async () => {
      const { llm } = await openLlm(
        { proxy: `http://127.0.0.1:${tinyproxy.port}`, tls: { ca: authority.cert } },
        `https://localhost:${tls.port}/v1`,
      );
      const r = await llm.completion(REQUEST);
      console.log(r.choices[0]!.message.content, JSON.stringify(llm.stats(), null, 1), tinyproxy.log());
    });
    it('smoke2', async () => {
      for (const proxy of [withCredentials('http', guarded.port, PLAIN_CREDENTIALS), `https://localhost:${squid.port}`, `socks5://127.0.0.1:${dante.port}`, withCredentials('socks5', microsocks.port)])
      for (const target of [`https://localhost:${tls.port}/v1`, upstream.baseURL]) {
      const { llm } = await openLlm(
        { proxy, tls: { ca: [authority.cert, proxyAuthority.certFile] } },
        target,
      );
      const r: any = await llm.completion(REQUEST).catch((e) => e);
      console.log(proxy, target, r.choices?.[0]!.message.content ?? r);
      }
      console.log(guarded.log(), squid.log(), dante.log(), microsocks.log());
    });
  },
);
