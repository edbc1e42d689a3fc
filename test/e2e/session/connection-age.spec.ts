import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { createHttpSession, SessionClosedError } from '../../../lib/index.js';
import { describeWith, startTinyproxy, temporaryDirectory, type Daemon } from '../../support/daemons.js';
import { failureOf, REQUEST, STREAMED } from '../../support/llm.js';
import { closeLlms, openLlm } from '../../support/session-llm.js';
import {
  answerStalled,
  answerText,
  eventsOf,
  sendEvents,
  startUpstream,
  type Answer,
  type Upstream,
} from '../../support/upstream.js';

/** Milliseconds; a test waits until it is over. */
const AGE = 20;

let upstream: Upstream;
let other: Upstream;

beforeEach(async () => {
  upstream = await startUpstream();
  other = await startUpstream();
});

afterEach(async () => {
  await closeLlms();
  await Promise.all([upstream.close(), other.close()]);
});

/** Sends the first half of a stream; the rest when `finish()` is called. */
function halfway(): { answer: Answer; finish: () => void } {
  const answer: Answer = (_request, response) => {
    const events = eventsOf(['a', 'b']);
    sendEvents(response, events.slice(0, 2));
    stream.finish = () => {
      sendEvents(response, events.slice(2));
      response.end();
    };
  };
  const stream = { answer, finish: () => {} };
  return stream;
}

describe('http.maxConnectionAge', () => {
  it('gives calls to each host a new connection when theirs is too old, and closes that', async () => {
    const { llm } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    for (const host of [upstream, other]) {
      await llm.completion(REQUEST, { baseURL: host.baseURL });
    }
    await sleep(AGE);
    for (const host of [upstream, other]) {
      await llm.completion(REQUEST, { baseURL: host.baseURL });
      expect(host.accepted()).toBe(2);
      await host.requests[0]!.closed;
    }
    expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({
      requests: 2,
      opened: 2,
      reused: 0,
      busy: 0,
    });
  });

  it('keeps a connection until then', async () => {
    const { llm } = await openLlm({ maxConnectionAge: 60_000 }, upstream.baseURL);
    await llm.warmUp();
    for (let call = 0; call < 5; call++) {
      // undici has its connection back a turn later.
      await turn();
      await llm.completion(REQUEST);
    }
    expect(upstream.accepted()).toBe(1);
    expect(llm.stats().session!.origins[upstream.origin]).toMatchObject({ open: 1, opened: 1 });
  });

  it('lets go of a connection that nobody asks for any more', async () => {
    const { llm } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    await llm.completion(REQUEST);
    await upstream.requests[0]!.closed;
  });

  it('cuts no stream: its connection is closed at its end', async () => {
    const stream = halfway();
    upstream.answer(stream.answer);
    const { llm } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    const opened = await llm.completion(STREAMED);
    upstream.answer(answerText());
    await sleep(AGE);
    await llm.completion(REQUEST);
    await sleep(AGE);
    await llm.completion(REQUEST);
    expect(upstream.accepted()).toBe(3);
    expect(upstream.sockets).toContain(upstream.requests[0]!.socket);
    stream.finish();
    expect((await opened.final()).choices[0]!.message.content).toBe('ab');
    await upstream.requests[0]!.closed;
    expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
  });

  it('serves every call of a queue behind one place', async () => {
    const { llm } = await openLlm({ maxConnectionAge: 1, limitPerHost: 1 }, upstream.baseURL);
    upstream.answer(async (request, response) => {
      await sleep(2);
      await answerText()(request, response);
    });
    await Promise.all(Array.from({ length: 20 }, () => llm.completion(REQUEST)));
    expect(upstream.accepted()).toBeGreaterThan(10);
    expect(llm.stats().session).toMatchObject({
      active: 0,
      queued: 0,
      origins: { [upstream.origin]: { requests: 20 } },
    });
  });

  it('gives up calls that are left, and counts them out', async () => {
    const { llm } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    upstream.answer(answerStalled());
    const leaving = new AbortController();
    const left = failureOf(llm.completion(REQUEST, { signal: leaving.signal }));
    const request = await upstream.nextRequest();
    leaving.abort();
    await left;
    await request.closed;
    upstream.answer(answerText());
    await sleep(AGE);
    await llm.completion(REQUEST);
    expect(llm.stats().session).toMatchObject({ active: 0, queued: 0 });
  });

  it('has streams on earlier connections end with the session', async () => {
    upstream.answer(halfway().answer);
    const { llm, session } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    const streams = [await llm.completion(STREAMED)];
    await sleep(AGE);
    streams.push(await llm.completion(STREAMED));
    expect(upstream.accepted()).toBe(2);
    const failures = streams.map((stream) => failureOf(stream.final()));
    await session.destroy(new Error('over'));
    expect(session.destroyed).toBe(true);
    for (const failure of failures) expect(await failure).toMatchObject({ name: 'StreamInterruptedError' });
    await Promise.all(upstream.requests.map(({ closed }) => closed));
    expect(await failureOf(llm.completion(REQUEST))).toBeInstanceOf(SessionClosedError);
  });

  it('closes when what runs has ended, and takes nothing more', async () => {
    const stream = halfway();
    upstream.answer(stream.answer);
    const { llm, session } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    const opened = await llm.completion(STREAMED);
    await sleep(AGE);
    upstream.answer(answerText());
    await llm.completion(REQUEST);
    const closed = session.close();
    expect(session.closed).toBe(true);
    expect(await failureOf(llm.completion(REQUEST))).toBeInstanceOf(SessionClosedError);
    stream.finish();
    expect((await opened.final()).choices[0]!.message.content).toBe('ab');
    await closed;
    await Promise.all(upstream.requests.map((request) => request.closed));
  });

  it('goes with replaceSession(), which frees the earlier session when its last stream has ended', async () => {
    const stream = halfway();
    upstream.answer(stream.answer);
    const { llm, handler, session } = await openLlm({ maxConnectionAge: AGE }, upstream.baseURL);
    const opened = await llm.completion(STREAMED);
    await sleep(AGE);
    upstream.answer(answerText());
    await llm.completion(REQUEST);
    const next = await createHttpSession({ proxy: false, maxConnectionAge: AGE });
    const replaced = handler.replaceSession(next);
    await llm.completion(REQUEST);
    stream.finish();
    expect((await opened.final()).choices[0]!.message.content).toBe('ab');
    await replaced;
    await session.destroy();
    await next.destroy();
    await Promise.all(upstream.requests.map((request) => request.closed));
  });

  describeWith(['tinyproxy'], 'with a proxy', () => {
    const directory = temporaryDirectory();
    let proxy: Daemon;

    beforeEach(async () => {
      proxy = await startTinyproxy(directory);
    });
    afterEach(() => proxy.stop());

    it('renews the connections behind it', async () => {
      const url = `http://127.0.0.1:${proxy.port}`;
      const { llm } = await openLlm({ maxConnectionAge: AGE, proxy: url }, upstream.baseURL);
      await llm.completion(REQUEST);
      await sleep(AGE);
      await llm.completion(REQUEST);
      expect(upstream.accepted()).toBe(2);
      await upstream.requests[0]!.closed;
    });
  });
});
