import fc from 'fast-check';
import type { ChatMessage, FunctionToolCall } from '../../lib/index.js';

/** Text with something in it: providers refuse, or leave out, what is blank. */
export const text: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter((value) => value.trim() !== '');

const json = fc.dictionary(
  fc.stringMatching(/^[a-z]{1,6}$/),
  fc.oneof(fc.string(), fc.integer(), fc.boolean()),
  {
    maxKeys: 3,
  },
);

interface Turn {
  user: string;
  answer: string | null;
  calls: { name: string; input: object; result: string }[];
  shuffle: number;
}

const turn: fc.Arbitrary<Turn> = fc.record({
  user: text,
  answer: fc.option(text),
  calls: fc.array(fc.record({ name: fc.stringMatching(/^[a-z_]{1,8}$/), input: json, result: text }), {
    maxLength: 3,
  }),
  shuffle: fc.nat(),
});

/**
 * Legal OpenAI conversations: system or developer text, turns of a user and an assistant, tool calls with their
 * results in any order.
 */
export const conversation: fc.Arbitrary<ChatMessage[]> = fc
  .record({
    system: fc.option(fc.record({ role: fc.constantFrom('system' as const, 'developer' as const), text })),
    turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
    last: text,
  })
  .map(({ system, turns, last }) => {
    const messages: ChatMessage[] = [];
    if (system !== null) messages.push({ role: system.role, content: system.text });
    for (const [index, { user, answer, calls, shuffle }] of turns.entries()) {
      messages.push({ role: 'user', content: user });
      const toolCalls = calls.map(({ name, input }, call): FunctionToolCall => ({
        id: `call_${index}_${call}`,
        type: 'function',
        function: { name, arguments: JSON.stringify(input) },
      }));
      if (toolCalls.length === 0) {
        messages.push({ role: 'assistant', content: answer ?? 'ok' });
        continue;
      }
      messages.push({ role: 'assistant', content: answer, tool_calls: toolCalls });
      const results = calls.map(({ result }, call): ChatMessage => ({
        role: 'tool',
        tool_call_id: `call_${index}_${call}`,
        content: result,
      }));
      const by = shuffle % results.length;
      messages.push(...results.slice(by), ...results.slice(0, by));
    }
    messages.push({ role: 'user', content: last });
    return messages;
  });
