import { crc32 } from 'node:zlib';
import { APIResponseValidationError } from '../errors/errors.js';
import { eventTooLarge } from './event-limit.js';
import type { WireDecoder, WireEvent } from './wire-decoder.interface.js';

/** Total length, length of the headers, CRC-32 of those two. */
const PRELUDE_BYTES = 12;
const CRC_BYTES = 4;
/** Prelude and the CRC-32 of the message: a message without headers and payload. */
const MIN_MESSAGE_BYTES = PRELUDE_BYTES + CRC_BYTES;

/** Bytes of a header value by its type; types 6 and 7 say their length themselves. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };
const BYTE_ARRAY = 6;
const STRING = 7;

function broken(what: string): APIResponseValidationError {
  return new APIResponseValidationError(`the AWS event stream is broken: ${what}`, {
    code: 'broken_event_stream',
    phase: 'body',
  });
}

/**
 * AWS event stream: binary messages with two checksums each. The event's type is the header `:event-type`, or
 * `:exception-type`; the data is the payload as text.
 *
 * @see {@link https://docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html} for the message format
 */
export class AwsEventStreamDecoder implements WireDecoder {
  private pending: Buffer[] = [];
  private size = 0;
  /** Bytes that are needed before there is anything to read. */
  private needed = MIN_MESSAGE_BYTES;

  /** @param maxSize of an event, in characters */
  constructor(
    private readonly onEvent: (event: WireEvent) => void,
    private readonly maxSize: number,
  ) {}

  push(chunk: Buffer): void {
    this.pending.push(chunk);
    this.size += chunk.length;
    if (this.size < this.needed) return;
    let bytes = this.pending.length === 1 ? chunk : Buffer.concat(this.pending, this.size);
    this.needed = MIN_MESSAGE_BYTES;
    while (bytes.length >= MIN_MESSAGE_BYTES) {
      const total = bytes.readUInt32BE(0);
      if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8))
        throw broken('the checksum of a prelude is wrong');
      if (total < MIN_MESSAGE_BYTES) throw broken('a message is shorter than its frame');
      if (total > this.maxSize) throw eventTooLarge(this.maxSize);
      if (bytes.length < total) {
        this.needed = total;
        break;
      }
      this.message(bytes.subarray(0, total));
      bytes = bytes.subarray(total);
    }
    this.pending = bytes.length > 0 ? [bytes] : [];
    this.size = bytes.length;
  }

  end(): void {
    if (this.size > 0) throw broken('it stops inside of a message');
  }

  private message(bytes: Buffer): void {
    const crcAt = bytes.length - CRC_BYTES;
    if (crc32(bytes.subarray(0, crcAt)) !== bytes.readUInt32BE(crcAt))
      throw broken('the checksum of a message is wrong');
    const payloadAt = PRELUDE_BYTES + bytes.readUInt32BE(4);
    if (payloadAt > crcAt) throw broken('the headers are longer than their message');
    const headers = readHeaders(bytes.subarray(PRELUDE_BYTES, payloadAt));
    this.onEvent({
      event: headers[':event-type'] ?? headers[':exception-type'] ?? headers[':error-code'],
      data: bytes.toString('utf8', payloadAt, crcAt),
    });
  }
}

/** The headers whose values are text: those that matter are. */
function readHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  let at = 0;
  while (at < bytes.length) {
    const nameLength = bytes[at]!;
    const typeAt = at + 1 + nameLength;
    if (typeAt >= bytes.length) throw broken('a header is cut off');
    const type = bytes[typeAt]!;
    let valueAt = typeAt + 1;
    let length = VALUE_BYTES[type];
    if (type === BYTE_ARRAY || type === STRING) {
      if (valueAt + 2 > bytes.length) throw broken('a header is cut off');
      length = bytes.readUInt16BE(valueAt);
      valueAt += 2;
    }
    if (length === undefined) throw broken(`a header has the unknown type ${type}`);
    if (valueAt + length > bytes.length) throw broken('a header is cut off');
    if (type === STRING)
      headers[bytes.toString('utf8', at + 1, typeAt)] = bytes.toString('utf8', valueAt, valueAt + length);
    at = valueAt + length;
  }
  return headers;
}
