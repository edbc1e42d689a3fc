import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ThinkTags } from '../../../lib/providers/openai/think-tags.js';

function split(pieces: readonly string[]): { reasoning: string; content: string } {
  const tags = new ThinkTags();
  const parts = pieces.map((piece) => (tags.done ? { reasoning: '', content: piece } : tags.push(piece)));
  parts.push(tags.end());
  return {
    reasoning: parts.map(({ reasoning }) => reasoning).join(''),
    content: parts.map(({ content }) => content).join(''),
  };
}

/** A text in pieces, cut at any places. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

describe('ThinkTags', () => {
  const cases: [string, string, string, string][] = [
    ['an answer without tags', 'Hello', '', 'Hello'],
    ['reasoning and an answer', '<think>\nHm.\n</think>\n\nHello', 'Hm.\n', 'Hello'],
    ['blanks before the tag', ' \n<think>Hm</think>Hello', 'Hm', 'Hello'],
    ['empty reasoning', '<think>\n\n</think>\n\nHello', '', 'Hello'],
    ['reasoning that has not ended', '<think>Hm </thin', 'Hm </thin', ''],
    ['the begin of a tag', '<thi', '', '<thi'],
    ['what looks like a tag at first', '<thing>1</thing>', '', '<thing>1</thing>'],
    ['tags further on', 'See <think>x</think>', '', 'See <think>x</think>'],
    ['a second pair of tags', '<think>a</think>b<think>c</think>', 'a', 'b<think>c</think>'],
    ['nothing', '', '', ''],
    ['blanks alone', '  ', '', '  '],
    ['a less-than sign while reasoning', '<think>a < b </ c</think>d', 'a < b </ c', 'd'],
  ];

  it.each(cases)('splits %s', (_name, text, reasoning, content) => {
    expect(split([text])).toEqual({ reasoning, content });
    expect(split(text.split(''))).toEqual({ reasoning, content });
  });

  it('splits alike wherever the text is cut', () => {
    const pieces = fc.array(
      fc.oneof(fc.constantFrom('<think>', '</think>', '<', '/think', '\n', ' '), fc.string({ maxLength: 5 })),
    );
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { maxLength: 8 }), (some, places) => {
        const text = some.join('');
        expect(split(cut(text, places))).toEqual(split([text]));
      }),
      { numRuns: 2000 },
    );
  });
});
