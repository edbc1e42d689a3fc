import type { CompleteAnswer } from './complete-answer.js';
import { named, PartWriter } from './framing.js';
import type { Wire, WireRequest } from './wire.interface.js';

const FINISH_REASONS = {
  stop: 'COMPLETE',
  length: 'MAX_TOKENS',
  tool_calls: 'TOOL_CALL',
  content_filter: 'ERROR_TOXIC',
} as const;

const error = (_status: number, _code: string, message: string): object => ({ message });
const model = ({ body }: WireRequest): string | undefined => body?.model;

function usageOf({ usage }: CompleteAnswer): object {
  const tokens = { input_tokens: usage.prompt, output_tokens: usage.completion };
  return { tokens, billed_units: tokens, ...(usage.cached > 0 && { cached_tokens: usage.cached }) };
}

/** Cohere's chat, version 2. */
export const COHERE: Wire = {
  name: 'cohere',
  operation: 'chat',
  contentType: 'text/event-stream',
  matches: ({ pathname }) => /(?<!\/api)\/chat$/.test(pathname),
  model,
  isStream: ({ body }) => body?.stream === true,
  whole(answer) {
    const { reasoning, pieces, text, toolCalls } = answer;
    return {
      id: 'fake',
      finish_reason: FINISH_REASONS[answer.finishReason],
      message: {
        role: 'assistant',
        content: [
          ...(reasoning.length > 0 ? [{ type: 'thinking', thinking: reasoning.join('') }] : []),
          ...(pieces.length > 0 ? [{ type: 'text', text }] : []),
        ],
        ...(toolCalls.length > 0 && {
          tool_calls: toolCalls.map(({ id, name, json }) => ({
            id,
            type: 'function',
            function: { name, arguments: json },
          })),
        }),
      },
      usage: usageOf(answer),
    };
  },
  stream(answer) {
    const writer = new PartWriter(named).around({
      type: 'message-start',
      id: 'fake',
      delta: { message: { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] } },
    });
    let index = 0;
    const block = (kind: 'thinking' | 'text', texts: readonly string[]): void => {
      if (texts.length === 0) return;
      writer
        .around({
          type: 'content-start',
          index,
          delta: { message: { content: { type: kind, [kind]: '' } } },
        })
        .pieces(
          texts.map((text) => ({
            type: 'content-delta',
            index,
            delta: { message: { content: { [kind]: text } } },
          })),
        )
        .around({ type: 'content-end', index });
      index++;
    };
    block('thinking', answer.reasoning);
    block('text', answer.pieces);
    for (const [at, { id, name, json }] of answer.toolCalls.entries()) {
      const call = (fields: object): object => ({ message: { tool_calls: fields } });
      writer
        .around({
          type: 'tool-call-start',
          index: at,
          delta: call({ id, type: 'function', function: { name, arguments: '' } }),
        })
        .pieces([{ type: 'tool-call-delta', index: at, delta: call({ function: { arguments: json } }) }])
        .around({ type: 'tool-call-end', index: at });
    }
    const delta = { finish_reason: FINISH_REASONS[answer.finishReason], usage: usageOf(answer) };
    return writer.around({ type: 'message-end', delta }).parts;
  },
  error,
};

/** Cohere's embeddings, version 2. */
export const COHERE_EMBEDDINGS: Wire = {
  name: 'cohere',
  operation: 'embeddings',
  matches: ({ pathname }) => /(?<!\/api)\/embed$/.test(pathname),
  model,
  isStream: () => false,
  whole: (answer, { body }) => ({
    id: 'fake',
    embeddings: { float: answer.vectors(body?.texts?.length ?? 0) },
    meta: { billed_units: { input_tokens: answer.usage.prompt } },
  }),
  error,
};
