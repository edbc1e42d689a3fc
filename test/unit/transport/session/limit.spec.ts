import { describe, expect, it } from '@jest/globals';
import { AsyncLocalStorage } from 'node:async_hooks';
import fc from 'fast-check';
import {
  limit,
  LlmConfigurationError,
  QueueFullError,
  type LimitOptions,
  type HttpDispatchHandler,
  type HttpSession,
  type RequestTicket,
} from '../../../../lib/index.js';

/** A request as undici would have it: its callbacks are called by the test. */
interface Sent {
  readonly origin: string;
  readonly id: number;
  readonly handler: HttpDispatchHandler & { onRequestUpgrade?: (...args: unknown[]) => void };
}

const CONTROLLER = { aborted: false, paused: false, reason: null, abort() {}, pause() {}, resume() {} };

function harness(options: LimitOptions) {
  const limiter = limit(options);
  const sent: Sent[] = [];
  const ids = new WeakMap<object, number>();
  const dispatch = limiter((request, handler) => {
    sent.push({ origin: request.origin, id: ids.get(request)!, handler: handler });
    return true;
  });
  let next = 0;
  return {
    limiter,
    sent,
    active: () => limiter.stats().active,
    waiting: () => limiter.stats().waiting,
    send: (origin = 'https://a.test', handler = new Recorder()): Recorder => {
      handler.id = next++;
      const request = { origin, path: '/', method: 'POST', headers: {}, body: null } as never;
      ids.set(request, handler.id);
      dispatch(request, handler);
      return handler;
    },
  };
}

class Recorder implements HttpDispatchHandler {
  id = -1;
  readonly calls: string[] = [];
  ticket: RequestTicket | undefined;
  error: Error | undefined;

  onRequestQueued(ticket: RequestTicket): void {
    this.ticket = ticket;
    this.calls.push('queued');
  }
  onRequestAdmitted(ticket: RequestTicket): void {
    this.ticket = ticket;
    this.calls.push('admitted');
  }
  onRequestStart(): void {
    this.calls.push('start');
  }
  onResponseStart(): void {
    this.calls.push('head');
  }
  onResponseData(): void {
    this.calls.push('data');
  }
  onResponseEnd(): void {
    this.calls.push('end');
  }
  onResponseError(_controller: unknown, error: Error): void {
    this.calls.push('error');
    this.error = error;
  }
}

const end = ({ handler }: Sent) => handler.onResponseEnd(CONTROLLER, {});

