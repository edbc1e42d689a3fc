import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import {
  BadRequestError,
  ContextWindowExceededError,
  LlmConfigurationError,
  RateLimitError,
  ServiceUnavailableError,
  type RouterDeployment,
  type RouterOptions,
} from '../../../lib/index.js';
import { failureOf, MESSAGES } from '../../support/llm.js';
import { answerStalled, answerText } from '../../support/upstream.js';
import { callMany, ROUTED, routedLlm, startDeployments, type Deployments } from '../../support/router.js';

let places: Deployments;
let llm: ReturnType<typeof routedLlm>;
let warned: jest.SpiedFunction<Logger['warn']>;

beforeEach(async () => {
  places = await startDeployments();
  warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
});

afterEach(async () => {
  await llm?.close();
  await places.close();
  jest.restoreAllMocks();
});

const entry = (id: string, options?: Partial<RouterDeployment>) => places.entry(id, options);
const use = (chat: RouterDeployment[], router: Partial<RouterOptions> = {}) => {
  llm = routedLlm(chat, router);
};
const cooling = () => llm.stats().router!['chat']!.map(({ coolingMs }) => coolingMs);

describe('a call to a group', () => {
  it('tells in its metadata where it went', async () => {
    use([entry('a')]);
    const { meta } = await llm.completion(ROUTED);
    expect(meta.deployment).toBe('a');
    expect(meta.model).toBe('m');
    expect(meta.attempts).toMatchObject([{ deployment: 'a', model: 'openai/m', status: 200 }]);
    expect(places.upstream.requests[0]!.headers.authorization).toBe('Bearer key-a');
  });

  it('goes to the deployments by their weight', async () => {
    use([entry('a', { weight: 9 }), entry('b', { weight: 1 })]);
    const { answered } = await callMany(llm, 400);
    expect(answered['a']).toBeGreaterThan(300);
    expect(answered['b']).toBeGreaterThan(8);
  });

  it('goes to the lowest order that has somebody', async () => {
    use([entry('b', { order: 2 }), entry('a')]);
    await callMany(llm, 40);
    expect(places.hits()).toEqual({ a: 40 });
    places.modes['a'] = { status: 503 };
    expect((await callMany(llm, 40)).answered).toEqual({ b: 40 });
    expect(places.hits()['a']).toBeLessThan(40 + 12);
  });

  it('goes only where all of its tags are', async () => {
    use([entry('a', { tags: ['eu', 'gdpr'] }), entry('b', { tags: ['eu'] }), entry('c')]);
    expect((await callMany(llm, 20, () => ({ tags: ['eu', 'gdpr'] }))).answered).toEqual({ a: 20 });
    places.modes['a'] = { status: 503 };
    expect(
      (await callMany(llm, 4, () => ({ tags: ['eu', 'gdpr'], retry: { maxRetries: 0 } }))).answered,
    ).toEqual({});
    const error = await failureOf(llm.completion(ROUTED, { tags: ['us'] }));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.code).toBe('no_deployment');
  });

  it('goes past a context window that is too small for it', async () => {
    use([entry('a', { contextWindow: 100 }), entry('b', { contextWindow: 10_000 })]);
    const large = { ...ROUTED, messages: [{ role: 'user' as const, content: 'x'.repeat(2000) }] };
    for (let index = 0; index < 10; index++) await llm.completion(large);
    expect(places.hits()).toEqual({ b: 10 });
    const larger = { ...ROUTED, messages: [{ role: 'user' as const, content: 'x'.repeat(800_000) }] };
    const error = await failureOf(llm.completion(larger));
    expect(error).toBeInstanceOf(ContextWindowExceededError);
    expect(error.attempts).toEqual([]);
  });

  it('keeps a conversation at its deployment, and moves only those of the one that breaks', async () => {
    use([entry('a'), entry('b'), entry('c')]);
    const at = async (affinity: string) =>
      (await llm.completion(ROUTED, { affinity })).choices[0]!.message.content!;
    const sessions = Array.from({ length: 40 }, (_, index) => `session-${index}`);
    const before = await Promise.all(sessions.map(at));
    expect(new Set(before).size).toBe(3);
    expect(await Promise.all(sessions.map(at))).toEqual(before);
    places.modes['b'] = { status: 503 };
    const after = await Promise.all(sessions.map(at));
    expect(after).not.toContain('b');
    sessions.forEach((_, index) => {
      if (before[index] !== 'b') expect(after[index]).toBe(before[index]);
    });
    const keyed = await llm.completion({ ...ROUTED, prompt_cache_key: sessions[0]! });
    expect(keyed.meta.deployment).toBe(after[0]);
  });

  it('goes by its pin to the account alone', async () => {
    use([entry('a', { quota: 'org' }), entry('b', { quota: 'org' }), entry('c')]);
    const { answered } = await callMany(llm, 20, () => ({ pin: 'a' }));
    expect(Object.keys(answered).toSorted()).toEqual(['a', 'b']);
    places.modes['a'] = places.modes['b'] = { status: 429, headers: { 'retry-after': '5' } };
    await failureOf(llm.completion(ROUTED, { pin: 'a', retry: { maxRetries: 0 } }));
    const error = await failureOf(llm.completion(ROUTED, { pin: 'a' }));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error.code).toBe('no_deployment');
    expect(error.retryAfterMs).toBeGreaterThan(3000);
    expect(places.hits()['c']).toBeUndefined();
    expect((await failureOf(llm.completion(ROUTED, { pin: 'z' }))).code).toBe('no_deployment');
  });

  it('names the wait for a pinned deployment that is left alone', async () => {
    use([entry('a'), entry('b')]);
    places.modes['a'] = { status: 401 };
    await failureOf(llm.completion(ROUTED, { pin: 'a' }));
    const error = await failureOf(llm.completion(ROUTED, { pin: 'a' }));
    expect(error).toBeInstanceOf(ServiceUnavailableError);
    expect(error.retryAfterMs).toBeGreaterThan(50_000);
    expect(places.hits()).toEqual({ a: 1 });
  });

  it('of embeddings is routed too', async () => {
    places.upstream.answer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          object: 'list',
          model: 'm',
          data: [{ object: 'embedding', index: 0, embedding: [1] }],
          usage: { prompt_tokens: 5, total_tokens: 5 },
        }),
      );
    });
    use([entry('a', { tpm: 1000 })]);
    const { meta } = await llm.embedding({ model: 'chat', input: 'x'.repeat(400) });
    expect(meta.deployment).toBe('a');
    expect(llm.stats().router!['chat']![0]!.levels.tokens).toBeGreaterThanOrEqual(995);
  });
});

