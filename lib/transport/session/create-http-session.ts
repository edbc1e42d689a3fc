import { LlmConfigurationError } from '../../errors/errors.js';
import { endingAborted } from './aborted-sockets.js';
import { Connecting } from './connecting.js';
import { renewed } from './connection-age.js';
import { ConnectionCounter } from './connection-counter.js';
import { cachedLookup, DEFAULT_DNS_CACHE_TTL, type CachedLookup } from './dns-cache.js';
import type { HttpConnector, HttpSessionOptions } from './http-session-options.interface.js';
import type { HttpInterceptor, HttpSession } from './http-session.interface.js';
import { limit } from './limit.js';
import { proxied, type ProxyParts } from './proxy/proxy.js';
import { provideStats } from './session-stats.js';
import { tlsConnectOptions } from './tls.js';

/** 60 s: below the 350 s after which NAT gateways drop a silent connection and the idle limit of common edges. */
export const DEFAULT_KEEP_ALIVE_TIMEOUT = 60_000;

/** 10 s: undici's default. */
export const DEFAULT_CONNECT_TIMEOUT = 10_000;

/**
 * Milliseconds that one address of several gets before the next one is tried. Node's 250 make a refusal of a handshake
 * that takes 300, which it does between continents; an address that is dead costs this much once per connection.
 */
const ADDRESS_ATTEMPT_TIMEOUT = 1_000;

type Undici = typeof import('undici');

/**
 * Makes a session: an undici `Agent` with limits, DNS cache, proxies, TLS and statistics around it, each a part that can
 * be put on a dispatcher of one's own as well. Whoever calls it closes it, with `destroy()`.
 *
 * undici is imported here, at the first call, and nowhere else: importing it replaces the dispatcher of the
 * application's global `fetch`, and a user who brings a session of their own shall not have that.
 *
 * @throws {LlmConfigurationError} when an option does not make sense, a file is missing, or a key does not fit
 * @publicApi
 */
export async function createHttpSession(options: HttpSessionOptions = {}): Promise<HttpSession> {
  const undici = await importUndici();
  if (options.http2 === true && !isUndici8(undici)) {
    throw new LlmConfigurationError(
      'http.http2 needs undici 8 (Node 22 or later): undici 7 sends POSTs over HTTP/2 one after the other, and loses its streams when the server renews the connection',
    );
  }
  const { interceptors = [] } = options;
  const keepAlive = milliseconds(
    'keepAliveTimeout',
    options.keepAliveTimeout ?? DEFAULT_KEEP_ALIVE_TIMEOUT,
    1,
  );
  const limiter = limit(options);
  const counter = new ConnectionCounter();
  const connecting = new Connecting();
  const { connect, interceptors: forwarding } = connectorOf(undici, options);
  const maxAge = milliseconds('maxConnectionAge', options.maxConnectionAge ?? 0);
  // Nothing else closes a connection that is too old and that nobody asks for.
  const idle = Math.min(keepAlive, maxAge || Infinity);
  const settings = {
    connections: connectionsPerHost(options),
    keepAliveTimeout: idle,
    keepAliveMaxTimeout: idle,
    // LlmHandler keeps the time limits; undici's own would cut answers that take longer than five minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    allowH2: options.http2 === true,
    connect: connecting.watch(counter.watch(isUndici8(undici) ? connect : endingAborted(connect))) as never,
  };
  const makeAgent = () => new undici.Agent(settings);
  const agent = maxAge > 0 ? renewed(undici.Dispatcher, makeAgent, maxAge) : makeAgent();
  const destroy = agent.destroy.bind(agent) as (...args: unknown[]) => unknown;
  Object.assign(agent, {
    // undici calls it from inside of itself, with a callback.
    destroy(...args: unknown[]): unknown {
      const destroyed = destroy(...args);
      connecting.destroy(new Error('the session was destroyed while the connection was being opened'));
      return destroyed;
    },
  });
  provideStats(agent, options, limiter, counter);
  const composed: HttpInterceptor[] = [...forwarding, ...interceptors, limiter];
  return agent.compose(composed as never);
}

