import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createHttpSession, LlmConfigurationError } from '../../../lib/index.js';
import { Authority } from '../../support/certificates.js';
import { describeWith, startNginx, startTinyproxy, temporaryDirectory } from '../../support/daemons.js';
import { REQUEST, STREAMED } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import { completionOf, eventsOf, startUpstream } from '../../support/upstream.js';

const isUndici8 = 'Dispatcher1Wrapper' in ((await import('undici')) as object);

if (isUndici8) {
  describeWith(['openssl', 'nginx', 'tinyproxy'], 'http2', () => {
    const directory = temporaryDirectory();
    const sessions = new Set<ServerHttp2Session>();
    let received = 0;
    /** Streams that the server refuses before it does anything with them. */
    let refusals = 0;
    const finish: (() => void)[] = [];
    let opened = 0;
    let authority: Authority;
    let server: Http2SecureServer;
    let baseURL: string;

    beforeAll(async () => {
      authority = new Authority(directory, 'ca');
      const { cert, key } = authority.issue('server');
      server = createSecureServer({ cert, key, allowHTTP1: true });
      server.on('secureConnection', () => opened++);
      server.on('session', (session: ServerHttp2Session) => {
        sessions.add(session);
        session.on('close', () => sessions.delete(session));
      });
      server.on('stream', (stream: ServerHttp2Stream) => {
        received++;
        if (refusals-- > 0) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      });
      server.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
        void answer(request, response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      baseURL = `https://localhost:${(server.address() as AddressInfo).port}/v1`;
    });

    async function answer(request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
      if (request.stream?.closed === true) return;
      let body = '';
      for await (const chunk of request) body += String(chunk);
      if ((JSON.parse(body) as { stream?: boolean }).stream !== true) {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(completionOf(`h${request.httpVersion}`)));
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      const events = eventsOf(['one', 'two']);
      response.write(events.slice(0, 2).join(''));
      finish.push(() => {
        response.end(events.slice(2).join(''));
      });
    }

    afterEach(async () => {
      await closeLlms();
      finish.length = 0;
      opened = 0;
      received = 0;
      refusals = 0;
    });

    afterAll(async () => {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    });

    const open = (options = {}) => openLlm({ http2: true, tls: { ca: authority.cert }, ...options }, baseURL);

    it('carries many streams, and a unary call beside them, over one connection', async () => {
      const { llm } = await open();
      await llm.completion(REQUEST);
      const streams = await Promise.all(Array.from({ length: 50 }, () => llm.completion(STREAMED)));
      const completion = await llm.completion(REQUEST);
      expect(completion.choices[0]!.message.content).toBe('h2.0');
      expect(opened).toBe(1);
      for (const one of finish) one();
      for (const { choices } of await Promise.all(streams.map((stream) => stream.final()))) {
        expect(choices[0]!.message.content).toBe('onetwo');
      }
      expect(opened).toBe(1);
    });

    it('has streams finish after a GOAWAY, and the next call on a new connection', async () => {
      const { llm } = await open();
      const streams = await Promise.all([llm.completion(STREAMED), llm.completion(STREAMED)]);
      for (const session of sessions) session.close();
      // undici opens the new connection when the streams on the old one have ended.
      const next = llm.completion(REQUEST);
      for (const one of finish) one();
      expect((await next).choices[0]!.message.content).toBe('h2.0');
      for (const { choices } of await Promise.all(streams.map((stream) => stream.final()))) {
        expect(choices[0]!.message.content).toBe('onetwo');
      }
    });

    it.each([REQUEST, STREAMED])('sends again what the server has refused as a stream', async (request) => {
      const { llm } = await open();
      await llm.completion(REQUEST);
      // undici sends it again once by itself.
      refusals = 2;
      received = 0;
      await llm.completion(request, { retry: { maxRetries: 1, baseDelay: 0 } });
      expect(received).toBe(3);
      expect(llm.stats().calls).toMatchObject({ retries: 1, failed: 0 });
    });

    it('says so when the server goes on refusing', async () => {
      const { llm } = await open();
      refusals = Infinity;
      await expect(llm.completion(REQUEST)).rejects.toMatchObject({
        name: 'APIConnectionError',
        code: 'stream_refused',
        phase: 'firstByte',
        retryable: true,
      });
    });

    it('leaves the other streams alone when one is aborted', async () => {
      const { llm } = await open();
      await llm.completion(REQUEST);
      const [left, kept] = await Promise.all([llm.completion(STREAMED), llm.completion(STREAMED)]);
      left.abort();
      for (const one of finish) one();
      expect((await kept.final()).choices[0]!.message.content).toBe('onetwo');
      expect(opened).toBe(1);
    });

    it('is not used unless it is asked for', async () => {
      const { llm } = await open({ http2: false });
      expect((await llm.completion(REQUEST)).choices[0]!.message.content).toBe('h1.1');
    });

    it('is spoken with nginx, falls back to 1.1 with one that lacks it, and goes through a proxy', async () => {
      const upstream = await startUpstream();
      const certificate = authority.issue('nginx');
      const proxy = await startTinyproxy(directory);
      const versions: string[] = [];
      for (const listen of ['ssl http2', 'ssl']) {
        const nginx = await startNginx(directory, upstream.port, certificate, [], listen);
        for (const through of [false, `http://127.0.0.1:${proxy.port}`] as const) {
          const { llm } = await open({
            proxy: through,
            interceptors: [
              (dispatch: (options: unknown, handler: object) => boolean) =>
                (options: unknown, handler: { onResponseStart: (...args: any[]) => void }) => {
                  const onResponseStart = handler.onResponseStart.bind(handler);
                  handler.onResponseStart = (...args) => {
                    versions.push(args[2]['x-http-version']);
                    onResponseStart(...args);
                  };
                  return dispatch(options, handler);
                },
            ],
          });
          await llm.completion(REQUEST, { baseURL: `https://localhost:${nginx.port}/v1` });
        }
      }
      expect(versions).toEqual(['HTTP/2.0', 'HTTP/2.0', 'HTTP/1.1', 'HTTP/1.1']);
      await closeLlms();
      await upstream.close();
    }, 20_000);
  });
} else {
  describe('http2', () => {
    it('is refused with undici 7, by its name', async () => {
      const made = createHttpSession({ http2: true, proxy: false });
      await expect(made).rejects.toThrow(LlmConfigurationError);
      await expect(made).rejects.toThrow(/^http\.http2 needs undici 8/);
    });
  });
}