describe('what a failure says', () => {
  it.each([
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '5' } }],
    ['401', { status: 401 }],
    ['404', { status: 404 }],
    ['402', { status: 402 }],
    ['no money left', { status: 429, code: 'insufficient_quota' }],
  ])('%s has the deployment left alone, and no caller sees it', async (_name, mode) => {
    places.modes['a'] = mode;
    use([entry('a'), entry('b')]);
    const { answered, failed } = await callMany(llm, 100);
    expect(failed).toEqual({});
    expect(answered).toEqual({ b: 100 });
    expect(places.hits()['a']).toBeLessThanOrEqual(8);
    expect(cooling()[0]).toBeGreaterThan(3000);
    expect(cooling()[1]).toBe(0);
    expect(llm.stats().router!['chat']![0]!.reason).toMatch(/^\w+Error 4/);
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it.each([
    ['429', { status: 429, headers: { 'retry-after': '5' } }],
    ['no money left', { status: 429, code: 'insufficient_quota' }],
  ])('%s is of the account, not of the deployment', async (_name, mode) => {
    places.modes['a'] = places.modes['b'] = mode;
    use([entry('a', { quota: 'org' }), entry('b', { quota: 'org' }), entry('c')]);
    expect((await callMany(llm, 60)).answered).toEqual({ c: 60 });
    const [first, second] = cooling();
    expect(first).toBeGreaterThan(0);
    expect(second).toBe(first);
  });

  it('403 is of one call: another deployment takes it, and nothing is left alone', async () => {
    places.modes['a'] = { status: 403 };
    use([entry('a'), entry('b')]);
    expect((await callMany(llm, 60)).answered).toEqual({ b: 60 });
    expect(cooling()).toEqual([0, 0]);
    expect(places.hits()['a']).toBeGreaterThan(10);
  });

  it('400 is the caller’s', async () => {
    places.modes['a'] = places.modes['b'] = { status: 400 };
    use([entry('a'), entry('b')]);
    expect((await callMany(llm, 20)).failed).toEqual({ BadRequestError: 20 });
    expect(places.upstream.requests).toHaveLength(20);
    expect(cooling()).toEqual([0, 0]);
  });

  it('503 has it left alone from the third in a row', async () => {
    places.modes['a'] = { status: 503 };
    use([entry('a'), entry('b', { order: 2 })]);
    for (const left of [false, false, true]) {
      await llm.completion(ROUTED);
      expect(cooling()[0]! > 0).toBe(left);
    }
    await llm.completion(ROUTED);
    expect(places.hits()).toEqual({ a: 3, b: 4 });
    expect(warned).toHaveBeenCalledTimes(1);
  });

  it('504 may have been billed: it is the caller’s, unless billing twice is allowed', async () => {
    places.modes['a'] = { status: 504 };
    use([entry('a'), entry('b', { order: 2 })]);
    expect((await failureOf(llm.completion(ROUTED))).status).toBe(504);
    expect((await llm.completion(ROUTED, { retry: { mayBillTwice: true } })).meta.deployment).toBe('b');
  });

  it('another model may take what one does not fit', async () => {
    places.modes['a'] = places.modes['b'] = { status: 400, code: 'context_length_exceeded' };
    use([entry('a'), entry('b', { order: 2 }), entry('c', { order: 3, model: 'openai/larger' })]);
    const { meta } = await llm.completion(ROUTED);
    expect(meta.attempts.map(({ deployment }) => deployment)).toEqual(['a', 'c']);
    expect(cooling()).toEqual([0, 0, 0]);
  });

  it('four dead keys of five are walked past at once', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of ids.slice(0, 4)) places.modes[id] = { status: 401 };
    use(ids.map((id, order) => entry(id, { order })));
    const { meta } = await llm.completion(ROUTED);
    expect(meta.attempts.map(({ deployment }) => deployment)).toEqual(ids);
    expect(meta.attempts.every(({ delayMs }) => delayMs === undefined)).toBe(true);
  });
});

