import { Buffer } from 'node:buffer';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { APIResponseValidationError } from '../../../lib/index.js';
import { DEFAULT_LIMITS } from '../../../lib/deployments/defaults.js';
import { SseDecoder } from '../../../lib/wire/sse-decoder.js';

interface Decoded {
  event: string | undefined;
  data: string;
}

function collector(): { decoder: SseDecoder; events: Decoded[] } {
  const events: Decoded[] = [];
  return {
    decoder: new SseDecoder(({ event, data }) => events.push({ event, data }), DEFAULT_LIMITS.eventSize),
    events,
  };
}

function decode(pieces: readonly (string | Buffer)[]): Decoded[] {
  const { decoder, events } = collector();
  for (const piece of pieces) decoder.push(Buffer.from(piece));
  decoder.end();
  return events;
}

/**
 * "Interpreting an event stream" of the HTML standard, for a whole stream, with the two leniencies that `SseDecoder`
 * documents: a last event without its blank line is given out, one without data is not.
 */
function interpret(bytes: Buffer): Decoded[] {
  const events: Decoded[] = [];
  let data = '';
  let type = '';
  for (const line of [...new TextDecoder().decode(bytes).split(/\r\n|\n|\r/), '']) {
    if (line === '') {
      if (data !== '' && data !== '\n') events.push({ event: type || undefined, data: data.slice(0, -1) });
      data = '';
      type = '';
      continue;
    }
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
    if (field === 'data') data += `${value ?? ''}\n`;
    if (field === 'event') type = value ?? '';
  }
  return events;
}

const message = (data: string, event?: string): Decoded => ({ event, data });

