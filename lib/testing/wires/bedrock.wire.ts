import type { CompleteAnswer } from './complete-answer.js';
import { aws, PartWriter } from './framing.js';
import type { Wire, WireRequest } from './wire.interface.js';

const STOP_REASONS = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'content_filtered',
} as const;

const error = (_status: number, code: string, message: string): object => ({ __type: code, message });

const model = ({ pathname }: WireRequest): string | undefined => {
  const name = /\/model\/([^/]+)\//.exec(pathname)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
};

function usageOf({ usage }: CompleteAnswer): object {
  return {
    inputTokens: usage.prompt - usage.cached,
    outputTokens: usage.completion,
    totalTokens: usage.prompt + usage.completion,
    ...(usage.cached > 0 && { cacheReadInputTokens: usage.cached }),
  };
}

/** Amazon Bedrock's Converse. */
export const BEDROCK: Wire = {
  name: 'bedrock',
  operation: 'chat',
  contentType: 'application/vnd.amazon.eventstream',
  matches: ({ pathname }) => /\/converse(-stream)?$/.test(pathname),
  model,
  isStream: ({ pathname }) => pathname.endsWith('-stream'),
  whole(answer) {
    const { reasoning, pieces, text, toolCalls } = answer;
    const content = [
      ...(reasoning.length > 0
        ? [{ reasoningContent: { reasoningText: { text: reasoning.join(''), signature: 'fake' } } }]
        : []),
      ...(pieces.length > 0 ? [{ text }] : []),
      ...toolCalls.map(({ id, name, input }) => ({ toolUse: { toolUseId: id, name, input } })),
    ];
    return {
      output: { message: { role: 'assistant', content } },
      stopReason: STOP_REASONS[answer.finishReason],
      usage: usageOf(answer),
      metrics: { latencyMs: 1 },
    };
  },
  stream(answer) {
    const writer = new PartWriter(aws).around({ messageStart: { role: 'assistant' } });
    let at = 0;
    const block = (deltas: readonly object[], start?: object): void => {
      const place = { contentBlockIndex: at++ };
      if (start !== undefined) writer.around({ contentBlockStart: { ...place, start } });
      writer
        .pieces(deltas.map((delta) => ({ contentBlockDelta: { ...place, delta } })))
        .around({ contentBlockStop: place });
    };
    const { reasoning, pieces, toolCalls, finishReason } = answer;
    if (reasoning.length > 0) block(reasoning.map((text) => ({ reasoningContent: { text } })));
    if (pieces.length > 0) block(pieces.map((text) => ({ text })));
    for (const { id, name, json } of toolCalls)
      block([{ toolUse: { input: json } }], { toolUse: { toolUseId: id, name } });
    return writer.around(
      { messageStop: { stopReason: STOP_REASONS[finishReason] } },
      { metadata: { usage: usageOf(answer), metrics: { latencyMs: 1 } } },
    ).parts;
  },
  error,
};

/** Embeddings by InvokeModel, in the form of the model's maker. */
export const BEDROCK_EMBEDDINGS: Wire = {
  name: 'bedrock',
  operation: 'embeddings',
  matches: ({ pathname }) => /\/model\/[^/]+\/invoke$/.test(pathname),
  model,
  isStream: () => false,
  whole(answer, request) {
    const { texts, taskType, inputType } = request.body ?? {};
    if (texts !== undefined) return { embeddings: { float: answer.vectors(texts.length) } };
    const [embedding] = answer.vectors(1);
    if (taskType !== undefined) return { embeddings: [{ embeddingType: 'TEXT', embedding }] };
    if (inputType !== undefined) return { data: [{ embedding }] };
    return { embedding, inputTextTokenCount: answer.usage.prompt };
  },
  error,
};
