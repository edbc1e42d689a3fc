import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { createClient } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { redisStore, type LeaseLimit, type QuotaStore, type RedisClient } from '../../../lib/index.js';
import {
  describeWith,
  freePort,
  isInstalled,
  run,
  startRedis,
  temporaryDirectory,
  type Daemon,
} from '../../support/daemons.js';
import { failureOf } from '../../support/llm.js';
import { callMany, ROUTED, routedLlm, startDeployments, type Deployments } from '../../support/router.js';

const directory = temporaryDirectory();
const closers: (() => unknown)[] = [];
let warned: jest.SpiedFunction<Logger['warn']>;

beforeEach(() => {
  warned = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => {});
});

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  jest.restoreAllMocks();
});

function ioredis(port: number): Redis {
  const client = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 50 });
  client.on('error', () => {});
  closers.push(() => client.disconnect());
  return client;
}

async function nodeRedis(port: number): Promise<RedisClient> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on('error', () => {});
  await client.connect();
  closers.push(() => client.destroy());
  return client;
}

let names = 0;
const quotaName = () => `q${++names}`;
/** Of a bucket that does not fill while a test runs. */
const limit = (name: string, want: number, least = 1, capacity = 100): LeaseLimit => ({
  name,
  want,
  least,
  capacity,
  perMs: 1e-9,
});

function keepsTheContract(storeOf: () => QuotaStore | Promise<QuotaStore>): void {
  let store: QuotaStore;
  beforeEach(async () => {
    store = await storeOf();
  });

  it('grants no more than there is, however many ask', async () => {
    const quota = quotaName();
    const leases = await Promise.all(
      Array.from({ length: 40 }, () => store.lease(quota, [limit('requests', 7)])),
    );
    expect(leases.reduce((sum, { granted }) => sum + granted[0]!, 0)).toBe(100);
    expect(leases.filter(({ waitMs }) => waitMs > 0).length).toBeGreaterThan(20);
  });

  it('grants of all limits or of none', async () => {
    const quota = quotaName();
    await store.lease(quota, [limit('requests', 1), limit('tokens', 90, 90)]);
    const refused = await store.lease(quota, [limit('requests', 50, 50), limit('tokens', 50, 50)]);
    expect(refused.granted).toEqual([0, 0]);
    expect(refused.waitMs).toBeGreaterThan(0);
    expect((await store.lease(quota, [limit('requests', 99, 99)])).granted).toEqual([99]);
  });

  it('grants more than there can be on a full bucket, once', async () => {
    const quota = quotaName();
    expect((await store.lease(quota, [limit('tokens', 500, 500)])).granted).toEqual([500]);
    expect((await store.lease(quota, [limit('tokens', 1)])).granted).toEqual([0]);
  });

  it('takes back no more than fits', async () => {
    const quota = quotaName();
    await store.lease(quota, [limit('tokens', 60, 60)]);
    await store.giveBack(quota, [{ name: 'tokens', amount: 500, capacity: 100 }]);
    expect((await store.lease(quota, [limit('tokens', 1000)])).granted).toEqual([100]);
  });
}

for (const program of ['redis-server', 'valkey-server'] as const) {
  // Not every Debian has Valkey.
  const describeServer =
    program === 'redis-server' || isInstalled(program)
      ? (block: () => void) => describeWith([program], `redisStore on ${program}`, block)
      : () =>
          describe(`redisStore on ${program}`, () =>
            it.skip(`needs ${program}, which this Debian lacks`, () => {}));
  describeServer(() => {
    let server: Daemon;
    beforeAll(async () => {
      server = await startRedis(program, directory, await freePort());
    });
    it('goes on after the server has forgotten its scripts', async () => {
      const client = ioredis(server.port);
      const store = redisStore(client);
      const quota = quotaName();
      for (const granted of [60, 40]) {
        await client.script('FLUSH');
        expect((await store.lease(quota, [limit('requests', 60)])).granted).toEqual([granted]);
      }
    });
    describe('with ioredis', () => keepsTheContract(() => redisStore(ioredis(server.port))));
    describe('with node-redis', () => keepsTheContract(async () => redisStore(await nodeRedis(server.port))));
  });
}

describeWith(['redis-server', 'redis-cli'], 'redisStore on a cluster of three', () => {
  let ports: number[];
  beforeAll(async () => {
    ports = [await freePort(), await freePort(), await freePort()];
    for (const port of ports) {
      await startRedis('redis-server', directory, port, [
        '--cluster-enabled',
        'yes',
        '--cluster-port',
        String(await freePort()),
        '--cluster-config-file',
        `nodes-${port}.conf`,
      ]);
    }
    const nodes = ports.map((port) => `127.0.0.1:${port}`);
    run('redis-cli', ['--cluster', 'create', ...nodes, '--cluster-yes']);
  });
  keepsTheContract(async () => {
    const cluster = new Cluster(
      ports.map((port) => ({ host: '127.0.0.1', port })),
      { clusterRetryStrategy: () => 100 },
    );
    cluster.on('error', () => {});
    closers.push(() => cluster.disconnect());
    return redisStore(cluster);
  });
});

describeWith(['redis-server'], 'a router over a shared store', () => {
  let server: Daemon;
  let places: Deployments;
  const use = async (replicas: number, count: number, rpm = 60) => {
    const made: ReturnType<typeof routedLlm>[] = [];
    for (let index = 0; index < count; index++) {
      const client = ioredis(server.port);
      await client.ping();
      const llm = routedLlm([places.entry('a', { rpm })], { replicas, store: redisStore(client) });
      closers.push(() => llm.close());
      made.push(llm);
    }
    return made;
  };

  beforeEach(async () => {
    server = await startRedis('redis-server', directory, await freePort());
    places = await startDeployments();
    closers.push(() => places.close());
  });

  afterEach(async () => {
    server.signal('SIGCONT');
    await server.stop();
  });

  it('keeps processes together to one limit, however uneven they are', async () => {
    const [busy, idle] = await use(2, 2);
    const { answered } = await callMany(busy!, 50);
    expect(answered['a']).toBeGreaterThanOrEqual(48);
    const rest = await callMany(idle!, 50);
    expect(answered['a']! + (rest.answered['a'] ?? 0)).toBeLessThanOrEqual(63);
    expect((await failureOf(idle!.completion(ROUTED))).retryAfterMs).toBeGreaterThan(0);
  });

  it('asks for a lease and not for each call', async () => {
    const client = ioredis(server.port);
    const [llm] = await use(1, 1, 60_000);
    await llm!.completion(ROUTED);
    await client.config('RESETSTAT');
    await callMany(llm!, 400);
    const [, calls = '0'] = /cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats')) ?? [];
    expect(Number(calls)).toBeLessThanOrEqual(40);
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'goes on by its own part of the limits after a %s of the server, and says so once',
    async (signal) => {
      const [llm] = await use(3, 1);
      await llm!.completion(ROUTED);
      server.signal(signal);
      const { answered, failed } = await callMany(llm!, 60);
      expect(answered['a']).toBeGreaterThanOrEqual(20);
      // What was leased before, and a third of the limit.
      expect(answered['a']).toBeLessThanOrEqual(25);
      expect(failed['RateLimitError']).toBeGreaterThan(0);
      expect(warned.mock.calls.flat().join('\n')).toMatch(/store of the quotas does not answer/);
      expect(warned.mock.calls.filter(([message]) => /does not answer/.test(String(message)))).toHaveLength(
        1,
      );
      expect(llm!.stats().router!['chat']![0]!.inFlight).toBe(0);
    },
  );
});
