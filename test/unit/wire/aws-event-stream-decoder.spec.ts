import { describe, expect, it } from '@jest/globals';
import { EventStreamCodec } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import { crc32 } from 'node:zlib';
import { APIResponseValidationError } from '../../../lib/index.js';
import { AwsEventStreamDecoder } from '../../../lib/wire/aws-event-stream-decoder.js';
import { DEFAULT_LIMITS } from '../../../lib/deployments/defaults.js';
import type { WireEvent } from '../../../lib/wire/wire-decoder.interface.js';
import { cutAt, cuts } from '../../support/cuts.js';
import { recordingsOf } from '../../support/recordings.js';

/** AWS's own codec writes the bytes, and reads them for comparison. */
const codec = new EventStreamCodec(
  (bytes) => (typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('utf8')),
  (text) => Buffer.from(text, 'utf8'),
);

type Headers = Parameters<typeof codec.encode>[0]['headers'];

function messageOf(headers: Headers, payload: string | Buffer): Buffer {
  return Buffer.from(codec.encode({ headers, body: Buffer.from(payload as string) }));
}

const typed = (type: string): Headers => ({ ':event-type': { type: 'string', value: type } });

function decode(chunks: readonly Buffer[]): WireEvent[] {
  const events: WireEvent[] = [];
  const decoder = new AwsEventStreamDecoder((event) => events.push(event), DEFAULT_LIMITS.eventSize);
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return events;
}

const name = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 });
const headerValue: fc.Arbitrary<Headers[string]> = fc.oneof(
  fc.boolean().map((value) => ({ type: 'boolean' as const, value })),
  fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 'byte' as const, value })),
  fc.integer({ min: -32_768, max: 32_767 }).map((value) => ({ type: 'short' as const, value })),
  fc.integer().map((value) => ({ type: 'integer' as const, value })),
  fc.date({ noInvalidDate: true }).map((value) => ({ type: 'timestamp' as const, value })),
  fc.uint8Array({ maxLength: 300 }).map((value) => ({ type: 'binary' as const, value })),
  fc.uuid().map((value) => ({ type: 'uuid' as const, value })),
  fc.string({ unit: 'grapheme', maxLength: 100 }).map((value) => ({ type: 'string' as const, value })),
);
const messages = fc.array(
  fc.record({
    type: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    headers: fc.dictionary(name, headerValue, { maxKeys: 4, noNullPrototype: true }),
    payload: fc.string({ unit: 'grapheme', maxLength: 200 }),
  }),
  { maxLength: 8 },
);

