import { AsyncResource } from 'node:async_hooks';
import { LlmConfigurationError, QueueFullError } from '../../errors/errors.js';
import { ForwardingHandler } from './forwarding-handler.js';
import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpDispatchOptions,
  HttpHeaders,
  HttpInterceptor,
  HttpSession,
  RequestTicket,
} from './http-session.interface.js';

/** Hosts whose counters are kept although nothing goes on with them. */
const MAX_IDLE_HOSTS = 1000;

/** @publicApi */
export interface LimitOptions {
  /** Requests in flight over all origins. Default: no bound. */
  limit?: number | undefined;
  /** Requests in flight to one origin. Default: no bound. */
  limitPerHost?: number | undefined;
  /** Requests that may wait, over all origins; a further one fails at once. 0 for none. Default: no bound. */
  maxQueue?: number | undefined;
}

/** Of one origin. Gauges, but for `requests` and `probes`. */
export interface HostLoad {
  /** Requests that have their place: those on a connection and those that wait for one to be opened. */
  readonly active: number;
  /** Requests on a connection. */
  readonly running: number;
  /** Requests in the queue. */
  readonly waiting: number;
  /** Requests that were written since the start. */
  readonly requests: number;
  /** Requests that only opened a connection since the start, and were given up on it. */
  readonly probes: number;
}

/** @publicApi */
export interface LimitStats {
  readonly active: number;
  readonly waiting: number;
  /** By origin. */
  readonly hosts: ReadonlyMap<string, HostLoad>;
}

/** @publicApi */
export interface LimitInterceptor extends HttpInterceptor {
  stats(): LimitStats;
}

/**
 * An interceptor that bounds the requests in flight: in all, by origin, or both. What is above the bound waits, by
 * origin in the order in which it came. A place that gets free goes to the waiting origin with the fewest requests in
 * flight, so that a slow provider cannot take all of them while others wait.
 *
 * A place is taken until the response has ended, failed or been aborted; idle connections do not count. Compose it
 * last, which makes it the outermost: `new Agent({ connections: 50 }).compose(limit({ limit: 300, limitPerHost: 50 }))`.
 * One interceptor that is composed over several dispatchers is one limit for all of them.
 *
 * @throws {LlmConfigurationError} when a number makes no sense
 * @publicApi
 */
export function limit(options: LimitOptions = {}): LimitInterceptor {
  const limiter = new Limiter(options);
  const interceptor: HttpInterceptor = (dispatch) => (request, handler) =>
    limiter.dispatch(dispatch, request, handler);
  return Object.assign(interceptor, { stats: () => limiter.stats() });
}

class Host {
  active = 0;
  running = 0;
  requests = 0;
  probes = 0;
  readonly queue = new Set<LimitedRequest>();

  get waiting(): number {
    return this.queue.size;
  }
}

class Limiter {
  private readonly limit: number;
  private readonly limitPerHost: number;
  private readonly maxQueue: number;
  private readonly hosts = new Map<string, Host>();
  /** Those with a queue; the one that was served last stands last. */
  private readonly waitingHosts = new Set<Host>();
  private active = 0;
  private waiting = 0;
  private draining = false;

  constructor(options: LimitOptions) {
    this.limit = wholeNumber('limit', options.limit, 1);
    this.limitPerHost = wholeNumber('limitPerHost', options.limitPerHost, 1);
    this.maxQueue = wholeNumber('maxQueue', options.maxQueue, 0);
  }

  dispatch(
    dispatch: HttpSession['dispatch'],
    options: HttpDispatchOptions,
    handler: HttpDispatchHandler,
  ): boolean {
    const host = this.hostOf(options.origin);
    const request = new LimitedRequest(this, host, dispatch, options, handler);
    if (this.active < this.limit && host.active < this.limitPerHost && host.queue.size === 0) {
      return this.admit(request);
    }
    if (this.waiting >= this.maxQueue) {
      request.refuse(
        new QueueFullError(
          `the session's queue is full: ${this.active} requests are in flight (http.limit, http.limitPerHost) and ${this.waiting} wait, which is all that http.maxQueue allows`,
          this.maxQueue,
        ),
      );
      return false;
    }
    this.waiting++;
    host.queue.add(request);
    this.waitingHosts.add(host);
    request.queue();
    return false;
  }

  /** Takes a waiting request out of its queue. */
  remove(request: LimitedRequest): void {
    const { host } = request;
    host.queue.delete(request);
    this.waiting--;
    if (host.queue.size === 0) this.waitingHosts.delete(host);
  }

  /** Gives a place back, and to the next request. */
  release({ host }: LimitedRequest): void {
    this.active--;
    host.active--;
    if (!this.draining && this.waiting > 0) this.drain();
  }

