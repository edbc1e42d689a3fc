import dns from 'node:dns';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  LlmHandler,
  LlmService,
  type CallOptions,
  type HttpDispatchOptions,
  type ProviderAdapter,
} from '../../lib/index.js';
import { COMPATIBLE_PROVIDERS } from '../../lib/providers/compatible.js';
import { BUILT_IN_ADAPTERS } from '../../lib/catalog.js';
import { failureOf, MESSAGES } from '../support/llm.js';
import { TEXT, VECTOR, wireOf } from '../support/provider-wires.js';
import { RecordingSession, type WireAnswer } from '../support/recording-session.js';

/** Every way out of the process that is not the injected session. */
const EXITS: readonly (readonly [string, object, string])[] = [
  ['net.Socket.connect', net.Socket.prototype, 'connect'],
  ['net.connect', net, 'connect'],
  ['tls.connect', tls, 'connect'],
  ['dns.lookup', dns, 'lookup'],
  ['dns.promises.lookup', dns.promises, 'lookup'],
  ['http.request', http, 'request'],
  ['http.get', http, 'get'],
  ['https.request', https, 'request'],
  ['https.get', https, 'get'],
  ['http2.connect', http2, 'connect'],
  ['fetch', globalThis, 'fetch'],
];

/** Where undici, when it is imported, and Node's own copy of it keep the dispatcher of the global fetch. */
const GLOBAL_DISPATCHERS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) =>
  Symbol.for(name),
);
const globalDispatchers = () => GLOBAL_DISPATCHERS.map((symbol) => (globalThis as never)[symbol]);

const taken: string[] = [];
const originals = EXITS.map(([, owner, name]) => Object.getOwnPropertyDescriptor(owner, name)!);
const before = globalDispatchers();

beforeAll(() => {
  for (const [label, owner, name] of EXITS) {
    Object.defineProperty(owner, name, {
      configurable: true,
      writable: true,
      value() {
        taken.push(label);
        throw new Error(`${label}: a way out that is not the session`);
      },
    });
  }
});

afterAll(() =>
  EXITS.forEach(([, owner, name], index) => Object.defineProperty(owner, name, originals[index]!)),
);

afterEach(() => {
  expect(taken.splice(0)).toEqual([]);
  expect(globalDispatchers()).toEqual(before);
});

interface Method {
  readonly name: string;
  readonly has: (adapter: ProviderAdapter) => boolean;
  /** Makes the call and checks its result. */
  readonly run: (llm: LlmService, model: string, options: CallOptions) => Promise<void>;
}

const METHODS: readonly Method[] = [
  {
    name: 'completion',
    has: ({ completion }) => completion !== undefined,
    async run(llm, model, options) {
      const { choices } = await llm.completion({ model, messages: MESSAGES }, options);
      expect(choices[0]!.message.content).toBe(TEXT.join(''));
    },
  },
  {
    name: 'completion with stream',
    has: ({ completion }) => completion !== undefined,
    async run(llm, model, options) {
      const stream = await llm.completion({ model, messages: MESSAGES, stream: true }, options);
      expect((await stream.final()).choices[0]!.message.content).toBe(TEXT.join(''));
    },
  },
  {
    name: 'completion$',
    has: ({ completion }) => completion !== undefined,
    async run(llm, model, options) {
      let text = '';
      await llm
        .completion$({ model, messages: MESSAGES }, options)
        .forEach(({ choices }) => void (text += choices[0]?.delta.content ?? ''));
      expect(text).toBe(TEXT.join(''));
    },
  },
  {
    name: 'embedding',
    has: ({ embedding }) => embedding !== undefined,
    async run(llm, model, options) {
      const { data } = await llm.embedding({ model, input: 'Hi' }, options);
      expect(data[0]!.embedding).toEqual(VECTOR);
    },
  },
];

const CALLS = BUILT_IN_ADAPTERS.flatMap((adapter) =>
  METHODS.filter(({ has }) => has(adapter)).map(({ name, run }) => [adapter.provider, name, run] as const),
);

/** A session that no call may reach. */
const forbidden = () =>
  new RecordingSession(() => {
    throw new Error('this session has no precedence');
  });

