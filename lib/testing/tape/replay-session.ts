import { isDeepStrictEqual } from 'node:util';
import type { HttpDispatchHandler, HttpDispatchOptions, HttpSession } from '../../index.js';
import { Exchange, refuseClosed, socketError } from '../exchange.js';
import { UnexpectedRequestError } from '../unexpected-request.error.js';
import { maskFor, maskText } from './mask.js';
import {
  bytesOf,
  differences,
  parsedBody,
  pathWithoutAccount,
  RecordingFiles,
  type Recording,
} from './recording.js';

/** @publicApi */
export interface ReplayOptions {
  /** 1 keeps the times of the recording, 2 halves them, 0 does not wait. Default 0. */
  readonly speed?: number;
}

interface Tape {
  readonly path: string;
  readonly recording: Recording;
  used: boolean;
}

/**
 * A session that repeats what {@link recordingSession} has recorded, in the chunks that came, and needs no key. A request
 * gets the recording with its method, path and body (in any order of its fields), each recording once. Any other request
 * fails with {@link UnexpectedRequestError}, which names the nearest recording and where it differs.
 *
 * @param file as it was given to `recordingSession()`
 * @throws {LlmConfigurationError} when there is no recording
 * @publicApi
 */
export function replaySession(file: string, { speed = 0 }: ReplayOptions = {}): HttpSession {
  const tapes = new RecordingFiles(file).read();
  return new ReplaySession(
    tapes.map((tape) => ({ ...tape, used: false })),
    speed > 0 ? 1 / speed : 0,
  );
}

class ReplaySession implements HttpSession {
  readonly needsNoCredentials = true;
  closed = false;
  destroyed = false;
  private readonly running = new Set<Exchange>();
  private onIdle: (() => void) | undefined;

  /** @param pace what the times of the recordings are multiplied by */
  constructor(
    private readonly tapes: readonly Tape[],
    private readonly pace: number,
  ) {}

  dispatch(options: HttpDispatchOptions, handler: HttpDispatchHandler): boolean {
    if (this.closed) return refuseClosed(handler, this.destroyed);
    const exchange = new Exchange(handler, () => {
      this.running.delete(exchange);
      if (this.running.size === 0) this.onIdle?.();
    });
    this.running.add(exchange);
    void this.play(options, exchange);
    return true;
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.running.size > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
  }

  destroy(error?: Error | null): Promise<void> {
    this.closed = true;
    this.destroyed = true;
    for (const exchange of this.running)
      exchange.abort(error ?? socketError('UND_ERR_DESTROYED', 'The session is destroyed'));
    return Promise.resolve();
  }

  private async play(options: HttpDispatchOptions, exchange: Exchange): Promise<void> {
    await DISPATCHED;
    exchange.start();
    if (exchange.over) return;
    const request = requestOf(options);
    const tape = this.tapes.find((one) => !one.used && isSame(one.recording.request, request));
    if (tape === undefined) return exchange.fail(this.miss(request));
    tape.used = true;
    const { status, headers, chunks, afterMs, error } = tape.recording.response;
    let now = 0;
    const until = (time: number): Promise<void> => {
      const wait = (time - now) * this.pace;
      now = time;
      return exchange.sleep(wait);
    };
    await until(afterMs);
    exchange.respond(status, headers);
    for (const chunk of chunks) {
      await until(chunk.afterMs);
      await exchange.data(bytesOf(chunk));
    }
    if (error === undefined) return exchange.end();
    await until(error.afterMs);
    exchange.fail(socketError(error.code, error.message));
  }

  private miss(request: Recording['request']): UnexpectedRequestError {
    const asked = `${request.method} ${request.path}`;
    const again = this.tapes.find((tape) => isSame(tape.recording.request, request));
    if (again !== undefined) {
      return new UnexpectedRequestError(
        `no recording is left for ${asked}: ${again.path} has been replayed already, and each is replayed once. RECORD=1 records anew`,
      );
    }
    const [nearest] = this.tapes
      .map(({ path, recording }) => ({ path, faults: faultsOf(recording.request, request) }))
      .sort((one, other) => one.faults.length - other.faults.length);
    const where = nearest!.faults.slice(0, 5).join(', ');
    const more = nearest!.faults.length > 5 ? ` and ${nearest!.faults.length - 5} more` : '';
    return new UnexpectedRequestError(
      `no recording for ${asked}: the nearest is ${nearest!.path}, which differs in ${where}${more}. RECORD=1 records anew`,
    );
  }
}

const DISPATCHED = Promise.resolve();

function requestOf(options: HttpDispatchOptions): Recording['request'] {
  const mask = maskFor(options);
  const body = options.body === null ? undefined : parsedBody(maskText(mask, String(options.body)));
  return { method: options.method, path: pathWithoutAccount(maskText(mask, options.path)), body };
}

function isSame(one: Recording['request'], other: Recording['request']): boolean {
  return one.method === other.method && one.path === other.path && isDeepStrictEqual(one.body, other.body);
}

function faultsOf(one: Recording['request'], other: Recording['request']): string[] {
  const isElsewhere = one.method !== other.method || one.path !== other.path;
  const place = isElsewhere ? [`its path ${one.method} ${one.path}`] : [];
  return [...place, ...differences(one.body, other.body)];
}
