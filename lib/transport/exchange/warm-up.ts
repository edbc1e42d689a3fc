import { APITimeoutError } from '../../errors/errors.js';
import { fromTransport } from '../../errors/transport-error.js';
import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpSession,
  RequestTicket,
} from '../session/http-session.interface.js';

/** Milliseconds that opening connections ahead of the first call may take: it may delay a start, not hold it. */
const DEFAULT_WARM_UP_MS = 5_000;

/** @publicApi */
export interface WarmUpOptions {
  /** Connections to each origin. Default 1. */
  connections?: number | undefined;
  /** Milliseconds for all of them together. Default 5,000. */
  timeoutMs?: number | undefined;
}

/**
 * Opens connections without sending anything: each dispatches a request and refuses it in `onRequestStart`, which undici
 * calls when the connection stands and before it writes the first byte. undici drops the request and pools the connection.
 *
 * @throws {LlmError} the first failure
 */
export async function openConnections(
  session: HttpSession,
  provider: string,
  origin: string,
  { connections = 1, timeoutMs = DEFAULT_WARM_UP_MS }: WarmUpOptions,
): Promise<void> {
  const { host } = new URL(origin);
  const probes = Array.from({ length: connections }, () => new Probe(session, origin));
  const timer = setTimeout(() => {
    const message = `${provider}: no connection to ${host} within the ${timeoutMs} ms of the warm-up`;
    const error = new APITimeoutError(message, timeoutMs, { provider, phase: 'connect', retryable: true });
    for (const probe of probes) probe.cancel(error);
  }, timeoutMs);
  try {
    await Promise.all(probes.map(({ promise }) => promise));
  } catch (error) {
    throw fromTransport(error, {
      provider,
      model: provider,
      host,
      phase: 'connect',
      stale: false,
      secrets: [],
    });
  } finally {
    clearTimeout(timer);
  }
}

const CONNECTED = new Error('the connection stands; nothing is to be sent over it');

class Probe implements HttpDispatchHandler {
  readonly promise: Promise<void>;
  private resolve!: () => void;
  private reject!: (error: Error) => void;
  private ticket: RequestTicket | undefined;

  constructor(session: HttpSession, origin: string) {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    try {
      session.dispatch(
        { origin, path: '/', method: 'GET', headers: {}, body: null, headersTimeout: 0, bodyTimeout: 0 },
        this,
      );
    } catch (error) {
      this.reject(error as Error);
    }
  }

  cancel(error: Error): void {
    this.ticket?.cancel();
    this.reject(error);
  }

  onRequestQueued(ticket: RequestTicket): void {
    this.ticket = ticket;
  }

  onRequestAdmitted(ticket: RequestTicket): void {
    this.ticket = ticket;
  }

  onRequestStart(): void {
    throw CONNECTED;
  }

  onResponseError(_controller: HttpDispatchController | null | undefined, error: Error): void {
    if (error === CONNECTED) this.resolve();
    else this.reject(error);
  }

  // A session that answers without a connection (a cache, a mock) leaves nothing to open.
  onResponseStart(): void {}

  onResponseData(): void {}

  onResponseEnd(): void {
    this.resolve();
  }
}