describe('SseDecoder', () => {
  const cases: readonly (readonly [name: string, stream: string, events: Decoded[]])[] = [
    ['LF', 'data: a\n\ndata: b\n\n', [message('a'), message('b')]],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [message('a'), message('b')]],
    ['CR', 'data: a\r\rdata: b\r\r', [message('a'), message('b')]],
    [
      'line ends of all three kinds',
      'data: a\r\n\ndata: b\r\r\ndata: c\n\r',
      [message('a'), message('b'), message('c')],
    ],
    ['a byte order mark', '\ufeffdata: a\n\n', [message('a')]],
    [
      'a second byte order mark, which is part of the name',
      '\ufeff\ufeffdata: a\n\ndata: b\n\n',
      [message('b')],
    ],
    ['comments', ': ping\n\n:\n\ndata: a\n: in between\ndata: b\n\n', [message('a\nb')]],
    ['empty data', 'data:\n\ndata\n\ndata: \n\ndata: a\n\n', [message('a')]],
    ['no space after the colon', 'data:a\n\n', [message('a')]],
    ['only one space is not part of the value', 'data:  a\n\n', [message(' a')]],
    ['data of several lines', 'data: {\ndata:  "a": 1\ndata: }\n\n', [message('{\n "a": 1\n}')]],
    ['lines of data that are empty', 'data\ndata\n\n', [message('\n')]],
    [
      'event, id and retry',
      'id: 1\nevent: delta\nretry: 10\ndata: a\n\ndata: b\n\n',
      [message('a', 'delta'), message('b')],
    ],
    ['the last event name counts', 'event: a\nevent: b\ndata: c\n\n', [message('c', 'b')]],
    ['an event name of an event without data', 'event: a\n\ndata: b\n\n', [message('b')]],
    [
      'fields that the standard does not know',
      'foo: 1\nDATA: x\ndata : y\nretry: soon\ndata: a\n\n',
      [message('a')],
    ],
    ['a colon in the value', 'data: a: b\n\n', [message('a: b')]],
    ['NUL in data', 'data: a\0b\n\n', [message('a\0b')]],
    ['NUL in an id', 'id: a\0b\ndata: c\n\n', [message('c')]],
    [
      'line separators of Unicode, which end no line',
      'data: a\u2028b\u0085c\n\n',
      [message('a\u2028b\u0085c')],
    ],
    ['a last event without a blank line', 'data: a\n\ndata: b\n', [message('a'), message('b')]],
    ['a last event without a line end', 'data: a\n\nevent: x\ndata: b', [message('a'), message('b', 'x')]],
    ['nothing', '', []],
    ['nothing but a byte order mark', '\ufeff', []],
  ];

  describe.each(cases)('%s', (_name, stream, events) => {
    it('in one piece', () => expect(decode([stream])).toEqual(events));
    it('byte by byte', () => {
      expect(decode([...Buffer.from(stream)].map((byte) => Buffer.of(byte)))).toEqual(events);
    });
    it('as the standard has it', () => expect(interpret(Buffer.from(stream))).toEqual(events));
  });

  it.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['CR', '\r'],
  ])('gives an event out with the read that completes it: %s', (_name, end) => {
    const { decoder, events } = collector();
    decoder.push(Buffer.from(`data: a${end}${end}`));
    expect(events).toEqual([message('a')]);
    decoder.push(Buffer.from(`data: b${end}`));
    expect(events).toHaveLength(1);
    decoder.push(Buffer.from(end));
    expect(events).toEqual([message('a'), message('b')]);
  });

  it('takes CR and LF in two reads as one line end', () => {
    expect(decode(['data: a\r', '\ndata: b\r', '\n\r', '\n'])).toEqual([message('a\nb')]);
  });

  it.each([1, 2, 3])('joins a character of four bytes that was cut after %i', (at) => {
    const bytes = Buffer.from('data: 😀\n\n');
    expect(decode([bytes.subarray(0, 6 + at), bytes.subarray(6 + at)])).toEqual([message('😀')]);
  });

  it('replaces what is no UTF-8', () => {
    expect(decode([Buffer.from([...Buffer.from('data: '), 0xff, 0x0a, 0x0a])])).toEqual([message('\ufffd')]);
    expect(decode([Buffer.from('data: 😀').subarray(0, 8)])).toEqual([message('\ufffd')]);
  });

  const mebibyte = 'x'.repeat(1024 * 1024);
  it.each([
    ['one line', 'data: ', mebibyte],
    ['many lines', '', `data: ${mebibyte}\n`],
    ['a line that is no data', ': ', mebibyte],
  ])('fails with a typed error on an event above the limit, of %s', (_name, begin, piece) => {
    const { decoder, events } = collector();
    decoder.push(Buffer.from(begin));
    const flood = () => {
      for (let at = 0; at < 20; at++) decoder.push(Buffer.from(piece));
    };
    expect(flood).toThrow(APIResponseValidationError);
    expect(flood).toThrow();
    expect(events).toEqual([]);
  });

  it('takes an event just below the limit', () => {
    const { decoder, events } = collector();
    decoder.push(Buffer.from('data: '));
    for (let at = 0; at < 15; at++) decoder.push(Buffer.from(mebibyte));
    decoder.push(Buffer.from('\n\n'));
    expect(events).toHaveLength(1);
    expect(events[0]!.data).toHaveLength(15 * mebibyte.length);
  });

  it('interprets any stream, cut anywhere, as the standard does', () => {
    const value = fc.string({ unit: 'binary', maxLength: 8 }).map((text) => text.replace(/[\r\n]/g, ''));
    const line = fc
      .tuple(
        fc.constantFrom('data', 'data', 'data', 'event', 'id', 'retry', 'other', ''),
        fc.constantFrom(':', ': ', ':  ', ''),
        value,
      )
      .map(([field, colon, text]) => (colon === '' ? field : field + colon + text));
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r', '\n\n', '\r\n\r\n', '\r\r');
    const stream = fc
      .tuple(fc.constantFrom('', '\ufeff'), fc.array(fc.tuple(line, lineEnd), { maxLength: 12 }), line)
      .map(([mark, lines, last]) =>
        Buffer.from(mark + lines.map(([text, end]) => text + end).join('') + last),
      );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
        const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(decode(pieces)).toEqual(interpret(bytes));
      }),
      { numRuns: 1000 },
    );
  });
});