describe('limit()', () => {
  it('lets as many requests through as it allows, and the rest in their order', () => {
    const { send, sent, active, waiting } = harness({ limit: 2 });
    const handlers = Array.from({ length: 5 }, () => send());
    expect(sent.map(({ id }) => id)).toEqual([0, 1]);
    expect([active(), waiting()]).toEqual([2, 3]);
    end(sent[1]!);
    end(sent[0]!);
    end(sent[2]!);
    expect(sent.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4]);
    expect([active(), waiting()]).toEqual([2, 0]);
    expect(handlers[0]!.calls).toEqual(['admitted', 'end']);
    expect(handlers[2]!.calls).toEqual(['queued', 'admitted', 'end']);
  });

  it('bounds each origin for itself', () => {
    const { send, sent } = harness({ limitPerHost: 1 });
    for (const origin of ['https://a', 'https://a', 'https://b', 'https://b']) send(origin);
    expect(sent.map(({ origin }) => origin)).toEqual(['https://a', 'https://b']);
    end(sent[1]!);
    expect(sent.at(-1)).toMatchObject({ origin: 'https://b', id: 3 });
  });

  it('gives a free place to the origin with the fewest requests in flight', () => {
    const { send, sent } = harness({ limit: 4 });
    const fast = send('https://fast');
    for (let i = 0; i < 10; i++) send('https://slow');
    for (let i = 0; i < 3; i++) send('https://fast');
    expect(sent.map(({ origin }) => origin)).toEqual([
      'https://fast',
      ...Array<string>(3).fill('https://slow'),
    ]);
    // However many of the slow one's requests wait in front, the fast one keeps its place.
    end(sent[0]!);
    expect(sent.at(-1)).toMatchObject({ origin: 'https://fast', id: 11 });
    end(sent.at(-1)!);
    expect(sent.at(-1)).toMatchObject({ origin: 'https://fast', id: 12 });
    expect(fast.calls).toEqual(['admitted', 'end']);
  });

  it('takes turns between origins that have equally many', () => {
    const { send, sent } = harness({ limit: 1 });
    send('https://z');
    for (let i = 0; i < 2; i++) for (const origin of ['https://a', 'https://b', 'https://c']) send(origin);
    for (let i = 0; i < 6; i++) end(sent[i]!);
    expect(sent.slice(1).map(({ origin }) => origin.at(-1))).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('refuses at once what the queue has no room for', () => {
    const { send, sent } = harness({ limit: 1, maxQueue: 1 });
    send();
    send();
    const refused = send();
    expect(refused.calls).toEqual(['error']);
    expect(refused.error).toBeInstanceOf(QueueFullError);
    expect(refused.error).toMatchObject({
      code: 'queue_full',
      phase: 'queue',
      maxQueue: 1,
      retryable: false,
    });
    end(sent[0]!);
    expect(send().calls).toEqual(['queued']);
  });

  it('lets nothing wait with maxQueue 0', () => {
    const { send } = harness({ limit: 1, maxQueue: 0 });
    expect(send().calls).toEqual(['admitted']);
    expect(send().error).toBeInstanceOf(QueueFullError);
  });

  it.each<[string, (sent: Sent, handler: Recorder) => void]>([
    ['its end', end],
    ['its failure', ({ handler }) => handler.onResponseError(CONTROLLER, new Error('broke'))],
    ['its failure before a connection', ({ handler }) => handler.onResponseError(null, new Error('refused'))],
    ['its upgrade', ({ handler }) => handler.onRequestUpgrade!(CONTROLLER, 101, {}, {})],
    [
      'an exception in onResponseEnd, after which undici reports an error',
      ({ handler: outer }, handler) => {
        handler.onResponseEnd = () => {
          throw new Error('consumer');
        };
        expect(() => outer.onResponseEnd(CONTROLLER, {})).toThrow('consumer');
        outer.onResponseError(CONTROLLER, new Error('consumer'));
        expect(handler.error).toMatchObject({ message: 'consumer' });
      },
    ],
    [
      'an exception in onRequestStart, after which undici reports an error',
      ({ handler: outer }, handler) => {
        handler.onRequestStart = () => {
          throw new Error('dead');
        };
        expect(() => outer.onRequestStart(CONTROLLER, null)).toThrow('dead');
        outer.onResponseError(CONTROLLER, new Error('dead'));
      },
    ],
    ['its being given up before it was on a connection', (_sent, handler) => handler.ticket!.cancel()],
  ])('gives the place back exactly once: %s', (_name, finish) => {
    const { send, sent, active } = harness({ limit: 1 });
    const handler = send();
    const [next, last] = [send(), send()];
    finish(sent[0]!, handler);
    expect([active(), next.calls, last.calls]).toEqual([1, ['queued', 'admitted'], ['queued']]);
    // A second report of the same request is not a second place.
    try {
      sent[0]!.handler.onResponseError(CONTROLLER, new Error('again'));
    } catch {
      // Not what this is about.
    }
    handler.ticket!.cancel();
    expect([active(), last.calls]).toEqual([1, ['queued']]);
  });

  it('gives the place back when dispatch() throws', () => {
    const limiter = limit({ limit: 1 });
    const dispatch = limiter(() => {
      throw new Error('invalid');
    });
    const request = { origin: 'https://a' } as never;
    expect(() => dispatch(request, new Recorder())).toThrow('invalid');
    expect(limiter.stats().active).toBe(0);
  });

  it('reports what dispatch() throws to a request that had waited', () => {
    const limiter = limit({ limit: 1 });
    const sent: HttpDispatchHandler[] = [];
    let open = true;
    const dispatch = limiter((_request, handler) => {
      if (!open) throw new Error('destroyed');
      sent.push(handler);
      return true;
    });
    const request = { origin: 'https://a' } as never;
    dispatch(request, new Recorder());
    const waiting = Array.from({ length: 5000 }, () => new Recorder());
    for (const handler of waiting) dispatch(request, handler);
    open = false;
    // One after the other, and not inside of each other: that would end the stack.
    sent[0]!.onResponseEnd(CONTROLLER, {});
    for (const handler of waiting) expect(handler.error).toMatchObject({ message: 'destroyed' });
    expect(limiter.stats()).toMatchObject({ active: 0, waiting: 0 });
  });

  it('takes a request out of the queue at once, and calls it no more', () => {
    const { send, sent, waiting } = harness({ limit: 1 });
    send();
    const [given, next] = [send(), send()];
    given.ticket!.cancel();
    given.ticket!.cancel();
    expect(waiting()).toBe(1);
    end(sent[0]!);
    expect(given.calls).toEqual(['queued']);
    expect(next.calls).toEqual(['queued', 'admitted']);
  });

  it('drops a request that was given up when undici comes to it, without a word to its handler', () => {
    const { send, sent } = harness({ limit: 1 });
    const handler = send();
    handler.ticket!.cancel();
    expect(() => sent[0]!.handler.onRequestStart(CONTROLLER, null)).toThrow('given up');
    sent[0]!.handler.onResponseError(CONTROLLER, new Error('given up'));
    expect(handler.calls).toEqual(['admitted']);
  });

  it('cannot give up what is on a connection already', () => {
    const { send, sent, active } = harness({ limit: 1 });
    const handler = send();
    sent[0]!.handler.onRequestStart(CONTROLLER, null);
    handler.ticket!.cancel();
    expect(active()).toBe(1);
  });

  it('keeps the async context of a request that waits', () => {
    const { send, sent } = harness({ limit: 1 });
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const handler = new Recorder();
    handler.onRequestAdmitted = () => seen.push(storage.getStore());
    storage.run('first', () => send());
    storage.run('second', () => send('https://a.test', handler));
    storage.run('first', () => end(sent[0]!));
    expect(seen).toEqual(['second']);
  });

  it('is one limit for all dispatchers that it is composed over', () => {
    const limiter = limit({ limit: 1 });
    const sent: string[] = [];
    const of = (name: string): HttpSession['dispatch'] =>
      limiter(() => {
        sent.push(name);
        return true;
      });
    const [a, b] = [of('a'), of('b')];
    a({ origin: 'https://a' } as never, new Recorder());
    b({ origin: 'https://b' } as never, new Recorder());
    expect(sent).toEqual(['a']);
  });

  it.each([
    [{ limit: 0 }, 'http.limit '],
    [{ limit: -1 }, 'http.limit '],
    [{ limitPerHost: 1.5 }, 'http.limitPerHost'],
    [{ maxQueue: -1 }, 'http.maxQueue'],
    [{ limit: NaN }, 'http.limit '],
  ])('refuses %j', (options, name) => {
    expect(() => limit(options)).toThrow(LlmConfigurationError);
    expect(() => limit(options)).toThrow(name);
  });

  it('keeps its bounds, its order and every place, whatever happens in whatever order', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('send' as const), host: fc.nat({ max: 3 }) }),
      fc.record({ kind: fc.constantFrom('start', 'end', 'fail', 'cancel'), at: fc.nat({ max: 50 }) }),
    );
    fc.assert(
      fc.property(
        fc.record({ limit: fc.integer({ min: 1, max: 4 }), limitPerHost: fc.integer({ min: 1, max: 3 }) }),
        fc.array(step, { maxLength: 120 }),
        ({ limit: total, limitPerHost }, steps) => {
          const { send, sent, limiter } = harness({ limit: total, limitPerHost });
          const handlers: Recorder[] = [];
          const over = new Set<number>();
          const started = new Set<number>();
          for (const one of steps) {
            if (one.kind === 'send') handlers.push(send(`https://${one.host}`));
            else if (handlers.length > 0) {
              const id = one.at % handlers.length;
              const it = sent.find((request) => request.id === id);
              if (one.kind === 'cancel') {
                if (!over.has(id) && !started.has(id)) over.add(id);
                handlers[id]!.ticket!.cancel();
              } else if (it !== undefined && !over.has(id)) {
                if (one.kind === 'start') {
                  started.add(id);
                  it.handler.onRequestStart(CONTROLLER, null);
                } else {
                  over.add(id);
                  if (one.kind === 'end') end(it);
                  else it.handler.onResponseError(null, new Error('failed'));
                }
              }
            }
            const inFlight = sent.filter(({ id }) => !over.has(id));
            const waiting = handlers.filter(({ id }) => !over.has(id) && !sent.some((r) => r.id === id));
            const { active, waiting: queued, hosts } = limiter.stats();
            expect(active).toBe(inFlight.length);
            expect(queued).toBe(waiting.length);
            expect(active).toBeLessThanOrEqual(total);
            for (const host of hosts.values()) expect(host.active).toBeLessThanOrEqual(limitPerHost);
            // Nobody waits for a place that is free.
            if (active < total) {
              for (const host of hosts.values()) {
                if (host.waiting > 0) expect(host.active).toBe(limitPerHost);
              }
            }
          }
          // Of one host, in the order in which they came.
          for (const host of new Set(sent.map(({ origin }) => origin))) {
            const ids = sent.filter(({ origin }) => origin === host).map(({ id }) => id);
            expect(ids).toEqual(ids.toSorted((a, b) => a - b));
          }
        },
      ),
    );
  });
});
