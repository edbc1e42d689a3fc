import type { ConnectionCounter } from './connection-counter.js';
import type { HttpSession } from './http-session.interface.js';
import type { LimitInterceptor, LimitOptions } from './limit.js';

/**
 * The connections to one origin: gauges, and counters since the session was made. A session that this package did not
 * make gives the first four at most.
 *
 * @publicApi
 */
export interface OriginStats {
  /** Connections that are open. */
  readonly open?: number;
  /** Requests on a connection; with HTTP/2 there may be more of them than connections. */
  readonly busy?: number;
  /** Open connections without a request. */
  readonly free?: number;
  /** Requests that wait: for their place, or for a connection to be opened. */
  readonly waiting?: number;
  /** Requests that got onto a connection; opening one ahead of the calls is none. */
  readonly requests?: number;
  /** Connections that were opened. */
  readonly opened?: number;
  /** Requests that needed no new connection. */
  readonly reused?: number;
  /** TLS handshakes with the origin; `tlsResumed` of them resumed an earlier session. */
  readonly tlsHandshakes?: number;
  readonly tlsResumed?: number;
  readonly bytesRead?: number;
  readonly bytesWritten?: number;
}

/** @publicApi */
export interface SessionStats {
  /** Bounds of the session; `null` for none, `undefined` when the session does not tell. */
  readonly limit?: number | null;
  readonly limitPerHost?: number | null;
  readonly maxQueue?: number | null;
  /** Requests that have their place. */
  readonly active?: number;
  /** Requests in the queue. */
  readonly queued?: number;
  readonly origins: Readonly<Record<string, OriginStats>>;
}

/** On a session: gives its statistics. A dispatcher composed over it passes the property on. */
const STATS: unique symbol = Symbol.for('nestjs-llm:session-stats');

interface WithStats {
  [STATS]?: () => SessionStats;
  /** undici's own, of `Agent`, by origin; of `Pool` and `Client`, of their one origin. */
  readonly stats?: unknown;
}

/** Has `session` tell its statistics. */
export function provideStats(
  session: object,
  bounds: LimitOptions,
  limiter: LimitInterceptor,
  counter: ConnectionCounter,
): void {
  Object.defineProperty(session, STATS, { value: () => collect(bounds, limiter, counter) });
}

/**
 * The statistics of a session: all of them for one that `createHttpSession()` made, what undici counts itself for an
 * `Agent`, and `undefined` for a session that tells nothing.
 *
 * @publicApi
 */
export function statsOf(session: HttpSession): SessionStats | undefined {
  const { [STATS]: own, stats } = session as HttpSession & WithStats;
  if (own !== undefined) return own();
  if (typeof stats !== 'object' || stats === null) return undefined;
  const origins: Record<string, OriginStats> = {};
  for (const [origin, value] of Object.entries(stats)) {
    if (typeof value !== 'object' || value === null) continue;
    const { connected, running, free, queued, pending } = value as Record<string, number | boolean>;
    origins[origin] = {
      // A `Client` has one connection, or none, and tells no more than that.
      open: Number(connected),
      busy: Number(running),
      ...(free !== undefined && { free: Number(free) }),
      waiting: Number(queued ?? 0) + Number(pending ?? 0),
    };
  }
  return { origins };
}

function collect(bounds: LimitOptions, limiter: LimitInterceptor, counter: ConnectionCounter): SessionStats {
  const { active, waiting, hosts } = limiter.stats();
  const connections = counter.counts();
  const origins: Record<string, OriginStats> = {};
  for (const origin of new Set([...connections.keys(), ...hosts.keys()])) {
    const { open = 0, opened = 0, ...rest } = connections.get(origin) ?? {};
    const load = hosts.get(origin) ?? { active: 0, running: 0, waiting: 0, requests: 0, probes: 0 };
    origins[origin] = {
      open,
      busy: load.running,
      free: Math.max(0, open - load.running),
      waiting: load.waiting + load.active - load.running,
      requests: load.requests,
      opened,
      reused: Math.min(load.requests, Math.max(0, load.requests + load.probes - opened)),
      ...rest,
    };
  }
  const { limit = Infinity, limitPerHost = Infinity, maxQueue = Infinity } = bounds;
  const finite = (value: number) => (value === Infinity ? null : value);
  return {
    limit: finite(limit),
    limitPerHost: finite(limitPerHost),
    maxQueue: finite(maxQueue),
    active,
    queued: waiting,
    origins,
  };
}