describe('when nobody is left', () => {
  it('a limit is an error that names the wait, and nothing is sent', async () => {
    places.modes['a'] = places.modes['b'] = { status: 429, headers: { 'retry-after': '5' } };
    use([entry('a'), entry('b')]);
    await failureOf(llm.completion(ROUTED, { retry: { maxRetries: 0 } }));
    const sent = places.upstream.requests.length;
    const error = await failureOf(llm.completion(ROUTED));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ code: 'no_deployment', model: 'chat', attempts: [] });
    expect(error.retryAfterMs).toBeGreaterThan(4000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(6000);
    expect(places.upstream.requests).toHaveLength(sent);
  });

  it('what is broken is tried all the same, the one that is due soonest first', async () => {
    places.modes['a'] = { status: 401 };
    places.modes['b'] = { status: 503 };
    use([entry('a'), entry('b', { order: 2 })]);
    const fails = () => failureOf(llm.completion(ROUTED, { retry: { maxRetries: 0 } }));
    for (let index = 0; index < 3; index++) await fails();
    expect(cooling().every((ms) => ms > 0)).toBe(true);
    places.modes['b'] = undefined;
    const { meta } = await llm.completion(ROUTED);
    expect(meta.deployment).toBe('b');
    expect(meta.attempts).toHaveLength(1);
  });

  it('a call waits for a limit where that is wanted, and its signal ends the wait', async () => {
    places.modes['a'] = { status: 429, headers: { 'retry-after-ms': '40' } };
    use([entry('a')], { wait: true });
    const call = llm.completion(ROUTED, { retry: { maxRetries: 0 } });
    await places.upstream.nextRequest();
    places.modes['a'] = undefined;
    expect((await call).meta.attempts.map(({ status }) => status)).toEqual([429, 200]);
    places.modes['a'] = { status: 429, headers: { 'retry-after': '20' } };
    const abort = new AbortController();
    const waiting = failureOf(llm.completion(ROUTED, { retry: { maxRetries: 0 }, signal: abort.signal }));
    await places.upstream.nextRequest();
    setImmediate(() => abort.abort(new Error('enough')));
    expect((await waiting).name).toBe('APIUserAbortError');
  });

  it('the one that is left is tried again with a delay, the others are not', async () => {
    places.modes['a'] = places.modes['b'] = { status: 503 };
    use([entry('a'), entry('b', { order: 2 })]);
    const { attempts } = await failureOf(llm.completion(ROUTED, { retry: { maxRetries: 2, baseDelay: 1 } }));
    expect(attempts.map(({ deployment }) => deployment)).toEqual(['a', 'b', 'b', 'b']);
    expect(attempts[0]!.delayMs).toBeUndefined();
    expect(attempts[1]!.delayMs).toBeDefined();
  });

  it('fallbacks come after the group, and know of all its attempts', async () => {
    places.modes['a'] = places.modes['b'] = { status: 401 };
    llm = routedLlm(
      [entry('a'), entry('b', { order: 2 })],
      {},
      { providers: { openai: { apiKey: 'k', baseURL: `${places.upstream.origin}/z/v1` } } },
    );
    const { meta } = await llm.completion(ROUTED, { fallbacks: ['openai/other'] });
    expect(meta.attempts.map(({ deployment, model }) => [deployment, model])).toEqual([
      ['a', 'openai/m'],
      ['b', 'openai/m'],
      [undefined, 'openai/other'],
    ]);
  });
});

