import type { ContentPart } from '../../operations/chat/chat-request.interface.js';
import { templateTraits } from '../kit/families/chat-templates.js';
import type { Fields } from '../kit/fields.js';
import { refusal } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';

/** Between two messages that are joined into one. */
const BREAK = '\n\n';

/** Between a tool's result and what a user says next, where a user may not speak right after a tool. */
const ANSWER = { role: 'assistant', content: 'OK.' };

const isSystem = ({ role }: Fields): boolean => role === 'system';

/**
 * For a server that wants the instructions first, and then user and assistant by turns, a user first and last.
 *
 * @see {@link https://docs.perplexity.ai/api-reference/chat-completions-post}
 * @throws {BadRequestError} for a conversation that ends with an answer
 */
export function alternate(messages: readonly Fields[], context: FormatContext): Fields[] {
  const arranged = byTurns(messages);
  if (arranged.at(-1)!['role'] === 'assistant')
    throw refusal('a conversation that ends with an answer: end it with a message of the user', context);
  return arranged;
}

/** For a server that renders a conversation by the chat template of the model: as that one takes it. */
export function asTemplateTakes(messages: readonly Fields[], { model }: FormatContext): readonly Fields[] {
  const traits = templateTraits(model);
  if (!traits.turns) return messages;
  const arranged = byTurns(traits.userAfterTool ? messages : withAnswers(messages));
  return traits.system ? oneSystem(arranged) : withoutSystem(arranged);
}

function byTurns(messages: readonly Fields[]): Fields[] {
  const turns = joinTurns(messages.filter((one) => !isSystem(one)));
  const system = messages.filter(isSystem);
  // Instructions alone are a question, and an answer comes after one.
  if (turns.length === 0) return joinTurns(system.map((message) => ({ ...message, role: 'user' })));
  if (turns[0]!['role'] === 'assistant') turns.unshift({ role: 'user', content: 'Go on.' });
  return [...system, ...turns];
}

function joinTurns(messages: readonly Fields[]): Fields[] {
  const turns: Fields[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    if (last !== undefined && last['role'] === message['role'] && message['role'] !== 'tool') {
      turns[turns.length - 1] = joined(last, message);
    } else turns.push(message);
  }
  return turns;
}

function withAnswers(messages: readonly Fields[]): Fields[] {
  return messages.flatMap((message, index): Fields[] =>
    message['role'] === 'user' && messages[index - 1]?.['role'] === 'tool' ? [ANSWER, message] : [message],
  );
}

function oneSystem(messages: readonly Fields[]): Fields[] {
  const count = messages.filter(isSystem).length;
  return count < 2
    ? [...messages]
    : [messages.slice(0, count).reduce((first, second) => joined(first, second)), ...messages.slice(count)];
}

/** The instructions before what the user says first, which is the first that is said. */
function withoutSystem(messages: readonly Fields[]): Fields[] {
  const count = messages.filter(isSystem).length;
  if (count === 0) return [...messages];
  const [first, ...others] = messages.slice(count);
  return [[...messages.slice(0, count), first!].reduce((one, next) => joined(one, next)), ...others];
}

function joined(first: Fields, second: Fields): Fields {
  const [a, b] = [first['content'] ?? '', second['content'] ?? ''];
  const calls = [first['tool_calls'], second['tool_calls']].filter(Array.isArray).flat();
  const content =
    typeof a === 'string' && typeof b === 'string'
      ? [a, b].filter((text) => text !== '').join(BREAK)
      : [...asParts(a), ...asParts(b)];
  return { ...first, ...second, content, ...(calls.length > 0 && { tool_calls: calls }) };
}

function asParts(content: unknown): unknown[] {
  if (typeof content !== 'string') return content as ContentPart[];
  return content === '' ? [] : [{ type: 'text', text: content }];
}
