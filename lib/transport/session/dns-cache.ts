import {
  lookup as systemLookup,
  type LookupAddress,
  type LookupAllOptions,
  type LookupOptions,
} from 'node:dns';
import { LlmConfigurationError } from '../../errors/errors.js';

/** Names that are kept at most; far more than an application calls. */
const MAX_ENTRIES = 1000;

/** 10 s: aiohttp's default. A change of the DNS is noticed soon, and a burst of new connections asks once. */
export const DEFAULT_DNS_CACHE_TTL = 10_000;

type Callback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

type LookupAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** @publicApi */
export interface CachedLookupOptions {
  /** Milliseconds that an answer is kept. Default 10,000. */
  ttl?: number | undefined;
  /** Asks the DNS. Default `dns.lookup`. */
  lookup?: LookupAll | undefined;
}

/**
 * For the `lookup` of undici's connect options.
 *
 * @publicApi
 */
export interface CachedLookup {
  (hostname: string, options: LookupOptions, callback: Callback): void;
  /** Drops what is known of a name, as is right when no connection came about. */
  forget(hostname: string): void;
}

interface Entry {
  readonly addresses: LookupAddress[];
  readonly expiresAt: number;
  turn: number;
}

/**
 * A `lookup` that keeps the answers of the DNS: one question at a time per name, both address families, no failure and
 * nothing stale. Where a name has several addresses of a family, each answer begins with the next one, so that
 * connections spread over them.
 *
 * undici's own `dns` interceptor is no substitute: it puts the address in the place of the name, which breaks NO_PROXY
 * and makes hosts that share an address renew their TLS connections in turn.
 *
 * @publicApi
 */
export function cachedLookup(options: CachedLookupOptions = {}): CachedLookup {
  const { ttl = DEFAULT_DNS_CACHE_TTL, lookup = systemLookup } = options;
  if (!(ttl >= 0)) throw new LlmConfigurationError('http.dnsCacheTtl has to be 0 or more milliseconds');
  const entries = new Map<string, Entry>();
  const pending = new Map<string, Callback[]>();

  const ask = (key: string, hostname: string, { family, hints }: LookupOptions): void => {
    lookup(hostname, { family, hints, all: true }, (error, addresses) => {
      const callbacks = pending.get(key) ?? [];
      pending.delete(key);
      if (error !== null) {
        for (const callback of callbacks) callback(error, []);
        return;
      }
      const entry: Entry = { addresses, expiresAt: performance.now() + ttl, turn: 0 };
      if (entries.size >= MAX_ENTRIES) entries.delete(entries.keys().next().value!);
      entries.set(key, entry);
      for (const callback of callbacks) callback(null, nextOf(entry));
    });
  };

  const cached = (hostname: string, asked: LookupOptions, callback: Callback): void => {
    const key = `${hostname} ${asked.family ?? 0} ${asked.hints ?? 0}`;
    const answer: Callback = (error, addresses) => {
      if (error !== null || asked.all === true) return callback(error, addresses);
      const [first] = addresses as LookupAddress[];
      callback(null, first!.address, first!.family);
    };
    const entry = entries.get(key);
    if (entry !== undefined && entry.expiresAt > performance.now()) {
      process.nextTick(answer, null, nextOf(entry));
      return;
    }
    entries.delete(key);
    const callbacks = pending.get(key);
    if (callbacks !== undefined) {
      callbacks.push(answer);
      return;
    }
    pending.set(key, [answer]);
    ask(key, hostname, asked);
  };

  return Object.assign(cached, {
    forget(hostname: string) {
      for (const key of entries.keys()) if (key.startsWith(`${hostname} `)) entries.delete(key);
    },
  });
}

/** The addresses, each family in its place but begun with another member than the last time. */
function nextOf(entry: Entry): LookupAddress[] {
  const { addresses } = entry;
  const turn = entry.turn++;
  const families = new Map<number, LookupAddress[]>();
  for (const address of addresses) {
    const members = families.get(address.family);
    if (members === undefined) families.set(address.family, [address]);
    else members.push(address);
  }
  return [...families.values()].flatMap((members) => {
    const first = turn % members.length;
    return [...members.slice(first), ...members.slice(0, first)];
  });
}
