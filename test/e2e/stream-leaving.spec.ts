import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  APIUserAbortError,
  StreamInterruptedError,
  type ChatCompletionChunk,
  type ChatStream,
} from '../../lib/index.js';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import {
  answerEndless,
  answerStalled,
  answerText,
  chunkOf,
  eventOf,
  sendEvents,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(optionsFor(upstream));
});

afterEach(async () => {
  await llm.close();
  await upstream.close();
});

const contentOf = (chunk: ChatCompletionChunk | undefined) => chunk?.choices[0]?.delta.content;

/** Reads until the text has come, which is all that a stalled upstream sends. */
async function readHello(stream: ChatStream): Promise<void> {
  for (;;) {
    const { value } = await stream.next();
    if (contentOf(value) === 'Hello') return;
  }
}

async function isUsable(): Promise<void> {
  expect(llm.stats().calls.active).toBe(0);
  upstream.answer(answerText(['again']));
  const { choices } = await llm.completion(REQUEST);
  expect(choices[0]!.message.content).toBe('again');
}

const UPSTREAMS = [
  ['goes on sending', answerEndless()],
  ['has stalled', answerStalled()],
] as const;

type Leave = (stream: ChatStream, abort: AbortController) => Promise<void>;

describe.each(UPSTREAMS)('when the upstream %s', (_name, answer) => {
  beforeEach(() => upstream.answer(answer));

  const leaving: readonly (readonly [string, Leave])[] = [
    [
      'break',
      async (stream) => {
        for await (const chunk of stream) if (contentOf(chunk) === 'Hello') break;
      },
    ],
    [
      'an error in the loop',
      async (stream) => {
        const loop = async () => {
          for await (const chunk of stream) if (contentOf(chunk) === 'Hello') throw new RangeError('mine');
        };
        await expect(loop()).rejects.toThrow(new RangeError('mine'));
      },
    ],
    [
      'return() before anything was read',
      async (stream) => {
        expect(await stream.return()).toEqual({ value: undefined, done: true });
      },
    ],
    [
      'return() while next() is pending',
      async (stream) => {
        await readHello(stream);
        let next = stream.next();
        while (!(await settles(next))) next = stream.next();
        await stream.return();
        expect(await next).toEqual({ value: undefined, done: true });
      },
    ],
    [
      'await using',
      async (stream) => {
        await using mine = stream;
        await readHello(mine);
      },
    ],
    [
      'unsubscribing',
      (stream) =>
        new Promise((resolve, reject) => {
          const subscription = stream.toObservable().subscribe({
            next(chunk) {
              if (contentOf(chunk) !== 'Hello') return;
              setImmediate(() => {
                subscription.unsubscribe();
                resolve();
              });
            },
            error: reject,
            complete: () => reject(new Error('completed')),
          });
        }),
    ],
    [
      'unsubscribing inside of next',
      (stream) =>
        new Promise((resolve, reject) => {
          const subscription = stream.toObservable().subscribe({
            next(chunk) {
              expect(subscription.closed).toBe(false);
              if (contentOf(chunk) !== 'Hello') return;
              subscription.unsubscribe();
              resolve();
            },
            error: reject,
          });
        }),
    ],
    [
      'destroying the Readable',
      async (stream) => {
        const readable = stream.toReadable();
        for await (const text of readable) if (String(text).includes('Hello')) break;
        expect(readable.destroyed).toBe(true);
      },
    ],
    [
      'destroying a Readable that nobody has read',
      async (stream) => {
        stream.toReadable().destroy();
      },
    ],
  ];

  it.each(leaving)('%s closes it at once, and throws nothing', async (_way, leave) => {
    const received = upstream.nextRequest();
    const abort = new AbortController();
    const stream = await llm.completion(STREAMED, { signal: abort.signal });
    await leave(stream, abort);
    await (
      await received
    ).closed;
    expect(llm.stats().calls).toMatchObject({ aborted: 1, failed: 0, succeeded: 0 });
    const error = await failureOf(stream.final());
    expect(error).toBeInstanceOf(APIUserAbortError);
    expect(error).toMatchObject({ provider: 'openai', model: 'openai/test-model', phase: 'body' });
    await isUsable();
  });

  const reason = new Error('enough');
  const aborting: readonly (readonly [string, Leave])[] = [
    ['abort()', async (stream) => stream.abort(reason)],
    ['the signal', async (_stream, abort) => abort.abort(reason)],
  ];

  describe.each(aborting)('%s', (_way, leave) => {
    it('closes it at once and throws in the loop', async () => {
      const received = upstream.nextRequest();
      const abort = new AbortController();
      const stream = await llm.completion(STREAMED, { signal: abort.signal });
      const loop = async () => {
        for await (const chunk of stream) if (contentOf(chunk) === 'Hello') await leave(stream, abort);
      };
      const error = await failureOf(loop());
      expect(error).toBeInstanceOf(APIUserAbortError);
      expect(error).toMatchObject({ provider: 'openai', model: 'openai/test-model', phase: 'body' });
      expect(error.cause).toBe(reason);
      await (
        await received
      ).closed;
      expect(llm.stats().calls).toMatchObject({ aborted: 1, failed: 0, succeeded: 0 });
      expect(await failureOf(stream.final())).toBe(error);
      expect(await stream.next()).toEqual({ value: undefined, done: true });
      await isUsable();
    });

    it('rejects a next() that is pending', async () => {
      const abort = new AbortController();
      const stream = await llm.completion(STREAMED, { signal: abort.signal });
      await readHello(stream);
      let next = stream.next();
      while (!(await settles(next))) next = stream.next();
      await leave(stream, abort);
      expect(await failureOf(next)).toBeInstanceOf(APIUserAbortError);
    });

    it('reaches an Observable, a Readable and final()', async () => {
      const abort = new AbortController();
      const open = () => llm.completion(STREAMED, { signal: abort.signal });
      const [observed, read, assembled] = await Promise.all([open(), open(), open()]);
      const errored = new Promise((resolve) => observed.toObservable().subscribe({ error: resolve }));
      const text = read.toReadable().setEncoding('utf8').toArray();
      const final = assembled.final();
      for (const stream of [observed, read, assembled]) await leave(stream, abort);
      expect(await errored).toBeInstanceOf(APIUserAbortError);
      expect(await failureOf(final)).toBeInstanceOf(APIUserAbortError);
      const events = (await text).join('');
      expect(events).toMatch(/data: \{"error":\{[^\n]*"code":"aborted"[^\n]*\}\}\n\n$/);
      expect(events).not.toContain('[DONE]');
      expect(llm.stats().calls).toMatchObject({ active: 0, aborted: 3 });
    });
  });
});

