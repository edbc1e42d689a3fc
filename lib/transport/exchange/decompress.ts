import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { HttpHeaders } from '../session/http-session.interface.js';

const { constants } = zlib;

/** Node has it from 22.15 on. */
const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };

type CreateDecoder = (first: Buffer) => Transform;

const gunzip: CreateDecoder = () => zlib.createGunzip({ flush: constants.Z_SYNC_FLUSH });

/** Some servers take the name literally and leave zlib's header out. */
const inflate: CreateDecoder = (first) =>
  (first[0]! & 0x0f) === 8
    ? zlib.createInflate({ flush: constants.Z_SYNC_FLUSH })
    : zlib.createInflateRaw({ flush: constants.Z_SYNC_FLUSH });

const DECODERS: ReadonlyMap<string, CreateDecoder> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflate],
  ['br', () => zlib.createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH })],
  ...(createZstdDecompress === undefined ? [] : [['zstd', () => createZstdDecompress()] as const]),
]);

/** What takes an unpacked body. Nothing is called after `onError`. */
export interface BodySink {
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: Error): void;
}

/**
 * Requests ask for no compression; a proxy or a gateway between may compress all the same.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#field.content-encoding}
 * @returns `undefined` when the body is as it is, or has a coding that nothing here unpacks
 */
export function createDecompressor(headers: HttpHeaders, sink: BodySink): Decompressor | undefined {
  const label = headers['content-encoding'];
  if (label === undefined) return undefined;
  const codings = String(label)
    .split(',')
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const decoders = codings.map((coding) => DECODERS.get(coding));
  if (decoders.length === 0 || decoders.includes(undefined)) return undefined;
  return new Decompressor((decoders as CreateDecoder[]).toReversed(), sink);
}

/** Unpacks a body. One that is not what its label says is passed on as it is. */
export class Decompressor {
  private first: Transform | undefined;
  private readonly parts: Transform[] = [];
  /** What has come while nothing was unpacked yet; afterwards `undefined`. */
  private held: Buffer[] | undefined = [];
  private ended = false;
  private over = false;
  private plain = false;

  /** @param decoders the one that was put on last first */
  constructor(
    private readonly decoders: readonly CreateDecoder[],
    private readonly sink: BodySink,
  ) {}

  write(chunk: Buffer): void {
    if (this.over || chunk.length === 0) return;
    if (this.plain) return this.sink.onData(chunk);
    this.held?.push(chunk);
    this.first ??= this.chain(0, chunk);
    this.first.write(chunk);
  }

  end(): void {
    this.ended = true;
    if (this.over) return;
    // A body without a byte has no coding either.
    if (this.plain || this.first === undefined) this.sink.onEnd();
    else this.first.end();
  }

  /** Unpacks no more than its streams keep room for, until `resume()`. */
  pause(): void {
    for (const part of this.parts) part.pause();
  }

  resume(): void {
    for (const part of this.parts) part.resume();
  }

  destroy(): void {
    this.over = true;
    for (const part of this.parts) part.destroy();
  }

  private chain(index: number, chunk: Buffer): Transform {
    const part = this.decoders[index]!(chunk);
    this.parts.push(part);
    part.on('error', (error) => this.onError(error));
    if (index === this.decoders.length - 1) {
      part.on('data', (data: Buffer) => {
        if (this.over || this.plain) return;
        this.held = undefined;
        this.sink.onData(data);
      });
      return part.on('end', () => {
        if (!this.over && !this.plain) this.sink.onEnd();
      });
    }
    let next: Transform | undefined;
    part.on('data', (data: Buffer) => {
      next ??= this.chain(index + 1, data);
      next.write(data);
    });
    return part.on('end', () => {
      if (next !== undefined) next.end();
      else if (!this.over && !this.plain) this.sink.onEnd();
    });
  }

  private onError(error: Error): void {
    if (this.over || this.plain) return;
    const { held } = this;
    if (held === undefined || isGzip(held[0]!)) {
      this.destroy();
      return this.sink.onError(error);
    }
    this.plain = true;
    this.held = undefined;
    for (const part of this.parts) part.destroy();
    for (const chunk of held) if (!this.over) this.sink.onData(chunk);
    if (this.ended && !this.over) this.sink.onEnd();
  }
}

/** Such a body is broken, and not mislabelled. */
function isGzip(chunk: Buffer): boolean {
  return chunk[0] === 0x1f && chunk[1] === 0x8b;
}
