import { createHash } from 'node:crypto';
import type { Lease, LeaseLimit, QuotaStore, ReturnedPart } from './quota-store.interface.js';

type Argument = string | number;

/**
 * What is used of a client of Redis or Valkey: ioredis, iovalkey or node-redis, of a server or a cluster. It stays the
 * application's.
 *
 * @publicApi
 */
export type RedisClient =
  | {
      evalsha(sha: string, keys: number, ...values: Argument[]): Promise<unknown>;
      eval(script: string, keys: number, ...values: Argument[]): Promise<unknown>;
    }
  | {
      evalSha(sha: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
      eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
    };

/** @publicApi */
export interface RedisStoreOptions {
  /** What the keys begin with. Default `nestjs-llm:quota:`. */
  prefix?: string | undefined;
}

/** Two of the longest fill, and never less than this: a key that is gone is a full bucket. */
const LEAST_TTL_MS = 120_000;

/**
 * All limits of a quota are in one hash: one key, so one slot of a cluster, and all or none are granted. The clock is the
 * server's. Nothing is written on a refusal.
 */
const LEASE = script(`
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local set, granted, wait, ttl = {}, {}, 0, tonumber(ARGV[1])
for i = 2, #ARGV, 5 do
  local name, want, least, cap, rate = ARGV[i], tonumber(ARGV[i+1]), tonumber(ARGV[i+2]), tonumber(ARGV[i+3]), tonumber(ARGV[i+4])
  local held = redis.call('HMGET', KEYS[1], name, name .. ':at')
  local level, at = tonumber(held[1]) or cap, tonumber(held[2]) or now
  if now > at then level = math.min(cap, level + (now - at) * rate) end
  local need = math.min(least, cap)
  if level < need then wait = math.max(wait, math.ceil((need - level) / rate)) end
  local got = math.max(least, math.min(want, math.floor(level)))
  granted[#granted+1] = got
  set[#set+1] = name; set[#set+1] = tostring(level - got); set[#set+1] = name .. ':at'; set[#set+1] = now
end
if wait > 0 then return {0, wait} end
redis.call('HSET', KEYS[1], unpack(set))
redis.call('PEXPIRE', KEYS[1], ttl)
return {1, 0, unpack(granted)}`);

const GIVE_BACK = script(`
for i = 1, #ARGV, 3 do
  local level = tonumber(redis.call('HGET', KEYS[1], ARGV[i]))
  if level then
    redis.call('HSET', KEYS[1], ARGV[i], tostring(math.min(tonumber(ARGV[i+2]), level + tonumber(ARGV[i+1]))))
  end
end
return 1`);

interface Script {
  readonly text: string;
  readonly sha: string;
}

function script(text: string): Script {
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/**
 * Keeps the limits of quotas in the application's own Redis or Valkey.
 *
 * ```ts
 * LlmModule.forRoot({ router: { models, store: redisStore(new Redis(url)), replicas: 3 } });
 * ```
 *
 * @publicApi
 */
export function redisStore(
  client: RedisClient,
  { prefix = 'nestjs-llm:quota:' }: RedisStoreOptions = {},
): QuotaStore {
  const run = runnerOf(client);
  return {
    async lease(quota: string, limits: readonly LeaseLimit[]): Promise<Lease> {
      const fillMs = Math.max(...limits.map(({ capacity, perMs }) => capacity / perMs));
      const ttl = Math.ceil(Math.max(LEAST_TTL_MS, 2 * fillMs));
      const values = limits.flatMap(({ name, want, least, capacity, perMs }) => [
        name,
        want,
        least,
        capacity,
        perMs,
      ]);
      const [isGranted, waitMs, ...granted] = (await run(LEASE, prefix + quota, [
        ttl,
        ...values,
      ])) as number[];
      return isGranted === 1
        ? { granted: granted.map(Number), waitMs: 0 }
        : { granted: limits.map(() => 0), waitMs: Math.max(1, Number(waitMs)) };
    },
    async giveBack(quota: string, parts: readonly ReturnedPart[]): Promise<void> {
      const values = parts.flatMap(({ name, amount, capacity }) => [name, amount, capacity]);
      await run(GIVE_BACK, prefix + quota, values);
    },
  };
}

type Runner = (script: Script, key: string, values: readonly Argument[]) => Promise<unknown>;

/** By its hash, and by its text where the server does not have it: proxies and ACLs forbid SCRIPT LOAD and functions. */
function runnerOf(client: RedisClient): Runner {
  const [bySha, byText] =
    'evalSha' in client
      ? [
          (sha: string, key: string, values: readonly Argument[]) =>
            client.evalSha(sha, { keys: [key], arguments: values.map(String) }),
          (text: string, key: string, values: readonly Argument[]) =>
            client.eval(text, { keys: [key], arguments: values.map(String) }),
        ]
      : [
          (sha: string, key: string, values: readonly Argument[]) => client.evalsha(sha, 1, key, ...values),
          (text: string, key: string, values: readonly Argument[]) => client.eval(text, 1, key, ...values),
        ];
  return async ({ text, sha }, key, values) => {
    try {
      return await bySha(sha, key, values);
    } catch (error) {
      if (!String((error as Error).message).startsWith('NOSCRIPT')) throw error;
      return byText(text, key, values);
    }
  };
}
