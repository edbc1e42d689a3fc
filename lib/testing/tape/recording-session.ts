import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type {
  HttpDispatchController,
  HttpDispatchHandler,
  HttpDispatchOptions,
  HttpHeaders,
  HttpSession,
  RequestTicket,
} from '../../index.js';
import { wireOf } from '../wires/index.js';
import { resealed } from '../wires/framing.js';
import { maskFor, maskText, type Mask } from './mask.js';
import { parsedBody, pathWithoutAccount, RecordingFiles, toChunk, type Recording } from './recording.js';
import { replaySession } from './replay-session.js';

/** Response headers that a replay needs. All others may say whose account it is. */
const KEPT =
  /^(content-type|transfer-encoding|retry-after(-ms)?|(x-)?request-id|x-amzn-(requestid|errortype)|.*ratelimit-.*)$/;

/**
 * A session that records what goes over `inner` into files, one an exchange: `file`, then `<name>-2<extension>` and so
 * on. Where there are recordings already it replays them and sends nothing, as {@link replaySession} does, unless the
 * environment has `RECORD=1`: then they are made anew.
 *
 * No header of a request, no key, token, cookie, organisation or signature of a URL gets into a file, also where an answer
 * repeats it. Prompts and answers do. What fetches credentials is not recorded: a replay needs none.
 *
 * @param inner makes the requests; it stays the caller's to close
 * @param file path of the first exchange, such as `test/recordings/chat.json`
 * @publicApi
 */
export function recordingSession(inner: HttpSession, file: string): HttpSession {
  const files = new RecordingFiles(file);
  if (process.env['RECORD'] !== '1' && files.exist) return replaySession(file);
  return new RecordingSession(inner, files);
}

class RecordingSession implements HttpSession {
  private count = 0;

  constructor(
    private readonly inner: HttpSession,
    private readonly files: RecordingFiles,
  ) {}

  get closed(): boolean | undefined {
    return this.inner.closed;
  }

  get destroyed(): boolean | undefined {
    return this.inner.destroyed;
  }

  dispatch(options: HttpDispatchOptions, handler: HttpDispatchHandler): boolean {
    if (!isRecorded(options)) return this.inner.dispatch(options, handler);
    if (this.count === 0) this.files.remove();
    const number = ++this.count;
    const recorder = new Recorder(options, handler, (recording) => this.files.write(number, recording));
    return this.inner.dispatch(options, recorder);
  }

  close(): Promise<void> {
    return this.inner.close();
  }

  destroy(error?: Error | null): Promise<void> {
    return this.inner.destroy(error);
  }
}

/** Requests for credentials, and warming up, are no calls of a provider's API. */
function isRecorded({ method, path, headers, body }: HttpDispatchOptions): boolean {
  const pathname = path.split('?', 1)[0]!;
  const isJson = /\bjson\b/.test(headers['content-type'] ?? '') && body !== null;
  return isJson || (method === 'GET' && wireOf({ method, pathname, body: undefined }) !== undefined);
}

class Recorder implements HttpDispatchHandler {
  readonly onRequestQueued: ((ticket: RequestTicket) => void) | undefined;
  readonly onRequestAdmitted: ((ticket: RequestTicket) => void) | undefined;
  private readonly sentAt = performance.now();
  private readonly mask: Mask;
  private readonly chunks: { readonly afterMs: number; readonly bytes: Buffer }[] = [];
  private status = 0;
  private startedAfter = 0;
  private headers: HttpHeaders = {};

  constructor(
    private readonly options: HttpDispatchOptions,
    private readonly handler: HttpDispatchHandler,
    private readonly write: (recording: Recording) => void,
  ) {
    this.mask = maskFor(options);
    this.onRequestQueued = handler.onRequestQueued?.bind(handler);
    this.onRequestAdmitted = handler.onRequestAdmitted?.bind(handler);
  }

  onRequestStart(controller: HttpDispatchController, context: unknown): void {
    this.handler.onRequestStart(controller, context);
  }

  onResponseStart(
    controller: HttpDispatchController,
    status: number,
    headers: HttpHeaders,
    statusMessage?: string,
  ): void {
    this.status = status;
    this.headers = headers;
    this.startedAfter = this.elapsed;
    this.handler.onResponseStart(controller, status, headers, statusMessage);
  }

  onResponseData(controller: HttpDispatchController, chunk: Buffer): void {
    // undici's memory, which it uses again.
    this.chunks.push({ afterMs: this.elapsed, bytes: Buffer.from(chunk) });
    this.handler.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: HttpDispatchController, trailers: HttpHeaders): void {
    this.write(this.recording());
    this.handler.onResponseEnd(controller, trailers);
  }

  onResponseError(controller: HttpDispatchController | null | undefined, error: Error): void {
    // What the caller gave up is no answer of the provider's.
    if (this.status > 0 && controller?.aborted !== true) {
      const { code = 'UND_ERR_SOCKET' } = error as { code?: string };
      const message = maskText(this.mask, error.message);
      this.write(this.recording({ afterMs: this.elapsed, code, message }));
    }
    this.handler.onResponseError(controller, error);
  }

  private get elapsed(): number {
    return Math.round(performance.now() - this.sentAt);
  }

  private recording(error?: Recording['response']['error']): Recording {
    const { mask, options } = this;
    const { method, path } = options;
    const text = options.body === null ? undefined : maskText(mask, String(options.body));
    const body = parsedBody(text);
    const headers = Object.entries(this.headers)
      .filter(([name]) => KEPT.test(name))
      .map(([name, value]) => [name, maskText(mask, String(value))] as const);
    return {
      version: 1,
      request: {
        method,
        path: pathWithoutAccount(maskText(mask, path)),
        ...(body !== undefined && { body }),
      },
      response: {
        status: this.status,
        afterMs: this.startedAfter,
        headers: Object.fromEntries(headers),
        chunks: this.masked().map(({ afterMs, bytes }) => toChunk(afterMs, bytes)),
        ...(error !== undefined && { error }),
      },
    };
  }

  /** Masked as a whole, since a chunk may end within what has to be, and cut where it was. */
  private masked(): Recorder['chunks'] {
    const parts = this.decompressed();
    const whole = Buffer.concat(parts.map(({ bytes }) => bytes));
    const masked = this.mask(whole);
    const isAws = /vnd\.amazon\.eventstream/.test(String(this.headers['content-type']));
    const sealed = isAws && !masked.equals(whole) ? resealed(masked) : masked;
    let at = 0;
    return parts.map(({ afterMs, bytes }) => ({
      afterMs,
      bytes: sealed.subarray(at, (at += bytes.length)),
    }));
  }

  /** A compressed body hides what has to be masked, and is none to read: it is one chunk of what is in it. */
  private decompressed(): Recorder['chunks'] {
    const { chunks, headers } = this;
    const coding = headers['content-encoding'];
    if (coding === undefined || coding === 'identity' || chunks.length === 0) return chunks;
    const { afterMs } = chunks.at(-1)!;
    try {
      const decompress = DECOMPRESS[String(coding).toLowerCase()]!;
      return [{ afterMs, bytes: decompress(Buffer.concat(chunks.map(({ bytes }) => bytes))) }];
    } catch {
      return [];
    }
  }
}

const DECOMPRESS: Readonly<Record<string, (bytes: Buffer) => Buffer>> = {
  gzip: gunzipSync,
  'x-gzip': gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};
