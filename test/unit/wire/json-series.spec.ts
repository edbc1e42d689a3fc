import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { JsonSeries, type JsonPath } from '../../../lib/wire/json-series.js';

const PATHS: readonly JsonPath[] = [['choices', 0, 'delta', 'content'], ['choices', 0, 'text'], ['padding']];

function chunk(content: string, padding = 'x'): object {
  return {
    id: 'a',
    choices: [{ index: 0, delta: { content }, logprobs: null }],
    model: 'content',
    padding,
  };
}

/** A series that has met three texts like `chunk()`, and so parses the next one by its template. */
function seriesOf(one: string, two: string): JsonSeries {
  const series = new JsonSeries(PATHS);
  for (const text of [one, two, two]) series.parse(text);
  return series;
}

const outcomeOf = (parse: () => unknown): unknown => {
  try {
    return { value: parse() };
  } catch (error) {
    return { error: (error as Error).name };
  }
};

/** `toEqual` passes over the order of fields, and over a field named `__proto__`. */
const written = (value: unknown): string => JSON.stringify(value);

describe('JsonSeries', () => {
  const one = JSON.stringify(chunk('one'));
  const two = JSON.stringify(chunk('two'));

  it.each([
    ['a longer piece', JSON.stringify(chunk('a piece of more than twelve characters'))],
    ['an empty piece', JSON.stringify(chunk(''))],
    ['a line break', JSON.stringify(chunk('\n'))],
    ['quotes', JSON.stringify(chunk('"a", "b"', '"'))],
    ['backslashes before the quote', JSON.stringify(chunk('\\\\', '\\'))],
    ['text of other scripts', JSON.stringify(chunk('日本語 😀', 'é'))],
    ['an escaped lone surrogate', JSON.stringify(chunk('\ud800'))],
    ['escapes where none are needed', two.replace('two', '\\u0074w\\u006f')],
    ['the text of the template in the piece', JSON.stringify(chunk(two, two))],
    ['a further field behind the piece', two.replace('"two"', '"two","content":"three"')],
    ['a further field at the end', two.replace(/\}$/, ',"padding":"other"}')],
    ['no padding', two.replace(',"padding":"x"', '')],
    ['a number for a piece', two.replace('"two"', '2')],
    ['null for a piece', two.replace('"two"', 'null')],
    ['another shape', '{"usage":{"total":1}}'],
    ['a text that is shorter than the template', '{}'],
    ['a list', '[1]'],
    ['a number', '1'],
  ])('parses %s as JSON.parse() does', (_what, text) => {
    const series = seriesOf(one, two);
    for (const each of [text, one, text]) expect(written(series.parse(each))).toBe(written(JSON.parse(each)));
  });

  it.each([
    ['a control character', two.replace('two', 'a\nb')],
    ['an unknown escape', two.replace('two', '\\x')],
    ['a quote that ends the string too early', two.replace('two', 'a"b')],
    ['a string that is not closed', two.slice(0, two.indexOf('two') + 1)],
    ['a text cut off at its end', two.slice(0, -1)],
    ['a text with more behind it', `${two}}`],
    ['an escape before the closing quote', two.replace('two', 'two\\')],
    ['no text', ''],
  ])('refuses %s as JSON.parse() does', (_what, text) => {
    const series = seriesOf(one, two);
    expect(() => series.parse(text)).toThrow(SyntaxError);
    expect(series.parse(one)).toEqual(chunk('one'));
  });

  it('finds the piece among equal strings, in values and in names', () => {
    const text =
      '{"content":"content","choices":[{"delta":{"a":"content","content":"content"}}],"b":"content"}';
    const series = seriesOf(text, text);
    const changed = text.replace('"content":"content"}}', '"content":"changed"}}');
    expect(series.parse(changed)).toEqual(JSON.parse(changed));
  });

  it('takes the last one of fields of the same name, as JSON.parse() does', () => {
    const text = '{"choices":[{"delta":{"content":"a","content":"a"}}]}';
    const series = seriesOf(text, text);
    for (const changed of [text.replace('"a"}', '"b"}'), text.replace('"a",', '"b",')]) {
      expect(series.parse(changed)).toEqual(JSON.parse(changed));
    }
  });

  it('keeps a field named __proto__ a field', () => {
    const text = '{"__proto__":{"x":1},"choices":[{"__proto__":{"y":1},"delta":{"content":"a"}}]}';
    const series = seriesOf(text, text);
    const parsed = series.parse(text.replace('"a"', '"b"')) as { x?: number; choices: [{ y?: number }] };
    expect(written(parsed)).toBe(text.replace('"a"', '"b"'));
    expect(parsed.x).toBeUndefined();
    expect(parsed.choices[0].y).toBeUndefined();
  });

  it('gives out values that have nothing in common with each other', () => {
    const series = seriesOf(one, two);
    const texts = [one, one, two];
    for (const text of texts) {
      const value = series.parse(text) as { id: string; choices: { delta: { content: string } }[] };
      value.id = 'changed';
      value.choices[0]!.delta.content += 'changed';
      value.choices.push({ delta: { content: 'added' } });
    }
    expect(texts.map((text) => series.parse(text))).toEqual([chunk('one'), chunk('one'), chunk('two')]);
  });

  describe('of texts with changing numbers', () => {
    const paths: readonly JsonPath[] = [['text'], ['usage', 'total'], ['usage', 'details', 0, 'count']];
    const textWith = (total: string, count = '1') =>
      `{"text":"a","usage":{"prompt":1,"total":${total},"details":[{"count":${count}}]}}`;

    const valid =
      '0 7 10 999999999999999 1000000000000000 9007199254740993 123456789012345678901 -0 -1 1.5 1.0 0.00000000000000000001 1e2 1E2 0e-1 2e308 1.5e+3';
    const others = [
      '00',
      '01',
      '-',
      '+1',
      '.5',
      '1.',
      '1e',
      '0x1',
      '1 2',
      '',
      'null',
      '"1"',
      '[1]',
      '1,"total":2',
    ];
    const numbers = [...valid.split(' '), ...others];

    it.each(numbers)('parses %s as JSON.parse() does, and the texts behind it', (literal) => {
      for (const first of ['12', '0', '1.5', '1e2', '1.0', '1000000000000000', '-3', literal]) {
        const series = new JsonSeries(paths);
        const texts = [first, first, first, ...numbers, literal, '34'].map((each) => textWith(each, literal));
        for (const text of [...texts, textWith(literal, '3')]) {
          expect(written(outcomeOf(() => series.parse(text)))).toBe(
            written(outcomeOf(() => JSON.parse(text))),
          );
        }
        const value = outcomeOf(() => series.parse(textWith('-0'))) as {
          value: { usage: { total: number } };
        };
        expect(value.value.usage.total).toBe(-0);
      }
    });

    it('parses any numbers as JSON.parse() does', () => {
      const literal = fc.oneof(
        fc.nat().map(String),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.stringMatching(/^-?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?$/),
      );
      fc.assert(
        fc.property(fc.array(fc.tuple(literal, literal), { maxLength: 16 }), (list) => {
          const series = new JsonSeries(paths);
          for (const [total, count] of list) {
            const text = textWith(total, count);
            const outcome = outcomeOf(() => series.parse(text));
            expect(outcome).toStrictEqual(outcomeOf(() => JSON.parse(text)));
          }
        }),
      );
    });
  });

  it('takes white space where JSON allows it, and nowhere else', () => {
    const series = seriesOf(one, two);
    const start = two.slice(0, -1);
    for (const text of [
      `${start}  }`,
      `${two} `,
      `${start} \t}\r\n`,
      ` ${two}`,
      two.replace(/:/g, ': '),
      `${start}\u00a0}`,
      `${two}\u00a0`,
      `${start.slice(0, -1)} "}`,
      ' ',
    ]) {
      expect(written(outcomeOf(() => series.parse(text)))).toBe(written(outcomeOf(() => JSON.parse(text))));
    }
  });

  it('parses texts of many kinds that take turns as JSON.parse() does', () => {
    const kind = fc.constantFrom('content', 'text', 'reasoning');
    const other = fc.constantFrom('{"type":"ping"}', '{}', '[]', JSON.stringify({ padding: 1 }));
    const text = fc
      .tuple(kind, fc.string(), fc.nat(3))
      .map(([name, piece, index]) =>
        JSON.stringify({ choices: [{ index, delta: { [name]: piece }, text: piece }] }),
      );
    const texts = fc.array(fc.oneof({ weight: 5, arbitrary: text }, other), { maxLength: 60 });
    fc.assert(
      fc.property(texts, (list) => {
        const series = new JsonSeries([...PATHS, ['choices', 0, 'index'], ['choices', 0, 'delta', 'text']]);
        for (const each of list) expect(written(series.parse(each))).toBe(written(JSON.parse(each)));
      }),
    );
  });

  it('reuses the values of like texts where it may, and says the same', () => {
    const series = new JsonSeries(PATHS.slice(0, 2), { padding: [['padding']], reused: true });
    const piece = fc.oneof(fc.string(), fc.string({ unit: 'binary', minLength: 13, maxLength: 80 }));
    fc.assert(
      fc.property(piece, piece, fc.boolean(), (content, padding, isSpoilt) => {
        const whole = JSON.stringify(chunk(content, padding));
        const text = isSpoilt ? whole.replace('"padding', '"padding\\') : whole;
        expect(written(outcomeOf(() => series.parse(text)))).toBe(written(outcomeOf(() => JSON.parse(text))));
      }),
    );
    const first = series.parse(one);
    expect(series.parse(two)).toBe(first);
    expect(first).toEqual(chunk('two'));
  });

  it('parses any series of like texts, spoilt ones among them, as JSON.parse() does', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', '\\', '\\"', '","', '~', '\n', ''),
    );
    const value = fc.oneof(
      piece.map((content) => chunk(content)),
      fc.tuple(piece, piece).map(([content, padding]) => chunk(content, padding)),
      piece.map((text) => ({ choices: [{ text, list: [1, { a: text }] }] })),
      fc.jsonValue().map((any) => ({ ...chunk('any'), any })),
      fc.jsonValue(),
    );
    const text = fc
      .tuple(value, fc.constantFrom(0, 0, 2))
      .map(([any, indent]) => JSON.stringify(any, null, indent));
    const spoilt = fc
      .tuple(text, fc.nat(), fc.nat(4), fc.constantFrom('', '"', '\\', ',', '}', '{', '\u0001', 'x'))
      .map(([whole, position, length, put]) => {
        const at = position % (whole.length + 1);
        return whole.slice(0, at) + put + whole.slice(at + length);
      });
    fc.assert(
      fc.property(fc.array(fc.oneof({ weight: 4, arbitrary: text }, spoilt), { maxLength: 24 }), (texts) => {
        const series = new JsonSeries(PATHS);
        for (const each of texts) {
          expect(written(outcomeOf(() => series.parse(each)))).toBe(
            written(outcomeOf(() => JSON.parse(each))),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it('spoils any character of a text and does as JSON.parse() does', () => {
    const text = JSON.stringify(chunk('a "b" \\ and so on', 'pad\n'));
    for (let at = 0; at <= text.length; at++) {
      for (const put of ['', '"', '\\', '~', '\u0001', '}', ',']) {
        for (const skipped of [0, 1, 2]) {
          const spoilt = text.slice(0, at) + put + text.slice(at + skipped);
          const series = seriesOf(text, text);
          expect(written(outcomeOf(() => series.parse(spoilt)))).toBe(
            written(outcomeOf(() => JSON.parse(spoilt))),
          );
        }
      }
    }
  });
});
