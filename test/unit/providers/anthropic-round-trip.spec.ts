import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChatMessage, ChatRequest } from '../../../lib/index.js';
import { anthropicCompletionFormat } from '../../../lib/providers/anthropic/anthropic.format.js';

const format = anthropicCompletionFormat();

/** What one piece of a conversation says, whoever's form it has. */
type Saying = readonly [role: string, kind: string, what: unknown];

const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => value.trim() === value);
const json = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), {
  maxKeys: 3,
  noNullPrototype: true,
});
const parts = fc.array(
  fc.oneof(
    text.map((value) => ({ type: 'text' as const, text: value })),
    fc.base64String({ minLength: 4 }).map((data) => ({
      type: 'image_url' as const,
      image_url: { url: `data:image/png;base64,${data}` },
    })),
  ),
  { minLength: 1, maxLength: 3 },
);
const user = fc.oneof(text, parts).map((content): ChatMessage[] => [{ role: 'user', content }]);
const system = fc
  .record({ role: fc.constantFrom('system' as const, 'developer' as const), content: text })
  .map((message): ChatMessage[] => [message]);
const thinking = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('thinking' as const), thinking: fc.string(), signature: text }),
    fc.record({ type: fc.constant('redacted_thinking' as const), data: text }),
  ),
  { maxLength: 2 },
);
const answer = fc
  .record({ content: text, thinking_blocks: thinking })
  .map((fields): ChatMessage[] => [{ role: 'assistant', ...fields }]);
const calls = fc
  .record({
    content: fc.option(text),
    thinking_blocks: thinking,
    calls: fc.uniqueArray(
      fc.record({
        id: fc.stringMatching(/^[\w-]{1,12}$/),
        name: fc.stringMatching(/^\w{1,8}$/),
        input: json,
      }),
      { minLength: 1, maxLength: 3, selector: ({ id }) => id },
    ),
    order: fc.infiniteStream(fc.nat()),
    results: fc.infiniteStream(fc.string()),
  })
  .map(({ calls: made, order, results, ...fields }): ChatMessage[] => [
    {
      role: 'assistant',
      ...fields,
      tool_calls: made.map(({ id, name, input }) => ({
        id,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      })),
    },
    // Results may come in any order.
    ...made
      .map(({ id }) => ({ id, rank: order.next().value as number }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ id }) => ({
        role: 'tool' as const,
        tool_call_id: id,
        content: results.next().value as string,
      })),
  ]);

/** A conversation that OpenAI would take, which begins with the user and does not end in an answer. */
const conversation = fc
  .tuple(user, fc.array(fc.oneof(user, system, answer, calls), { maxLength: 6 }), user)
  .map(([first, middle, last]) => [first, ...middle, last].flat());

function sayingsOf(message: ChatMessage): Saying[] {
  if (message.role === 'tool')
    return [['user', 'result', { id: message.tool_call_id, content: message.content }]];
  const { content } = message;
  const role = message.role === 'developer' ? 'system' : message.role;
  const list = typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? []);
  const said = (list as any[]).map((part): Saying =>
    part.type === 'text' ? [role, 'text', part.text] : [role, 'image', part.image_url.url.split(',')[1]],
  );
  if (message.role !== 'assistant') return said;
  return [
    ...(message.thinking_blocks ?? []).map((block): Saying => [role, 'thinking', block]),
    ...said,
    ...(message.tool_calls ?? []).map((call: any): Saying => [
      role,
      'call',
      { id: call.id, name: call.function.name, input: JSON.parse(call.function.arguments) },
    ]),
  ];
}

function sayingOf(role: string, block: any): Saying {
  switch (block.type) {
    case 'text':
      return [role, 'text', block.text];
    case 'image':
      return [role, 'image', block.source.data];
    case 'tool_use':
      return [role, 'call', { id: block.id, name: block.name, input: block.input }];
    case 'tool_result':
      return [role, 'result', { id: block.tool_use_id, content: block.content }];
    default:
      return [role, 'thinking', block];
  }
}

describe('a conversation translated for Anthropic', () => {
  it('says the same, in the same order', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const request: ChatRequest = { model: 'claude-opus-4-5', messages };
        const { body } = format.request(request, {
          request,
          providerOptions: {},
          provider: 'anthropic',
          model: 'claude-opus-4-5',
          dropParams: false,
          droppedParams: [],
        });
        const { system: instructions = [], messages: turns } = JSON.parse(String(body));
        const expected = messages.flatMap(sayingsOf);
        const isSystem = ([role]: Saying) => role === 'system';
        expect(instructions.map((block: any) => sayingOf('system', block))).toEqual(
          expected.filter(isSystem),
        );
        expect(
          turns.flatMap(({ role, content }: any) => content.map((block: any) => sayingOf(role, block))),
        ).toEqual(expected.filter((saying) => !isSystem(saying)));
        for (const [index, { role }] of turns.entries()) {
          expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant');
        }
      }),
      { numRuns: 500 },
    );
  });
});