function serviceOf(provider: string, session: RecordingSession): LlmService {
  return new LlmService(new LlmHandler({ session }), { providers: { [provider]: wireOf(provider).options } });
}

it('walks every provider', () => {
  const walked = new Set(CALLS.map(([provider]) => provider));
  expect([...walked].sort()).toEqual(
    [
      ...new Set([
        'openai',
        ...Object.keys(COMPATIBLE_PROVIDERS),
        ...BUILT_IN_ADAPTERS.map(({ provider }) => provider),
      ]),
    ].sort(),
  );
});

it.each(EXITS)('notices %s', async (label, owner, name) => {
  await expect(async () => (owner as Record<string, () => unknown>)[name]!()).rejects.toThrow(label);
  expect(taken.splice(0)).toEqual([label]);
});

describe('every byte leaves through the injected session', () => {
  it.each(CALLS)('%s: %s', async (provider, _method, run) => {
    const session = new RecordingSession((request) => wireOf(provider).answer(request));
    await run(serviceOf(provider, session), `${provider}/test-model`, {});
    expect(session.requests.length).toBeGreaterThan(0);
  });

  it.each(CALLS)('%s: %s, of the call before that of the service', async (provider, _method, run) => {
    const session = new RecordingSession((request) => wireOf(provider).answer(request));
    const other = forbidden();
    await run(serviceOf(provider, other), `${provider}/test-model`, { session });
    expect(session.requests.length).toBeGreaterThan(0);
    expect(other.requests).toEqual([]);
  });

  it('with the retries of a call', async () => {
    const answers: WireAnswer[] = [503, 429].map((status) => ({ status, headers: {}, body: '' }));
    const session = new RecordingSession((request) => answers.shift() ?? wireOf('openai').answer(request));
    const llm = serviceOf('openai', forbidden());
    await METHODS[0]!.run(llm, 'openai/test-model', { session, retry: { baseDelay: 1 } });
    expect(session.requests).toHaveLength(3);
  });

  it('with its fallbacks, to other providers, too', async () => {
    const isGroq = ({ origin }: HttpDispatchOptions) =>
      origin === new URL(String(wireOf('groq').options.baseURL)).origin;
    const session = new RecordingSession((request) =>
      isGroq(request) ? wireOf('groq').answer(request) : { status: 401, headers: {}, body: '' },
    );
    const llm = new LlmService(new LlmHandler({ session: forbidden() }), {
      providers: { openai: wireOf('openai').options, groq: wireOf('groq').options },
    });
    const completion = await llm.completion(
      { model: 'openai/test-model', messages: MESSAGES },
      { session, fallbacks: ['groq/test-model'] },
    );
    expect(completion.meta.provider).toBe('groq');
    expect(session.requests.map(isGroq)).toEqual([false, true]);
  });

  it('and none at all when that session is closed', async () => {
    const session = Object.assign(forbidden(), { closed: true });
    const error = await failureOf(
      serviceOf('openai', session).completion({ model: 'openai/x', messages: MESSAGES }),
    );
    expect(error).toMatchObject({ name: 'SessionClosedError' });
    expect(session.requests).toEqual([]);
  });
});

it('carries none of the options of the call in its body', async () => {
  const { answer, options } = wireOf('openai');
  const session = new RecordingSession(answer);
  const request = { model: 'openai/test-model', messages: MESSAGES, temperature: 0.5, x_unknown: { a: 1 } };
  await new LlmService(new LlmHandler({ session: forbidden() }), {
    providers: { openai: options },
  }).completion(request, {
    session,
    signal: new AbortController().signal,
    timeout: { total: 1000 },
    retry: { maxRetries: 0 },
    fallbacks: [],
    apiKey: 'sk-of-the-call',
    baseURL: 'https://other.test/v2',
    headers: { 'x-team': 'a' },
    dropParams: true,
  });
  const [{ origin, path, headers, body }] = session.requests as [HttpDispatchOptions];
  expect(JSON.parse(String(body))).toEqual({ ...request, model: 'test-model' });
  expect({ origin, path }).toEqual({ origin: 'https://other.test', path: '/v2/chat/completions' });
  expect(headers).toMatchObject({ authorization: 'Bearer sk-of-the-call', 'x-team': 'a' });
});
