import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PartialJson } from '../../../lib/schema/partial-json.js';

const roots = fc.oneof(
  fc.array(fc.jsonValue({ maxDepth: 4 })),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
);

describe('JSON that comes in pieces', () => {
  it('is the whole value at its end, wherever it was cut', () => {
    fc.assert(
      fc.property(roots, fc.array(fc.nat(40)), fc.constantFrom(undefined, 2), (value, cuts, indent) => {
        const text = JSON.stringify(value, null, indent);
        const json = new PartialJson();
        let at = 0;
        for (const length of cuts) {
          json.push(text.slice(at, at + length));
          at += length;
        }
        json.push(text.slice(at));
        expect(json.value).toEqual(JSON.parse(text));
      }),
      { seed: 7, numRuns: 500 },
    );
  });

  it('has at each place what is known there', () => {
    const json = new PartialJson();
    const seen: unknown[] = [];
    for (const piece of [
      '```json\n{"na',
      'me":"A',
      'd\\u00',
      'e9","n":1',
      '2,"ok":tr',
      'ue,"list":[{"a":"x',
      '"},',
      '3]',
      '}\n```',
    ]) {
      if (json.push(piece)) seen.push(structuredClone(json.value));
    }
    expect(seen.at(-1)).toEqual({ name: 'Adé', n: 12, ok: true, list: [{ a: 'x' }, 3] });
    expect(seen).toContainEqual({ name: 'A' });
    expect(seen).toContainEqual({ name: 'Adé' });
  });

  it('sets no prototype, and follows no endless depth', () => {
    const json = new PartialJson();
    json.push('{"__proto__":{"polluted":1}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    expect(Object.keys(json.value as object)).toEqual(['__proto__']);
    const deep = new PartialJson();
    expect(() => deep.push('['.repeat(100_000))).not.toThrow();
  });
});
