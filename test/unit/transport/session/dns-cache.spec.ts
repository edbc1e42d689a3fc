import { describe, expect, it } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import { cachedLookup, LlmConfigurationError, type CachedLookup } from '../../../../lib/index.js';

const V4 = { address: '192.0.2.1', family: 4 };
const V6 = { address: '2001:db8::1', family: 6 };

function fake(answers: (LookupAddress[] | Error)[]) {
  const asked: string[] = [];
  const lookup = (
    hostname: string,
    { family }: { family?: number },
    callback: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void => {
    asked.push(`${hostname} ${family ?? 0}`);
    const answer = answers[Math.min(asked.length, answers.length) - 1]!;
    setImmediate(() => (answer instanceof Error ? callback(answer, []) : callback(null, answer)));
  };
  return { asked, lookup: lookup as never };
}

const ask = (lookup: CachedLookup, host = 'a.test', options = {}): Promise<LookupAddress[]> =>
  new Promise((resolve, reject) => {
    lookup(host, { all: true, ...options }, (error, addresses) =>
      error === null ? resolve(addresses as LookupAddress[]) : reject(error),
    );
  });

describe('cachedLookup()', () => {
  it('asks once for a name, however many want to know at once', async () => {
    const { asked, lookup } = fake([[V4, V6]]);
    const cached = cachedLookup({ ttl: 60_000, lookup });
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask(cached)));
    for (const answer of answers) expect(answer).toEqual([V4, V6]);
    expect(await ask(cached)).toEqual([V4, V6]);
    expect(asked).toEqual(['a.test 0']);
    await ask(cached, 'b.test');
    await ask(cached, 'a.test', { family: 4 });
    expect(asked).toEqual(['a.test 0', 'b.test 0', 'a.test 4']);
  });

  it('answers with one address where one is asked for', async () => {
    const cached = cachedLookup({ lookup: fake([[V6, V4]]).lookup });
    const one = await new Promise((resolve) => {
      cached('a.test', {}, (_error, address, family) => resolve({ address, family }));
    });
    expect(one).toEqual(V6);
  });

  it('drops an answer when its time is over', async () => {
    const { asked, lookup } = fake([[V4], [V6]]);
    const cached = cachedLookup({ ttl: 20, lookup });
    expect(await ask(cached)).toEqual([V4]);
    await sleep(40);
    expect(await ask(cached)).toEqual([V6]);
    expect(asked).toHaveLength(2);
  });

  it('does not keep a failure', async () => {
    const { asked, lookup } = fake([new Error('EAI_AGAIN'), [V4]]);
    const cached = cachedLookup({ ttl: 60_000, lookup });
    const both = await Promise.allSettled([ask(cached), ask(cached)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(await ask(cached)).toEqual([V4]);
    expect(asked).toHaveLength(2);
  });

  it('forgets a name, and no other', async () => {
    const { asked, lookup } = fake([[V4]]);
    const cached = cachedLookup({ ttl: 60_000, lookup });
    await ask(cached, 'a.test');
    await ask(cached, 'a.test.example');
    cached.forget('a.test');
    await ask(cached, 'a.test');
    await ask(cached, 'a.test.example');
    expect(asked).toEqual(['a.test 0', 'a.test.example 0', 'a.test 0']);
  });

  it('begins each answer with the next address, and leaves the order of the families', async () => {
    const [a, b, c] = [1, 2, 3].map((n) => ({ address: `192.0.2.${n}`, family: 4 }));
    const cached = cachedLookup({ ttl: 60_000, lookup: fake([[V6, a!, b!, c!]]).lookup });
    const answers = [await ask(cached), await ask(cached), await ask(cached), await ask(cached)];
    expect(answers).toEqual([
      [V6, a, b, c],
      [V6, b, c, a],
      [V6, c, a, b],
      [V6, a, b, c],
    ]);
  });

  it('refuses a negative time', () => {
    expect(() => cachedLookup({ ttl: -1 })).toThrow(LlmConfigurationError);
    expect(() => cachedLookup({ ttl: -1 })).toThrow('http.dnsCacheTtl');
  });
});
