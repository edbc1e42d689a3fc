import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Bucket } from '../../../lib/quotas/bucket.js';
import { PlacedAttempt } from '../../../lib/middleware/router/attempt.js';
import { Place } from '../../../lib/middleware/router/place.js';
import { Quota } from '../../../lib/middleware/router/quota.js';
import { score } from '../../../lib/middleware/router/rendezvous.js';
import { verdictOf } from '../../../lib/middleware/router/verdict.js';
import type { PlacedTarget } from '../../../lib/deployments/deployments.js';
import {
  APIUserAbortError,
  BadRequestError,
  InternalServerError,
  RateLimitError,
  type LlmError,
} from '../../../lib/index.js';

const target = { deployment: { provider: 'openai' }, model: 'm' } as unknown as PlacedTarget;

describe('a bucket', () => {
  it('holds no more than its capacity and gives out no more than it has filled with', () => {
    const steps = fc.array(fc.record({ after: fc.nat(5_000), take: fc.nat(200), back: fc.nat(200) }));
    fc.assert(
      fc.property(steps, (list) => {
        const bucket = new Bucket(100, 0.01, 0);
        let now = 0;
        let given = 0;
        for (const { after, take, back } of list) {
          now += after;
          if (bucket.waitFor(take, now) > 0) continue;
          bucket.take(take, now);
          const unspent = Math.min(take, back);
          bucket.giveBack(unspent, now);
          given += take - unspent;
          expect(bucket.level(now)).toBeLessThanOrEqual(100);
          expect(given).toBeLessThanOrEqual(100 + now * 0.01 + 200 + 1e-6);
        }
      }),
    );
  });

  it('tells the wait after which there is room, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 100 }), (spent, wanted) => {
        const bucket = new Bucket(100, 0.05, 0);
        bucket.take(spent, 0);
        const wait = bucket.waitFor(wanted, 0);
        expect(bucket.waitFor(wanted, wait + 1e-6)).toBe(0);
        if (wait > 0) expect(new Bucket(100, 0.05, 0).waitFor(wanted, 0)).toBe(0);
      }),
    );
  });

  it('lets something larger than itself through when it is full, once', () => {
    const bucket = new Bucket(100, 0.1, 0);
    expect(bucket.waitFor(500, 0)).toBe(0);
    bucket.take(500, 0);
    expect(bucket.level(0)).toBe(-400);
    expect(bucket.waitFor(1, 0)).toBeCloseTo(4010);
  });
});

/** How an attempt ends, and what is left taken of it for good: of a reservation of `reserved`. */
const ENDINGS = {
  answer: (attempt: PlacedAttempt) =>
    attempt.succeeded(
      { prompt_tokens: 30, completion_tokens: 12, prompt_tokens_details: { cached_tokens: 10 } },
      0,
    ),
  withoutUsage: (attempt: PlacedAttempt) => attempt.succeeded(undefined, 0),
  left: (attempt: PlacedAttempt) => attempt.left(0),
  aborted: fails(new APIUserAbortError('x', { phase: 'body' })),
  abortedBefore: fails(new APIUserAbortError('x', { phase: 'connect' })),
  limited: fails(new RateLimitError('x', { status: 429, retryAfterMs: 1 })),
  broken: fails(new InternalServerError('x', { status: 503 })),
  refused: fails(new BadRequestError('x', { status: 400 })),
  unsent: fails(new BadRequestError('x', { phase: 'request' })),
};
const KEPT = new Set<keyof typeof ENDINGS>(['withoutUsage', 'left', 'aborted']);

function fails(error: LlmError) {
  return (attempt: PlacedAttempt) => attempt.failed(error, verdictOf(error), 0, 0);
}

describe('a settlement', () => {
  it('is exact after any mix of outcomes, in any order, told once or twice', () => {
    const ending = fc.constantFrom(...(Object.keys(ENDINGS) as (keyof typeof ENDINGS)[]));
    const call = fc.record({ ending, input: fc.nat(500), output: fc.nat(500), twice: fc.boolean() });
    fc.assert(
      fc.property(fc.array(call, { maxLength: 50 }), fc.infiniteStream(fc.nat()), (calls, order) => {
        // What fills does not show in an exact sum.
        const tokens = new Bucket(1e9, 0, 0);
        const requests = new Bucket(1e6, 0, 0);
        const quota = new Quota('q', { tokens, requests }, Infinity);
        const place = new Place('a', 'openai/m', target, quota);
        const open = calls.map((one) => ({
          ...one,
          attempt: new PlacedAttempt(place, one, { bytes: 0, maxOutput: 0 }, 0),
        }));
        expect(place.inFlight).toBe(calls.length);
        let spent = 0;
        let sent = 0;
        while (open.length > 0) {
          const [one] = open.splice(order.next().value! % open.length, 1);
          ENDINGS[one!.ending](one!.attempt);
          if (one!.twice) one!.attempt.left(0);
          if (one!.ending === 'answer') spent += 32;
          if (KEPT.has(one!.ending)) spent += one!.input + one!.output;
          if (!['unsent', 'abortedBefore'].includes(one!.ending)) sent++;
        }
        expect(1e9 - tokens.level(0)).toBe(spent);
        expect(1e6 - requests.level(0)).toBe(sent);
        expect(place.inFlight).toBe(0);
        expect(quota.inFlight).toBe(0);
      }),
    );
  });
});