/** @throws {LlmConfigurationError} when the installed undici does not run here, or is not undici */
async function importUndici(): Promise<Undici> {
  if (process.versions['bun'] !== undefined) {
    throw new LlmConfigurationError(
      'Bun puts a module of its own in the place of undici, which cannot make a session: run on Node 20.19 or later, or give a session that dispatches as undici does',
    );
  }
  try {
    return await import('undici');
  } catch (cause) {
    throw new LlmConfigurationError(
      `undici cannot be loaded on Node ${process.versions.node}: install undici 7.30 or later for Node 20, 7.30 or 8.12 or later for Node 22 and above`,
      { cause },
    );
  }
}

/** By one of its exports: undici does not tell its version. */
function isUndici8(undici: object): boolean {
  return 'Dispatcher1Wrapper' in undici;
}

/**
 * No more than are ever used: a place is given on before undici has its connection back, and without this bound undici
 * would open a new one in that moment.
 */
function connectionsPerHost({
  limit: total = Infinity,
  limitPerHost = Infinity,
}: HttpSessionOptions): number | null {
  const connections = Math.min(total, limitPerHost);
  return connections === Infinity ? null : connections;
}

const DONE_BY_CONNECTOR = ['dnsCacheTtl', 'proxy', 'tls', 'http2'] as const;

/** What `tls.connect` does not look at when it is given a context. */
const CONTEXT_OPTIONS = ['secureContext', 'ca', 'cert', 'key', 'pfx', 'passphrase', 'minVersion', 'ciphers'];

function connectorOf({ buildConnector }: Undici, options: HttpSessionOptions): ProxyParts {
  const { connector = {}, http2 = false } = options;
  if (typeof connector === 'function') {
    const idle = DONE_BY_CONNECTOR.filter((name) => options[name] !== undefined);
    if (idle.length === 0) return { connect: connector, interceptors: [] };
    throw new LlmConfigurationError(
      `http.${idle[0]} has no effect with a connector function in http.connector, which does that itself: leave one of them out`,
    );
  }
  const double = options.tls && CONTEXT_OPTIONS.find((name) => name in connector);
  if (double !== undefined) {
    throw new LlmConfigurationError(
      `http.tls and http.connector.${double}: give the TLS material in one of them`,
    );
  }
  const ownContext = CONTEXT_OPTIONS.some((name) => name in connector);
  const { servername, ...tls } = ownContext ? {} : tlsConnectOptions(options.tls);
  const timeout = milliseconds('connectTimeout', options.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT);
  const ttl = milliseconds('dnsCacheTtl', options.dnsCacheTtl ?? DEFAULT_DNS_CACHE_TTL);
  const lookup = ttl > 0 ? cachedLookup({ ttl }) : undefined;
  const base = {
    timeout,
    autoSelectFamilyAttemptTimeout: ADDRESS_ATTEMPT_TIMEOUT,
    ...(lookup !== undefined && { lookup }),
    ...tls,
    ...connector,
  };
  const { localAddress } = connector;
  const build = (own: object): HttpConnector => {
    const connect = forgetting(lookup, buildConnector({ ...base, ...own }));
    // undici's connector takes it from its caller, the client, which has its own option for it.
    return localAddress === undefined
      ? connect
      : (target, callback) => connect({ ...target, localAddress } as typeof target, callback);
  };
  return proxied({
    proxy: options.proxy,
    connect: build({ allowH2: http2, ...(servername !== undefined && { servername }) }),
    connectProxy: build({ allowH2: false }),
    timeout,
  });
}

/** Asks the DNS again after a connection that did not come about: the host may have moved. */
function forgetting(lookup: CachedLookup | undefined, connect: HttpConnector): HttpConnector {
  if (lookup === undefined) return connect;
  return (options, callback) =>
    connect(options, (...result) => {
      if (result[0] != null) lookup.forget(options.hostname);
      callback(...result);
    });
}

function milliseconds(option: string, value: number, least = 0): number {
  if (Number.isFinite(value) && value >= least) return value;
  throw new LlmConfigurationError(`http.${option} has to be ${least} or more milliseconds`);
}
