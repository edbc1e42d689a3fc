import { AsyncLocalStorage } from 'node:async_hooks';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent, buildConnector } from 'undici';
import { createHttpSession, LlmHandler, LlmService, type HttpSession } from '../../lib/index.js';
import {
  answerText,
  chunkOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Answer,
  type ReceivedRequest,
  type Upstream,
} from '../support/upstream.js';

const messages = [{ role: 'user' as const, content: 'Hi' }];
const MODEL = 'openai/m';

/** Whose request the application is serving. */
const tenant = new AsyncLocalStorage<string>();

let upstream: Upstream;
let agent: Agent;
let handler: LlmHandler;
let llm: LlmService;
/** What was called again while the calls of a test ran, and as whose: `key of B`. */
let seen: string[];

const see = (what: string): void => void seen.push(`${what} of ${tenant.getStore()}`);

/** A dispatcher that tells whose context each request is sent in. */
function watched(inner: HttpSession): HttpSession {
  return {
    dispatch(options, dispatchHandler) {
      see('dispatch');
      return inner.dispatch(options, dispatchHandler);
    },
    close: () => inner.close(),
    destroy: (error) => inner.destroy(error),
  };
}

function serviceOver(session: HttpSession): LlmService {
  const apiKey = () => {
    see('key');
    return `key-of-${tenant.getStore()}`;
  };
  const { baseURL } = upstream;
  handler = new LlmHandler({ session });
  return new LlmService(handler, {
    defaults: { retry: { baseDelay: 1, maxDelay: 2 } },
    providers: {
      openai: { baseURL, apiKey },
      groq: { baseURL, apiKey: async () => apiKey() },
      mistral: { baseURL, apiKey },
    },
  });
}

/** Answers the first `times` requests of tenant B otherwise, and then as `then` does. */
function first(times: number, answer: Answer, then: Answer = answerText()): Answer {
  let left = times;
  return (request, response) => {
    const isB = request.headers.authorization !== 'Bearer key-of-A';
    return isB && left-- > 0 ? answer(request, response) : then(request, response);
  };
}

const busy: Answer = (_request, response) => sendJson(response, { error: { message: 'busy' } }, 503);

/** A opens the connection that B's calls then run over. */
async function openedByA(): Promise<void> {
  await tenant.run('A', () => llm.completion({ model: MODEL, messages }));
  seen = [];
}

const asB = <Result>(run: () => Result): Result => tenant.run('B', run);

function ofB(...whats: string[]): string[] {
  return whats.map((what) => `${what} of B`);
}

/** The keys with which the provider was asked since A opened the connection. */
const keysSent = (): unknown[] => upstream.requests.slice(1).map(({ headers }) => headers.authorization);

beforeEach(async () => {
  upstream = await startUpstream();
  agent = new Agent({ connections: 1 });
  llm = serviceOver(watched(agent));
  seen = [];
});

afterEach(async () => {
  await handler.close(0);
  await agent.destroy();
  await upstream.close();
});

