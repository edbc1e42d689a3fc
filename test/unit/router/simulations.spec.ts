import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { simulate } from '../../support/router-simulation.js';

beforeAll(() => {
  jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
});

const models = (entries: Readonly<Record<string, object>>) => ({
  chat: Object.entries(entries).map(([id, more]) => ({ id, model: 'openai/m', ...more })),
});

describe('four processes without shared state', () => {
  const breaking = {
    a: { ms: 400, limit: 50 },
    b: { ms: 400, limit: 50 },
    c: { ms: 1200, limit: 50 },
    // Fails after 15 ms: to whom counts only what is in flight, the freest of all.
    d: { ms: 400, limit: 50, breaks: [8_000, 18_000] as const },
  };
  const group = models({ a: {}, b: {}, c: {}, d: {} });

  it('find out with few requests that a deployment fails fast, and use it again afterwards', async () => {
    const { calls, answered, tries, toBroken } = await simulate({
      places: breaking,
      router: { models: group },
      rate: 120,
      seconds: 30,
    });
    expect(answered).toBe(calls);
    // Three of each process before they leave it alone, those that were under way, and then a probe each from time to time.
    expect(toBroken).toBeLessThan(60);
    expect(toBroken).toBeGreaterThanOrEqual(12);
    expect(tries['d']! - toBroken).toBeGreaterThan(0.1 * calls);
    expect(Object.values(tries).reduce((sum, one) => sum + one)).toBeLessThan(1.02 * calls);
  });

  it('keep conversations warm, and move only those of the one that fails', async () => {
    const { calls, warm, moved } = await simulate({
      places: breaking,
      router: { models: group },
      rate: 120,
      seconds: 30,
      sessions: 100,
      affinity: true,
    });
    expect(warm).toBeGreaterThan(0.9 * calls);
    // A quarter are at the one that fails.
    expect(moved.size).toBeLessThan(45);
    const before = await simulate({
      places: { ...breaking, d: { ms: 400, limit: 50 } },
      router: { models: group },
      rate: 60,
      seconds: 10,
      sessions: 100,
      affinity: true,
    });
    expect(before.moved.size).toBe(0);
  });

  const limited = {
    a: { ms: 400, limit: 60 },
    b: { ms: 400, limit: 60 },
    c: { ms: 400, limit: 10 },
    d: { ms: 400, limit: 10 },
  };

  it('never cascade over limits that the weights know', async () => {
    const {
      calls,
      answered,
      limited: refused,
    } = await simulate({
      places: limited,
      router: { models: models({ a: { weight: 6 }, b: { weight: 6 }, c: {}, d: {} }) },
      rate: 120,
      seconds: 30,
    });
    expect(refused).toBeLessThan(0.03 * calls);
    expect(answered).toBeGreaterThan(0.99 * calls);
  });

  it('that reserve their part ask for no 429 at all', async () => {
    const perMinute = (perSecond: number) => ({ rpm: perSecond * 60 });
    const { limited: refused, tries } = await simulate({
      // The bucket of the simulation holds a second, that of the router a minute.
      places: Object.fromEntries(
        Object.entries(limited).map(([id, place]) => [id, { ...place, limit: place.limit * 60 }]),
      ),
      router: {
        replicas: 4,
        models: models({ a: perMinute(60), b: perMinute(60), c: perMinute(10), d: perMinute(10) }),
      },
      rate: 120,
      seconds: 20,
    });
    expect(refused).toBe(0);
    expect(tries['a']! / tries['c']!).toBeGreaterThan(4);
  });
});
