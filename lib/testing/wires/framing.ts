import { crc32 } from 'node:zlib';
import type { WirePart } from './wire.interface.js';

type Frame = (event: object) => Buffer;

/** An event of an event stream. */
export const sse: Frame = (event) => Buffer.from(`data: ${JSON.stringify(event)}\n\n`);

/** An event of an event stream that is named after its type. */
export const named: Frame = (event) =>
  Buffer.from(`event: ${(event as { type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`);

export const line: Frame = (event) => Buffer.from(`${JSON.stringify(event)}\n`);

/** A message of an AWS event stream, named after its only field. */
export const aws: Frame = (event) => {
  const [[type, payload]] = Object.entries(event) as [[string, unknown]];
  return awsMessage(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    Buffer.from(JSON.stringify(payload)),
  );
};

/**
 * @see {@link https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html} for the layout
 */
export function awsMessage(headers: Readonly<Record<string, string>>, payload: Buffer): Buffer {
  const encoded = Buffer.concat(
    Object.entries(headers).flatMap(([name, value]) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(Buffer.byteLength(value));
      return [Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)];
    }),
  );
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + encoded.length + payload.length, 0);
  prelude.writeUInt32BE(encoded.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const end = Buffer.alloc(4);
  const message = Buffer.concat([prelude, encoded, payload, end]);
  message.writeUInt32BE(crc32(message.subarray(0, -4)), message.length - 4);
  return message;
}

/** What a format writes: pieces of the answer, and what is around them. */
export class PartWriter {
  readonly parts: WirePart[] = [];

  constructor(private readonly frame: Frame) {}

  around(...events: readonly object[]): this {
    for (const event of events) this.parts.push({ bytes: this.frame(event), isPiece: false });
    return this;
  }

  pieces(events: readonly object[]): this {
    for (const event of events) this.parts.push({ bytes: this.frame(event), isPiece: true });
    return this;
  }

  raw(text: string): this {
    this.parts.push({ bytes: Buffer.from(text), isPiece: false });
    return this;
  }
}

/** An AWS event stream whose payloads were changed, of the same length, with the checksums that it has then. */
export function resealed(stream: Buffer): Buffer {
  const sealed = Buffer.from(stream);
  for (let at = 0; at + 16 <= sealed.length;) {
    const length = sealed.readUInt32BE(at);
    if (length < 16 || at + length > sealed.length) break;
    const end = at + length - 4;
    sealed.writeUInt32BE(crc32(sealed.subarray(at, end)), end);
    at += length;
  }
  return sealed;
}
