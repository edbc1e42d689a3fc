import { ForwardingHandler } from './forwarding-handler.js';
import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpDispatchOptions,
  HttpHeaders,
  HttpSession,
} from './http-session.interface.js';

/** Up to a tenth is taken from the age at random, so that the processes of a deployment do not all connect anew at once. */
const SPREAD = 0.1;

type DispatcherClass = typeof import('undici').Dispatcher;

/**
 * A dispatcher whose connections serve no request that comes later than `maxAge` milliseconds after they were opened: it
 * takes a new agent from time to time. The earlier one ends what it has begun, and is then destroyed with its
 * connections; no request and no stream is cut. There is no timer: an idle connection is its agent's to close.
 *
 * undici's own `clientTtl` has requests of a pool that is full wait for ever, in undici 7.
 *
 * @see {@link https://github.com/nodejs/undici/issues/5144}
 */
export function renewed(Dispatcher: DispatcherClass, make: () => HttpSession, maxAge: number) {
  const generations = new Generations(make, maxAge);
  class RenewedAgent extends (Dispatcher as unknown as new () => Pick<
    typeof Dispatcher.prototype,
    'compose'
  >) {
    get closed(): boolean {
      return generations.closed;
    }

    get destroyed(): boolean {
      return generations.destroyed;
    }

    dispatch(options: HttpDispatchOptions, handler: HttpDispatchHandler): boolean {
      return generations.dispatch(options, handler);
    }

    close(): Promise<void> {
      return generations.close();
    }

    destroy(error?: Error | null): Promise<void> {
      return generations.destroy(error);
    }
  }
  return new RenewedAgent();
}

/** An agent, and how many requests it has not ended. */
interface Generation {
  readonly session: HttpSession;
  /** When it takes no further request, on the clock of `performance.now()`. */
  readonly until: number;
  running: number;
}

class Generations implements HttpSession {
  closed = false;
  destroyed = false;
  private current: Generation;
  /** Earlier ones that have something running. */
  private readonly earlier = new Set<Generation>();

  constructor(
    private readonly make: () => HttpSession,
    private readonly maxAge: number,
  ) {
    this.current = this.next(performance.now());
  }

  dispatch(options: HttpDispatchOptions, handler: HttpDispatchHandler): boolean {
    const now = performance.now();
    if (now >= this.current.until && !this.closed && !this.destroyed) {
      const { current } = this;
      this.earlier.add(current);
      this.current = this.next(now);
      if (current.running === 0) this.retire(current);
    }
    const generation = this.current;
    const request = new CountedRequest(handler, () => this.onEnd(generation));
    generation.running++;
    try {
      return generation.session.dispatch(options, request);
    } catch (error) {
      request.end();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.current, ...this.earlier].map(({ session }) => session.close()));
    this.destroyed = true;
  }

  async destroy(error?: Error | null): Promise<void> {
    this.destroyed = true;
    await Promise.all([this.current, ...this.earlier].map(({ session }) => session.destroy(error)));
  }

  private next(now: number): Generation {
    const age = this.maxAge * (1 - Math.random() * SPREAD);
    return { session: this.make(), until: now + age, running: 0 };
  }

  private onEnd(generation: Generation): void {
    generation.running--;
    if (generation.running === 0 && generation !== this.current) this.retire(generation);
  }

  private retire(generation: Generation): void {
    // Not from inside of a callback of its parser.
    setImmediate(() => {
      this.earlier.delete(generation);
      void generation.session.destroy();
    });
  }
}

/** Tells once when the request is over, whatever ends it. */
class CountedRequest extends ForwardingHandler {
  private over = false;

  constructor(
    handler: HttpDispatchHandler,
    private readonly onOver: () => void,
  ) {
    super(handler);
  }

  override onRequestUpgrade(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    socket: unknown,
  ): void {
    // The socket is the caller's from now on.
    try {
      super.onRequestUpgrade(controller, status, headers, socket);
    } finally {
      this.end();
    }
  }

  override onResponseEnd(controller: HttpDispatchController, trailers: HttpHeaders): void {
    try {
      super.onResponseEnd(controller, trailers);
    } finally {
      this.end();
    }
  }

  override onResponseError(controller: HttpDispatchController | null | undefined, error: Error): void {
    try {
      super.onResponseError(controller, error);
    } finally {
      this.end();
    }
  }

  end(): void {
    if (this.over) return;
    this.over = true;
    this.onOver();
  }
}