  stats(): LimitStats {
    return { active: this.active, waiting: this.waiting, hosts: this.hosts };
  }

  private admit(request: LimitedRequest): boolean {
    this.active++;
    request.host.active++;
    return request.send();
  }

  // A loop, since a request that fails at once (the session is destroyed) gives its place back from inside of it.
  private drain(): void {
    this.draining = true;
    try {
      while (this.active < this.limit) {
        const host = this.nextHost();
        if (host === undefined) break;
        const request = host.queue.values().next().value!;
        this.remove(request);
        if (this.waitingHosts.delete(host)) this.waitingHosts.add(host);
        request.dequeue(() => this.admit(request));
      }
    } finally {
      this.draining = false;
    }
  }

  private nextHost(): Host | undefined {
    let next: Host | undefined;
    for (const host of this.waitingHosts) {
      if (host.active >= this.limitPerHost) continue;
      if (next === undefined || host.active < next.active) next = host;
    }
    return next;
  }

  private hostOf(origin: string | URL): Host {
    const key = typeof origin === 'string' ? origin : origin.origin;
    let host = this.hosts.get(key);
    if (host === undefined) {
      if (this.hosts.size >= MAX_IDLE_HOSTS) this.forgetIdle();
      host = new Host();
      this.hosts.set(key, host);
    }
    return host;
  }

  private forgetIdle(): void {
    for (const [key, host] of this.hosts) {
      if (host.active === 0 && host.queue.size === 0) this.hosts.delete(key);
    }
  }
}

const CANCELLED = new Error('the request was given up before it was sent');

/** A request with its handler. Its place is given back exactly once, whatever ends it. */
class LimitedRequest extends ForwardingHandler implements RequestTicket {
  private state: 'new' | 'waiting' | 'admitted' | 'running' | 'over' | 'cancelled' = 'new';
  /** The caller's async context, which a request that waits would otherwise lose to that of the one before it. */
  private scope: AsyncResource | undefined;

  constructor(
    private readonly limiter: Limiter,
    readonly host: Host,
    private readonly dispatch: HttpSession['dispatch'],
    private readonly options: HttpDispatchOptions,
    handler: HttpDispatchHandler,
  ) {
    super(handler);
  }

  queue(): void {
    this.state = 'waiting';
    this.scope = new AsyncResource('nestjs-llm.queue');
    this.handler.onRequestQueued?.(this);
  }

  dequeue(admit: () => void): void {
    this.scope!.runInAsyncScope(admit);
  }

  refuse(error: Error): void {
    this.state = 'over';
    this.handler.onResponseError(null, error);
  }

  send(): boolean {
    this.state = 'admitted';
    try {
      this.handler.onRequestAdmitted?.(this);
      return this.dispatch(this.options, this);
    } catch (error) {
      if (this.scope === undefined) {
        this.end();
        throw error;
      }
      this.onResponseError(null, error as Error);
      return false;
    }
  }

  cancel(): void {
    if (this.state === 'waiting') {
      this.state = 'cancelled';
      this.limiter.remove(this);
    } else if (this.state === 'admitted') {
      this.state = 'cancelled';
      this.limiter.release(this);
    }
  }

  override onRequestStart(controller: HttpDispatchController, context: unknown): void {
    // undici cannot take a request out of its queue; throwing here drops it and keeps the connection.
    if (this.state === 'cancelled') throw CANCELLED;
    const isNew = this.state === 'admitted';
    if (isNew) {
      this.state = 'running';
      this.host.running++;
      this.host.probes++;
    }
    this.handler.onRequestStart(controller, context);
    if (!isNew) return;
    this.host.probes--;
    this.host.requests++;
  }

  override onRequestUpgrade(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    socket: unknown,
  ): void {
    try {
      super.onRequestUpgrade(controller, status, headers, socket);
    } finally {
      this.end();
    }
  }

  override onResponseEnd(controller: HttpDispatchController, trailers: HttpHeaders): void {
    try {
      this.handler.onResponseEnd(controller, trailers);
    } finally {
      this.end();
    }
  }

  override onResponseError(controller: HttpDispatchController | null | undefined, error: Error): void {
    if (this.state === 'cancelled') return;
    try {
      this.handler.onResponseError(controller, error);
    } finally {
      this.end();
    }
  }

  private end(): void {
    if (this.state === 'over' || this.state === 'cancelled') return;
    if (this.state === 'running') this.host.running--;
    this.state = 'over';
    this.limiter.release(this);
  }
}

function wholeNumber(option: string, value: number | undefined, least: number): number {
  if (value === undefined || value === Infinity) return Infinity;
  if (Number.isInteger(value) && value >= least) return value;
  throw new LlmConfigurationError(`http.${option} has to be a whole number, ${least} or more`);
}
