import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { APITimeoutError, AuthenticationError, type LlmOptions } from '../../lib/index.js';
import { deferred } from '../support/deferred.js';
import {
  createLlm,
  failureOf,
  MESSAGES,
  optionsFor,
  REQUEST,
  STREAMED,
  type StandaloneLlm,
} from '../support/llm.js';
import { sendJson, startUpstream, type Upstream } from '../support/upstream.js';

const ANSWER = { candidates: [{ finishReason: 'STOP', content: { parts: [{ text: 'x' }] } }] };
const GEMINI = { model: 'vertex_ai/gemini-2', messages: MESSAGES };

let upstream: Upstream;
let llm: StandaloneLlm;
beforeEach(async () => {
  upstream = await startUpstream();
});
afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const tokensAsked = () => upstream.requests.filter(({ path }) => path === '/token').length;

function vertex(defaults: LlmOptions['defaults']): StandaloneLlm {
  const credentials = {
    type: 'authorized_user',
    client_id: 'id',
    client_secret: 'client-secret',
    refresh_token: 'refresh-token',
    token_uri: `${upstream.origin}/token`,
  };
  return createLlm({
    providers: { vertex_ai: { credentials, project: 'p', baseURL: upstream.baseURL } },
    defaults,
  });
}

it.each([REQUEST, STREAMED])('a key function that hangs ends with its call, in words', async (request) => {
  const apiKey = () => new Promise<string>(() => {});
  llm = createLlm(optionsFor(upstream, { apiKey, timeout: { connect: 20 } }));
  const error = await failureOf(llm.completion(request));
  expect(error).toBeInstanceOf(APITimeoutError);
  expect(error).toMatchObject({ phase: 'request', timeoutMs: 20 });
  expect(error.message).toContain('no credentials');
  expect(upstream.requests).toHaveLength(0);
  expect(llm.stats().calls).toMatchObject({ active: 0, failed: 1 });
});

it.each([0, 2])(
  'a token endpoint that is down is asked for a call as often as %i retries say, and harms nothing else',
  async (maxRetries) => {
    upstream.answer(({ path }, response) =>
      path === '/token' ? sendJson(response, {}, 503) : sendJson(response, ANSWER),
    );
    llm = vertex({ retry: { maxRetries, baseDelay: 1 }, circuit: { failures: 1, openMs: 60_000 } });
    expect(await failureOf(llm.completion(GEMINI))).toBeInstanceOf(AuthenticationError);
    expect(tokensAsked()).toBe(maxRetries + 1);
    const { providers, ...counts } = llm.stats().calls;
    expect(counts).toMatchObject({ active: 0, started: 1, failed: 1, retries: 0 });
    expect(providers['vertex_ai']).toMatchObject({
      retriesLeft: 50,
      circuit: { state: 'closed', failures: 0 },
    });
    upstream.answer(({ path }, response) =>
      sendJson(response, path === '/token' ? { access_token: 'a-token', expires_in: 60 } : ANSWER),
    );
    expect((await llm.completion(GEMINI)).choices).toHaveLength(1);
  },
);

it('a token endpoint that cannot be reached opens no circuit of the provider', async () => {
  upstream.answer(({ path, socket }, response) => {
    if (path === '/token') socket.destroy();
    else sendJson(response, ANSWER);
  });
  llm = vertex({ retry: { maxRetries: 0 }, circuit: { failures: 1, openMs: 60_000 } });
  await failureOf(llm.completion(GEMINI));
  expect(llm.stats().calls.providers['vertex_ai']).toMatchObject({
    circuit: { state: 'closed', failures: 0 },
  });
});

it('calls wait for one token together, and each has its own time for that', async () => {
  const asked = deferred();
  upstream.answer(({ path }, response) => {
    if (path === '/token') {
      asked.promise.then(
        () => sendJson(response, { access_token: 'a-token', expires_in: 60 }),
        () => {},
      );
    } else sendJson(response, ANSWER);
  });
  llm = vertex({ retry: { maxRetries: 0 } });
  const short = failureOf(llm.completion(GEMINI, { timeout: { total: 50 } }));
  const others = [llm.completion(GEMINI), llm.completion(GEMINI)];
  expect(await short).toMatchObject({ name: 'APITimeoutError', phase: 'total' });
  asked.resolve();
  expect(await Promise.all(others)).toHaveLength(2);
  expect(tokensAsked()).toBe(1);
});
