import type { CompleteAnswer } from './complete-answer.js';
import { line, PartWriter } from './framing.js';
import type { Wire, WireRequest } from './wire.interface.js';

const error = (_status: number, _code: string, message: string): object => ({ error: message });
const model = ({ body }: WireRequest): string | undefined => body?.model;

function documentOf(answer: CompleteAnswer, name: string, message: object, done: boolean): object {
  return {
    model: name,
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: '', ...message },
    done,
    ...(done && {
      done_reason: answer.finishReason === 'length' ? 'length' : 'stop',
      prompt_eval_count: answer.usage.prompt,
      eval_count: answer.usage.completion,
    }),
  };
}

const called = ({ name, input }: CompleteAnswer['toolCalls'][number]): object => ({
  function: { name, arguments: input },
});

/** Ollama's own chat. */
export const OLLAMA: Wire = {
  name: 'ollama',
  operation: 'chat',
  contentType: 'application/x-ndjson',
  matches: ({ pathname }) => pathname.endsWith('/api/chat'),
  model,
  isStream: ({ body }) => body?.stream !== false,
  whole(answer, _request, name) {
    const { text, reasoning, toolCalls } = answer;
    const message = {
      content: text,
      ...(reasoning.length > 0 && { thinking: reasoning.join('') }),
      ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(called) }),
    };
    return documentOf(answer, name, message, true);
  },
  stream(answer, _request, name) {
    const messages = [
      ...answer.reasoning.map((thinking) => ({ thinking })),
      ...answer.pieces.map((content) => ({ content })),
      ...answer.toolCalls.map((call) => ({ tool_calls: [called(call)] })),
    ];
    return new PartWriter(line)
      .pieces(messages.map((message) => documentOf(answer, name, message, false)))
      .around(documentOf(answer, name, {}, true)).parts;
  },
  error,
};

/** Ollama's embeddings. */
export const OLLAMA_EMBEDDINGS: Wire = {
  name: 'ollama',
  operation: 'embeddings',
  matches: ({ pathname }) => pathname.endsWith('/api/embed'),
  model,
  isStream: () => false,
  whole: (answer, { body }, name) => ({
    model: name,
    embeddings: answer.vectors(Array.isArray(body?.input) ? body.input.length : 1),
    prompt_eval_count: answer.usage.prompt,
  }),
  error,
};
