import type { CompleteAnswer } from './complete-answer.js';
import { named, PartWriter } from './framing.js';
import type { Wire } from './wire.interface.js';

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
} as const;

function messageOf(answer: CompleteAnswer, model: string): object {
  const { reasoning, pieces, text, toolCalls, usage } = answer;
  return {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    model,
    content: [
      ...(reasoning.length > 0
        ? [{ type: 'thinking', thinking: reasoning.join(''), signature: 'fake' }]
        : []),
      ...(pieces.length > 0 ? [{ type: 'text', text }] : []),
      ...toolCalls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input })),
    ],
    stop_reason: STOP_REASONS[answer.finishReason],
    stop_sequence: null,
    usage: {
      input_tokens: usage.prompt - usage.cached,
      output_tokens: usage.completion,
      cache_read_input_tokens: usage.cached,
    },
  };
}

/** Anthropic's Messages, on its own API and on those of other hosts. */
export const ANTHROPIC: Wire = {
  name: 'anthropic',
  operation: 'chat',
  contentType: 'text/event-stream',
  matches: ({ method, pathname }) =>
    method === 'POST' &&
    (pathname.endsWith('/messages') || /\/publishers\/anthropic\/.*:(raw|streamRaw)Predict$/.test(pathname)),
  model: ({ pathname, body }) =>
    body?.model ?? decodeURIComponent(/\/models\/([^:]+):/.exec(pathname)?.[1] ?? ''),
  isStream: ({ pathname, body }) => body?.stream === true || pathname.endsWith(':streamRawPredict'),
  whole: (answer, _request, model) => messageOf(answer, model),
  stream(answer, _request, model) {
    const { reasoning, pieces, toolCalls, usage, finishReason } = answer;
    const message = { ...messageOf({ ...answer, toolCalls: [] }, model), content: [], stop_reason: null };
    const writer = new PartWriter(named).around({ type: 'message_start', message });
    let index = 0;
    const block = (start: object, deltas: readonly object[], end: readonly object[] = []): void => {
      const delta = (one: object): object => ({ type: 'content_block_delta', index, delta: one });
      writer
        .around({ type: 'content_block_start', index, content_block: start })
        .pieces(deltas.map(delta))
        .around(...end.map(delta), { type: 'content_block_stop', index });
      index++;
    };
    if (reasoning.length > 0) {
      block(
        { type: 'thinking', thinking: '', signature: '' },
        reasoning.map((thinking) => ({ type: 'thinking_delta', thinking })),
        [{ type: 'signature_delta', signature: 'fake' }],
      );
    }
    if (pieces.length > 0)
      block(
        { type: 'text', text: '' },
        pieces.map((text) => ({ type: 'text_delta', text })),
      );
    for (const { id, name, json } of toolCalls)
      block({ type: 'tool_use', id, name, input: {} }, [{ type: 'input_json_delta', partial_json: json }]);
    return writer.around(
      {
        type: 'message_delta',
        delta: { stop_reason: STOP_REASONS[finishReason], stop_sequence: null },
        usage: { output_tokens: usage.completion },
      },
      { type: 'message_stop' },
    ).parts;
  },
  error: (_status, code, message) => ({ type: 'error', error: { type: code, message } }),
};
