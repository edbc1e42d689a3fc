import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import type { HttpDispatchController, HttpDispatchHandler, HttpSession } from '../../../lib/index.js';
import { FakeHttpSession } from '../../../lib/testing/index.js';

/** A session, and how to have it answer with these pieces, or with none. */
interface Subject {
  readonly session: HttpSession;
  readonly origin: string;
  close(): Promise<void>;
}

const PIECES = ['a', 'b', 'c'];

const SUBJECTS: Readonly<Record<string, () => Promise<Subject>>> = {
  "undici's Agent": async () => {
    const server: Server = createServer((request, response) => {
      if (request.url === '/silent') return;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      let at = 0;
      const next = (): void => {
        if (at === PIECES.length) return void response.end();
        response.write(PIECES[at++], () => setImmediate(next));
      };
      next();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new Agent();
    return {
      session: agent,
      origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      close: async () => {
        await agent.destroy();
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  },
  FakeHttpSession: () => {
    const session = new FakeHttpSession();
    session.on(({ path }) => path === '/silent').reply({ body: [''] }, { firstDelayMs: 1e9 });
    session.reply({ body: PIECES });
    return Promise.resolve({ session, origin: 'http://fake', close: () => session.destroy() });
  },
};

type Told = [callback: string, error?: unknown];

/** Dispatches, and tells what was called until the end. */
function run(
  { session, origin }: Subject,
  own: (controller: () => HttpDispatchController, callback: string) => void = () => {},
  path = '/stream',
): {
  told: Told[];
  over: Promise<Told[]>;
  controller: () => HttpDispatchController;
} {
  const told: Told[] = [];
  let controller: HttpDispatchController | undefined;
  let returned = false;
  let finish!: (told: Told[]) => void;
  const over = new Promise<Told[]>((resolve) => (finish = resolve));
  const tell = (callback: string): void => {
    told.push([callback]);
    own(() => controller!, callback);
  };
  const handler: HttpDispatchHandler = {
    onRequestStart(one) {
      controller = one;
      tell('start');
    },
    onResponseStart: () => tell(returned ? 'headers' : 'headers before dispatch returned'),
    onResponseData: (_controller, chunk) => tell(`data ${String(chunk)}`),
    onResponseEnd() {
      setImmediate(() => finish(told));
      tell('end');
    },
    onResponseError(_controller, error) {
      told.push(['error', error]);
      setImmediate(() => finish(told));
    },
  };
  session.dispatch(
    { origin, path, method: 'POST', headers: {}, body: '{}', headersTimeout: 0, bodyTimeout: 0 },
    handler,
  );
  returned = true;
  return { told, over, controller: () => controller! };
}

const WHOLE: Told[] = [['start'], ['headers'], ['data a'], ['data b'], ['data c'], ['end']];
const BOOM = new Error('boom');

describe.each(Object.keys(SUBJECTS))('%s', (name) => {
  let subject: Subject;
  beforeEach(async () => {
    subject = await SUBJECTS[name]!();
  });
  afterEach(() => subject.close());

  const throwIn = (callback: string) => (_controller: unknown, at: string) => {
    if (at === callback) throw BOOM;
  };
  const abortIn = (callback: string) => (controller: () => HttpDispatchController, at: string) => {
    if (at === callback) controller().abort(BOOM);
  };

  it('calls back in order, and ends once', async () => {
    expect(await run(subject).over).toEqual(WHOLE);
    expect(await run(subject).over).toEqual(WHOLE);
  });

  it.each([
    ['start', 1],
    ['headers', 2],
    ['data b', 4],
  ])('gives what %s throws to onResponseError, and goes on serving', async (callback, count) => {
    const told = await run(subject, throwIn(callback)).over;
    expect(told.slice(0, -1)).toEqual(WHOLE.slice(0, count));
    expect(told.at(-1)).toEqual(['error', BOOM]);
    expect(told.at(-1)![1]).toBe(BOOM);
    expect(await run(subject).over).toEqual(WHOLE);
  });

  it.each([
    ['headers', 2],
    ['data b', 4],
  ])('answers an abort in %s by its reason, and by nothing else', async (callback, count) => {
    const { over, controller } = run(subject, abortIn(callback));
    const told = await over;
    expect(told.slice(0, -1)).toEqual(WHOLE.slice(0, count));
    expect(told.at(-1)![1]).toBe(BOOM);
    expect(controller().aborted).toBe(true);
    expect(controller().reason).toBe(BOOM);
    controller().abort(new Error('again'));
    expect(told).toHaveLength(count + 1);
  });

  it('answers an abort while it waits for the response', async () => {
    let started!: () => void;
    const onConnection = new Promise<void>((resolve) => (started = resolve));
    const { over, controller } = run(subject, () => started(), '/silent');
    await onConnection;
    await new Promise(setImmediate);
    controller().abort(BOOM);
    expect(await over).toEqual([['start'], ['error', BOOM]]);
  });

  it('brings no data between pause and resume', async () => {
    const { told, over, controller } = run(subject, (own, at) => {
      if (at === 'data a') own().pause();
    });
    while (controller()?.paused !== true) await new Promise(setImmediate);
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
    expect(told).toEqual(WHOLE.slice(0, 3));
    controller().resume();
    expect(await over).toEqual(WHOLE);
  });

  it('does nothing about an abort after the end', async () => {
    const { over, controller } = run(subject);
    const told = await over;
    controller().abort(BOOM);
    await new Promise(setImmediate);
    expect(told).toEqual(WHOLE);
  });

  it('tells onResponseError of a closed session, and does not throw', async () => {
    await subject.session.close();
    const [[callback, error]] = (await run(subject).over) as [Told];
    expect(callback).toBe('error');
    // An idle Agent is destroyed as soon as it is closed.
    expect((error as { code?: string }).code).toMatch(/^UND_ERR_(CLOSED|DESTROYED)$/);
  });

  it('ends what runs when it is destroyed', async () => {
    let started!: () => void;
    const onConnection = new Promise<void>((resolve) => (started = resolve));
    const { over } = run(subject, () => started(), '/silent');
    await onConnection;
    await new Promise(setImmediate);
    await subject.session.destroy(BOOM);
    expect((await over).map(([callback]) => callback)).toEqual(['start', 'error']);
  });
});