describe('the limits of an account', () => {
  it('are never run into', async () => {
    use([entry('a', { rpm: 60 }), entry('b', { rpm: 600 })]);
    const { answered, failed } = await callMany(llm, 500);
    expect(failed).toEqual({});
    expect(answered['a']).toBeLessThanOrEqual(62);
  });

  it('are divided by the replicas', async () => {
    use([entry('a', { rpm: 60 })], { replicas: 3 });
    const { answered, failed } = await callMany(llm, 40);
    expect(answered['a']).toBeLessThanOrEqual(21);
    expect(failed['RateLimitError']).toBeGreaterThanOrEqual(19);
  });

  it('have room for one call that is larger than they are', async () => {
    use([entry('a', { tpm: 60 })]);
    const large = { ...ROUTED, max_tokens: 5000 };
    await llm.completion(large);
    expect(llm.stats().router!['chat']![0]!.levels.tokens).toBeGreaterThan(20);
  });

  it('bound the calls at the same time, of a stream until its end', async () => {
    use([entry('a', { concurrency: 1 })]);
    places.upstream.answer(answerStalled());
    const stream = await llm.completion({ ...ROUTED, stream: true });
    expect((await failureOf(llm.completion(ROUTED))).code).toBe('no_deployment');
    stream.abort();
    places.upstream.answer(answerText());
    await expect(stream.final()).rejects.toThrow();
    expect((await llm.completion(ROUTED)).meta.deployment).toBe('a');
    expect(llm.stats().router!['chat']![0]!.inFlight).toBe(0);
  });
});

describe('options of a router', () => {
  it.each<[string, RegExp, (entryOf: typeof entry) => RouterOptions['models']]>([
    [
      'a group named like a provider',
      /router\.models\.openai: .*prefix of a provider/,
      () => ({ openai: [entry('a')] }),
    ],
    [
      'an unknown provider',
      /router\.models\.chat\[0\]: .*no provider "nobody"/,
      () => ({ chat: [entry('a', { model: 'nobody/m' })] }),
    ],
    ['one deployment twice', /once more/, () => ({ chat: [entry('a'), entry('a', { apiKey: 'other' })] })],
    [
      'one key with two quotas',
      /one key and two quotas/,
      () => ({ chat: [entry('a', { apiKey: 'k', quota: 'x' }), entry('b', { apiKey: 'k', quota: 'y' })] }),
    ],
    [
      'two limits of one quota',
      /one limit/,
      () => ({ chat: [entry('a', { quota: 'x', rpm: 5 }), entry('b', { quota: 'x', rpm: 6 })] }),
    ],
    ['an empty group', /has no deployment/, () => ({ chat: [] })],
  ])('that have %s are refused at start', (_name, message, models) => {
    expect(() => routedLlm([], { models: models(entry) })).toThrow(LlmConfigurationError);
    expect(() => routedLlm([], { models: models(entry) })).toThrow(message);
  });

  it('with two keys of one account are told that the second adds nothing', () => {
    use([entry('a', { quota: 'org' }), entry('b', { quota: 'org', apiKey: 'k2' })]);
    expect(warned.mock.calls.flat().join()).toMatch(/adds nothing/);
    expect(warned.mock.calls.flat().join()).not.toMatch(/key-a|k2/);
  });

  it('make an id without the key', async () => {
    use([{ model: 'openai/m', apiKey: 'sk-secret', baseURL: `${places.upstream.origin}/a/v1` }]);
    expect(llm.stats().router!['chat']![0]!.id).toBe(`openai/m@${new URL(places.upstream.origin).host}/a/v1`);
  });

  it('refuse a key of the call’s own for a group', async () => {
    use([entry('a')]);
    await expect(llm.completion(ROUTED, { apiKey: 'mine' })).rejects.toThrow(LlmConfigurationError);
  });

  it('leave models by their names to allow, and groups by theirs', async () => {
    const options = { providers: { openai: { apiKey: 'k', baseURL: places.upstream.baseURL } } };
    llm = routedLlm([entry('a')], {}, { ...options, allow: ['chat'] });
    expect((await llm.completion(ROUTED)).meta.deployment).toBe('a');
    const direct = await failureOf(llm.completion({ ...ROUTED, model: 'openai/m' }));
    expect(direct.code).toBe('model_not_allowed');
    await llm.close();
    llm = routedLlm([entry('a')], {}, { ...options, allow: ['openai/other'] });
    expect((await failureOf(llm.completion(ROUTED))).code).toBe('model_not_allowed');
    await llm.close();
    llm = routedLlm([entry('a')], {}, { ...options, allow: ['openai/m'] });
    expect((await llm.completion(ROUTED)).meta.deployment).toBe('a');
  });

  it('make a group the default model', async () => {
    llm = routedLlm([entry('a')], {}, { defaults: { model: 'chat' } });
    expect((await llm.completion({ messages: MESSAGES })).meta.deployment).toBe('a');
  });
});