/** `false` when the promise is still pending after several turns of the event loop. Its rejection counts as settled. */
async function settlesWithin(promise: Promise<unknown>, turns: number): Promise<boolean> {
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  for (let turn = 0; turn < turns && !settled; turn++) await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

/** Whether a `next()` is one that waits. */
const settles = async (next: Promise<unknown>): Promise<boolean> => !(await settlesWithin(next, 2));

describe('completion$', () => {
  it('closes an upstream that has not sent a byte, when unsubscribed', async () => {
    upstream.answer(() => {});
    const received = upstream.nextRequest();
    const subscription = llm.completion$(REQUEST).subscribe();
    const request = await received;
    expect(request.body).toMatchObject({ stream: true });
    subscription.unsubscribe();
    await request.closed;
    expect(llm.stats().calls).toMatchObject({ active: 0, aborted: 1, failed: 0 });
    await isUsable();
  });

  it('sends nothing when unsubscribed at once', async () => {
    llm.completion$(REQUEST).subscribe().unsubscribe();
    await isUsable();
    expect(upstream.requests).toHaveLength(1);
  });

  it.each(UPSTREAMS)('closes an upstream that %s, when unsubscribed', async (_name, answer) => {
    upstream.answer(answer);
    const received = upstream.nextRequest();
    await new Promise<void>((resolve) => {
      const subscription = llm.completion$(REQUEST).subscribe((chunk) => {
        if (contentOf(chunk) !== 'Hello') return;
        subscription.unsubscribe();
        resolve();
      });
    });
    await (
      await received
    ).closed;
    await isUsable();
  });

  it('makes a call for each subscription, and none before', async () => {
    const chunks = llm.completion$(REQUEST);
    expect(upstream.requests).toHaveLength(0);
    for (let calls = 1; calls <= 2; calls++) {
      const texts: unknown[] = [];
      await chunks.forEach((chunk) => texts.push(contentOf(chunk)));
      expect(texts.join('')).toBe('Hello, world');
      expect(upstream.requests).toHaveLength(calls);
    }
  });

  it.each([
    ['already aborted', true],
    ['aborted later', false],
  ])('errors when its signal is %s', async (_when, before) => {
    upstream.answer(answerStalled());
    const abort = new AbortController();
    if (before) abort.abort(new Error('mine'));
    const errored = new Promise<unknown>((resolve) => {
      llm.completion$(REQUEST, { signal: abort.signal }).subscribe({
        next: () => abort.abort(new Error('mine')),
        error: resolve,
      });
    });
    const error = await errored;
    expect(error).toBeInstanceOf(APIUserAbortError);
    expect((error as Error).cause).toEqual(new Error('mine'));
    await isUsable();
  });
});

describe('a stream whose end is here and not read yet', () => {
  const open = async () => {
    upstream.answer(answerText());
    const stream = await llm.completion(STREAMED);
    await stream.next();
    while (llm.stats().calls.active > 0) await new Promise((resolve) => setImmediate(resolve));
    return stream;
  };

  it('is not passed off as whole when it is aborted', async () => {
    const stream = await open();
    stream.abort('enough');
    const error = await failureOf(stream.next());
    expect(error).toBeInstanceOf(APIUserAbortError);
    expect(await failureOf(stream.final())).toBe(error);
  });

  it('ends for a consumer that leaves, and final() has all of it', async () => {
    const stream = await open();
    await stream.return();
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
  });
});

describe('leaving late', () => {
  it('changes nothing for a stream that was read to its end', async () => {
    const stream = await llm.completion(STREAMED);
    for await (const chunk of stream) expect(chunk).toBeDefined();
    await stream.return();
    stream.abort();
    await stream[Symbol.asyncDispose]();
    expect(await stream.next()).toEqual({ value: undefined, done: true });
    expect((await stream.final()).choices[0]!.finish_reason).toBe('stop');
    expect(llm.stats().calls).toMatchObject({ succeeded: 1, aborted: 0 });
  });

  it('changes nothing for a stream that has failed', async () => {
    upstream.answer((_request, response) => {
      sendEvents(response, [eventOf(chunkOf({ content: 'Hel' }))]);
      response.end();
    });
    const stream = await llm.completion(STREAMED);
    const error = await failureOf(stream.final());
    expect(error).toBeInstanceOf(StreamInterruptedError);
    stream.abort();
    await stream.return();
    expect(await failureOf(stream.final())).toBe(error);
    expect(llm.stats().calls).toMatchObject({ failed: 1, aborted: 0 });
  });
});

it('tells the reader of a Readable whose stream was disposed of that it is not whole', async () => {
  upstream.answer(answerStalled());
  const stream = await llm.completion(STREAMED);
  const text = stream.toReadable().setEncoding('utf8').toArray();
  await stream[Symbol.asyncDispose]();
  const events = (await text).join('');
  expect(events).toMatch(/data: \{"error":\{[^\n]*"code":"aborted"[^\n]*\}\}\n\n$/);
  expect(events).not.toContain('[DONE]');
});