describe('a cooldown', () => {
  const placed = () => new Place('a', 'openai/m', target, new Quota('q', {}, Infinity));
  const cost = { input: 1, output: 1 };
  const size = { bytes: 0, maxOutput: 0 };
  const fail = (place: Place, error: LlmError, beganAt: number, now: number) =>
    new PlacedAttempt(place, cost, size, beganAt).failed(error, verdictOf(error), now, 0);
  const broken = new InternalServerError('x', { status: 503 });

  it('is never shortened by a later one', () => {
    const place = placed();
    fail(place, new RateLimitError('x', { status: 429, retryAfterMs: 60_000 }), 0, 10);
    fail(place, new RateLimitError('x', { status: 429, retryAfterMs: 1_000 }), 0, 20);
    expect(place.quota.waitFor(cost, 20)).toBe(59_990);
    fail(place, new RateLimitError('x', { status: 429, retryAfterMs: 90_000 }), 0, 30);
    expect(place.quota.waitFor(cost, 30)).toBe(90_000);
  });

  it('begins with the third failure in a row, and doubles to a minute', () => {
    const place = placed();
    for (let index = 0; index < 2; index++) expect(fail(place, broken, 0, 0)).toBeUndefined();
    let now = 0;
    for (const ms of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
      expect(fail(place, broken, now, now)).toEqual({ ms, reason: 'InternalServerError 503' });
      expect(place.brokenFor(now)).toBe(ms);
      now += ms;
    }
  });

  it('is not touched by what began before it', () => {
    const place = placed();
    const long = new PlacedAttempt(place, cost, size, 0);
    const late = new PlacedAttempt(place, cost, size, 0);
    for (let index = 0; index < 3; index++) fail(place, broken, 0, 10);
    long.succeeded(undefined, 20);
    expect(place.failures).toBe(3);
    late.failed(broken, 'broken', 20, 0);
    expect(place.failures).toBe(3);
  });

  it('ends with one probe at a time, which response headers end', () => {
    const place = placed();
    for (let index = 0; index < 3; index++) fail(place, broken, 0, 0);
    const probe = new PlacedAttempt(place, cost, size, 6_000);
    expect(place.probing).toBe(true);
    probe.answered();
    expect(place.probing).toBe(false);
    probe.succeeded(undefined, 6_001);
    expect(place.failures).toBe(0);
    expect(place.reason).toBeUndefined();
  });

  it('of a probe that is aborted leaves the next call to probe', () => {
    const place = placed();
    for (let index = 0; index < 3; index++) fail(place, broken, 0, 0);
    new PlacedAttempt(place, cost, size, 6_000).left(6_001);
    expect(place.probing).toBe(false);
    expect(new PlacedAttempt(place, cost, size, 6_002).isSettled).toBe(false);
    expect(place.probing).toBe(true);
  });
});

describe('affinity', () => {
  const ids = ['a', 'b', 'c', 'd'];
  const bestOf = (key: string, among: readonly string[], weights: Readonly<Record<string, number>> = {}) =>
    among.toSorted((one, other) => {
      const of = (id: string) =>
        score(key, new Place(id, '', target, new Quota('', {}, 1)).seed, weights[id] ?? 1);
      return of(other) - of(one);
    })[0]!;

  it('moves only the keys of the one that leaves', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...ids), (key, leaving) => {
        const before = bestOf(key, ids);
        const after = bestOf(
          key,
          ids.filter((id) => id !== leaving),
        );
        if (before !== leaving) expect(after).toBe(before);
      }),
    );
  });

  it('shares the keys by weight', () => {
    const counts: Record<string, number> = {};
    for (let index = 0; index < 4000; index++) {
      const at = bestOf(`session-${index}`, ids, { a: 5 });
      counts[at] = (counts[at] ?? 0) + 1;
    }
    expect(counts['a']! / 4000).toBeCloseTo(5 / 8, 1);
    for (const id of ['b', 'c', 'd']) expect(counts[id]! / 4000).toBeCloseTo(1 / 8, 1);
  });
});