describe('a call on a connection that another tenant opened runs in its own context', () => {
  it('in its retries', async () => {
    upstream.answer(first(2, busy));
    await openedByA();
    await asB(() => llm.completion({ model: MODEL, messages }));
    expect(seen).toEqual(ofB('key', 'dispatch', 'key', 'dispatch', 'key', 'dispatch'));
    expect(keysSent()).toEqual(Array(3).fill('Bearer key-of-B'));
    expect(upstream.accepted()).toBe(1);
  });

  it('in the retry of an error whose body is longer than is read', async () => {
    upstream.answer(first(1, (_request, response) => void response.writeHead(503).end('x'.repeat(200_000))));
    await openedByA();
    await asB(() => llm.completion({ model: MODEL, messages }));
    expect(seen).toEqual(ofB('key', 'dispatch', 'key', 'dispatch'));
  });

  it('in the retry of an error whose body is compressed', async () => {
    const { gzipSync } = await import('node:zlib');
    const body = gzipSync('{"error":{"message":"busy"}}');
    upstream.answer(
      first(
        1,
        (_request, response) => void response.writeHead(503, { 'content-encoding': 'gzip' }).end(body),
      ),
    );
    await openedByA();
    await asB(() => llm.completion({ model: MODEL, messages }));
    expect(seen).toEqual(ofB('key', 'dispatch', 'key', 'dispatch'));
  });

  it('in the retry after a limit that a timer of another call told of', async () => {
    const connect = buildConnector({});
    let held = 0;
    const own = new Agent({
      connect: (options, callback) => (held-- > 0 ? undefined : connect(options, callback)),
    });
    llm = serviceOver(watched(own));
    const timeout = { connect: 50 };
    // The timer that all calls share is set by A's call, and looks after B's as well.
    upstream.answer((request, response) =>
      request.headers.authorization === 'Bearer key-of-A'
        ? sendEvents(response, eventsOf(['Hello']).slice(0, 2))
        : answerText()(request, response),
    );
    const ofA = await tenant.run('A', () =>
      llm.completion({ model: MODEL, messages, stream: true }, { timeout: { idle: 20_000, total: 40 } }),
    );
    const failure = ofA.final().catch((error: unknown) => error);
    seen = [];
    held = 1;
    await asB(() => llm.completion({ model: MODEL, messages }, { timeout }));
    expect(seen).toEqual(ofB('key', 'dispatch', 'key', 'dispatch'));
    await expect(failure).resolves.toMatchObject({ phase: 'total' });
    await own.destroy();
  });

  it('in the fallback to another model', async () => {
    upstream.answer(first(1, (_request, response) => sendJson(response, { error: { message: 'no' } }, 404)));
    await openedByA();
    await asB(() => llm.completion({ model: MODEL, messages }, { fallbacks: ['groq/m'] }));
    expect(seen).toEqual(ofB('key', 'dispatch', 'key', 'dispatch'));
  });

  it('in the fallback of a stream that has broken', async () => {
    const broken: Answer = ({ socket }, response) => {
      sendEvents(response, [eventOf(chunkOf({ role: 'assistant', content: '' }))]);
      setImmediate(() => socket.destroy());
    };
    upstream.answer(first(1, broken));
    await openedByA();
    await asB(async () => {
      const stream = await llm.completion(
        { model: MODEL, messages, stream: true },
        { fallbacks: ['groq/m'] },
      );
      for await (const _chunk of stream) see('chunk');
    });
    expect(new Set(seen)).toEqual(new Set(ofB('key', 'dispatch', 'chunk')));
    expect(keysSent()).toEqual(Array(2).fill('Bearer key-of-B'));
  });

  it('in what an Observable tells its subscriber', async () => {
    await openedByA();
    await asB(
      () =>
        new Promise<void>((resolve, reject) => {
          llm.completion$({ model: MODEL, messages }).subscribe({
            next: () => see('next'),
            complete: () => {
              see('complete');
              resolve();
            },
            error: reject,
          });
        }),
    );
    expect(new Set(seen)).toEqual(new Set(ofB('key', 'dispatch', 'next', 'complete')));
  });

  it('in the events of a Readable', async () => {
    await openedByA();
    await asB(async () => {
      const stream = await llm.completion({ model: MODEL, messages, stream: true });
      const readable = stream.toReadable();
      readable.on('data', () => see('data')).on('end', () => see('end'));
      await once(readable, 'end');
    });
    expect(new Set(seen)).toEqual(new Set(ofB('key', 'dispatch', 'data', 'end')));
  });

  it('in the events of a Readable that another tenant paused for a while', async () => {
    const many = Array.from({ length: 2000 }, () => 'x'.repeat(200));
    upstream.answer(first(1, answerText(many)));
    await openedByA();
    const readable = await asB(async () => {
      const stream = await llm.completion({ model: MODEL, messages, stream: true });
      return stream.toReadable().on('data', () => see('data'));
    });
    await once(readable, 'data');
    readable.pause();
    await tenant.run('A', async () => new Promise(setImmediate));
    asB(() => readable.resume());
    await once(readable, 'end');
    expect(new Set(seen)).toEqual(new Set(ofB('key', 'dispatch', 'data')));
  });

  it('when somebody else aborts its signal', async () => {
    const controller = new AbortController();
    upstream.answer(first(1, (_request, response) => sendEvents(response, eventsOf(['Hello']).slice(0, 2))));
    await openedByA();
    await asB(async () => {
      const { signal } = controller;
      const stream = await llm.completion({ model: MODEL, messages, stream: true }, { signal });
      const readable = stream.toReadable();
      readable.on('data', () => see('data')).on('end', () => see('end'));
      await once(readable, 'data');
      tenant.run('A', () => controller.abort());
      await once(readable, 'end');
    });
    expect(seen).toEqual(ofB('key', 'dispatch', 'data', 'data', 'end'));
  });

  it('when the application shuts down', async () => {
    upstream.answer(first(1, (_request, response) => sendEvents(response, eventsOf(['Hello']).slice(0, 2))));
    await openedByA();
    await asB(async () => {
      const stream = await llm.completion({ model: MODEL, messages, stream: true });
      const readable = stream.toReadable();
      readable.on('data', () => see('data')).on('end', () => see('end'));
      await once(readable, 'data');
      await Promise.all([once(readable, 'end'), tenant.run('A', () => handler.close(0))]);
    });
    expect(seen).toEqual(ofB('key', 'dispatch', 'data', 'data', 'end'));
  });

  it('in each batch of its embeddings, and their retries', async () => {
    const vectors = ({ body }: ReceivedRequest) => ({
      object: 'list',
      model: 'e',
      data: body.input.map((_: string, index: number) => ({ object: 'embedding', index, embedding: [1] })),
      usage: { prompt_tokens: 1, total_tokens: 1 },
    });
    const embedded: Answer = (request, response) => sendJson(response, vectors(request));
    await openedByA();
    upstream.answer(first(1, busy, embedded));
    const input = Array.from({ length: 80 }, (_, index) => String(index));
    await asB(() => llm.embedding({ model: 'mistral/e', input }));
    expect(upstream.requests).toHaveLength(1 + 4);
    expect(new Set(seen)).toEqual(new Set(ofB('key', 'dispatch')));
    expect(keysSent()).toEqual(Array(4).fill('Bearer key-of-B'));
  });

  it('in the exchange of its credentials, and their retries', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const paths: string[] = [];
    await openedByA();
    const document = {
      candidates: [{ content: { role: 'model', parts: [{ text: 'Hi' }] }, finishReason: 'STOP' }],
    };
    upstream.answer(
      first(1, busy, ({ path }, response) => {
        paths.push(path);
        if (path === '/token') return sendJson(response, { access_token: 'token', expires_in: 3600 });
        return sendJson(response, document);
      }),
    );
    const vertex = new LlmService(handler, {
      defaults: { retry: { baseDelay: 1 } },
      providers: {
        vertex_ai: {
          baseURL: `${upstream.origin}/v1`,
          project: 'proj',
          credentials: {
            type: 'service_account',
            client_email: 'me@proj.iam.gserviceaccount.com',
            private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
            private_key_id: 'kid-1',
            token_uri: `${upstream.origin}/token`,
          },
        },
      },
    });
    await asB(() => vertex.completion({ model: 'vertex_ai/gemini-2.5-flash', messages }));
    expect(paths).toHaveLength(2);
    expect(seen).toEqual(ofB('dispatch', 'dispatch', 'dispatch'));
  });

  it('when it waited in the queue for a call of another tenant', async () => {
    const session = await createHttpSession({
      limit: 1,
      proxy: false,
      interceptors: [
        (dispatch) => (options, dispatchHandler) => {
          see('dispatch');
          return dispatch(options, dispatchHandler);
        },
      ],
    });
    llm = serviceOver(session);
    upstream.answer(first(1, busy));
    const ofA = tenant.run('A', () => llm.completion({ model: MODEL, messages }));
    await upstream.nextRequest();
    seen = [];
    await Promise.all([ofA, asB(() => llm.completion({ model: MODEL, messages }))]);
    expect(seen).toEqual(ofB('key', 'dispatch', 'key', 'dispatch'));
    await session.destroy();
  });
});