describe('AwsEventStreamDecoder', () => {
  it("reads what AWS's own codec writes, however it is cut", () => {
    fc.assert(
      fc.property(messages, cuts, (list, places) => {
        const bytes = Buffer.concat(
          list.map(({ headers, type, payload }) => messageOf({ ...headers, ...typed(type) }, payload)),
        );
        expect(decode(cutAt(bytes, places))).toEqual(
          list.map(({ type, payload }) => ({ event: type, data: payload })),
        );
      }),
    );
  });

  it('tells headers that are alike from those that are the same', () => {
    const type = fc.constantFrom('delta', 'Delta', 'delt', 'deltas', '');
    const more = fc.constantFrom<Headers>({}, { a: { type: 'string', value: 'b' } });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(type, more, fc.string({ maxLength: 5 })), { maxLength: 30 }),
        cuts,
        (list, places) => {
          const bytes = Buffer.concat(
            list.map(([event, other, data]) => messageOf({ ...other, ...typed(event) }, data)),
          );
          expect(decode(cutAt(bytes, places))).toEqual(list.map(([event, , data]) => ({ event, data })));
        },
      ),
    );
  });

  it('reads a message that comes byte by byte, and several at once', () => {
    const bytes = Buffer.concat([
      messageOf(typed('a'), 'ä€😀'),
      messageOf(typed('b'), ''),
      messageOf({}, 'c'),
    ]);
    const expected = [
      { event: 'a', data: 'ä€😀' },
      { event: 'b', data: '' },
      { event: undefined, data: 'c' },
    ];
    expect(decode([...bytes].map((byte) => Buffer.from([byte])))).toEqual(expected);
    expect(decode([bytes])).toEqual(expected);
  });

  it('gives an event as soon as its last byte is there', () => {
    const events: WireEvent[] = [];
    const decoder = new AwsEventStreamDecoder((event) => events.push(event), DEFAULT_LIMITS.eventSize);
    const bytes = messageOf(typed('a'), '{}');
    decoder.push(bytes.subarray(0, -1));
    expect(events).toEqual([]);
    decoder.push(bytes.subarray(-1));
    expect(events).toHaveLength(1);
    decoder.end();
  });

  it.each([
    [':exception-type', 'throttlingException'],
    [':error-code', 'internalError'],
  ])('takes the header %s for the type', (header, value) => {
    const bytes = messageOf({ [header]: { type: 'string', value } }, '{"message":"x"}');
    expect(decode([bytes])).toEqual([{ event: value, data: '{"message":"x"}' }]);
  });

  it('notices any byte that is wrong', () => {
    const payload = fc.string({ unit: 'grapheme', maxLength: 60 });
    fc.assert(
      fc.property(payload, fc.nat(), fc.integer({ min: 1, max: 255 }), cuts, (text, at, mask, places) => {
        const bytes = messageOf(typed('event'), text);
        const index = at % bytes.length;
        bytes[index] = bytes[index]! ^ mask;
        expect(() => decode(cutAt(bytes, places))).toThrow(APIResponseValidationError);
        expect(() => codec.decode(bytes)).toThrow(Error);
      }),
    );
  });

  it('notices a body that stops inside of a message', () => {
    const bytes = Buffer.concat([messageOf(typed('a'), '{"a":1}'), messageOf(typed('b'), '{"b":2}')]);
    const first = messageOf(typed('a'), '{"a":1}').length;
    for (let length = 1; length < bytes.length; length++) {
      if (length === first) continue;
      const part = bytes.subarray(0, length);
      expect(() => decode([part])).toThrow(APIResponseValidationError);
    }
    expect(decode([bytes.subarray(0, first)])).toEqual([{ event: 'a', data: '{"a":1}' }]);
  });

  /** A frame whose checksums fit, whatever its lengths say. */
  function frameOf(total: number, headersLength: number, rest: Buffer): Buffer {
    const prelude = Buffer.alloc(12);
    prelude.writeUInt32BE(total, 0);
    prelude.writeUInt32BE(headersLength, 4);
    prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
    const body = Buffer.concat([prelude, rest]);
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(body));
    return Buffer.concat([body, checksum]);
  }

  it('refuses a message above the limit before it has come', () => {
    const prelude = frameOf(DEFAULT_LIMITS.eventSize + 1, 0, Buffer.alloc(0));
    const attempt = () => new AwsEventStreamDecoder(() => {}, DEFAULT_LIMITS.eventSize).push(prelude);
    expect(attempt).toThrow(APIResponseValidationError);
    expect(attempt).toThrow(/larger than/);
  });

  it.each<[string, Buffer]>([
    ['shorter than its frame', frameOf(15, 0, Buffer.alloc(0))],
    ['longer than their message', frameOf(16, 1, Buffer.alloc(0))],
    ['cut off', frameOf(18, 2, Buffer.from([5, 97]))],
    ['cut off', frameOf(20, 4, Buffer.from([1, 97, 7, 0]))],
    ['cut off', frameOf(21, 5, Buffer.from([1, 97, 7, 0, 9]))],
    ['unknown type', frameOf(19, 3, Buffer.from([1, 97, 99]))],
  ])('refuses lengths and types that cannot be: %s', (what, bytes) => {
    expect(() => decode([bytes])).toThrow(APIResponseValidationError);
    expect(() => decode([bytes])).toThrow(what);
  });

  it('reads the recorded frames of Bedrock as the codec does', () => {
    const frames = recordingsOf('bedrock/openllmetry', 'aws').filter(({ streamed }) => streamed);
    expect(frames.length).toBeGreaterThan(0);
    for (const { body } of frames) {
      const expected: WireEvent[] = [];
      for (let at = 0; at < body.length; at += body.readUInt32BE(at)) {
        const { headers, body: payload } = codec.decode(body.subarray(at, at + body.readUInt32BE(at)));
        expected.push({
          event: headers[':event-type']!.value as string,
          data: Buffer.from(payload).toString('utf8'),
        });
      }
      expect(decode([body])).toEqual(expected);
    }
  });
});
