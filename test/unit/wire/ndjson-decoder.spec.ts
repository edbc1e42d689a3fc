import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { APIResponseValidationError } from '../../../lib/index.js';
import { DEFAULT_LIMITS } from '../../../lib/deployments/defaults.js';
import { NdjsonDecoder } from '../../../lib/wire/ndjson-decoder.js';
import type { WireEvent } from '../../../lib/wire/wire-decoder.interface.js';
import { cutAt, cuts } from '../../support/cuts.js';

function decode(chunks: readonly Buffer[]): WireEvent[] {
  const events: WireEvent[] = [];
  const decoder = new NdjsonDecoder((event) => events.push(event), DEFAULT_LIMITS.eventSize);
  for (const chunk of chunks) decoder.push(chunk);
  decoder.end();
  return events;
}

const documents = fc.array(
  fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme', maxLength: 50 }), {
    maxKeys: 3,
    noNullPrototype: true,
  }),
  { maxLength: 10 },
);

describe('NdjsonDecoder', () => {
  it('gives a line an event, however the bytes are cut', () => {
    const end = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n \r\n');
    fc.assert(
      fc.property(documents, end, fc.boolean(), cuts, (list, lineEnd, endsWithLineEnd, places) => {
        const text = list.map((one) => JSON.stringify(one)).join(lineEnd) + (endsWithLineEnd ? lineEnd : '');
        const events = decode(cutAt(Buffer.from(text), places));
        expect(events.map(({ data }) => JSON.parse(data))).toEqual(list);
      }),
    );
  });

  it('reads characters that come byte by byte', () => {
    const bytes = Buffer.from('{"a":"ä€😀"}\n{"b":1}\n');
    expect(decode([...bytes].map((byte) => Buffer.from([byte])))).toEqual([
      { data: '{"a":"ä€😀"}' },
      { data: '{"b":1}' },
    ]);
  });

  it('gives a line as soon as it has ended, and the last one at the end', () => {
    const events: WireEvent[] = [];
    const decoder = new NdjsonDecoder((event) => events.push(event), DEFAULT_LIMITS.eventSize);
    decoder.push(Buffer.from('{"a":1}'));
    expect(events).toEqual([]);
    decoder.push(Buffer.from('\n{"b"'));
    expect(events).toEqual([{ data: '{"a":1}' }]);
    decoder.push(Buffer.from(':2}'));
    decoder.end();
    expect(events).toEqual([{ data: '{"a":1}' }, { data: '{"b":2}' }]);
  });

  it('makes no event of lines without text, and none of an empty body', () => {
    expect(decode([Buffer.from('\n \r\n\n')])).toEqual([]);
    expect(decode([])).toEqual([]);
  });

  it('refuses a line above the limit, in one piece or in many', () => {
    const limit = Buffer.alloc(DEFAULT_LIMITS.eventSize, 'x');
    expect(decode([limit])).toHaveLength(1);
    expect(() => decode([limit, Buffer.from('x')])).toThrow(APIResponseValidationError);
    expect(() => decode([Buffer.concat([limit, Buffer.from('x\n')])])).toThrow(APIResponseValidationError);
    const half = limit.subarray(DEFAULT_LIMITS.eventSize / 2);
    expect(() => decode([half, Buffer.concat([half, Buffer.from('x\n')])])).toThrow(
      APIResponseValidationError,
    );
  });

  it('counts the limit anew for each line', () => {
    const line = Buffer.concat([Buffer.alloc(DEFAULT_LIMITS.eventSize - 1, 'x'), Buffer.from('\n')]);
    expect(decode([line, line])).toHaveLength(2);
  });
});
