import type { CompleteAnswer } from './complete-answer.js';
import { PartWriter } from './framing.js';
import type { Wire, WireRequest } from './wire.interface.js';

const FINISH_REASONS = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
} as const;

/** @see {@link https://cloud.google.com/apis/design/errors#handling_errors} */
const STATUSES: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

const error = (status: number, code: string, message: string): object => ({
  error: { code: status, message, status: STATUSES[status] ?? code },
});

const model = ({ pathname }: WireRequest): string | undefined => {
  const name = /\/(?:models|endpoints)\/([^/:]+):/.exec(pathname)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
};

function documentOf(answer: CompleteAnswer, modelVersion: string, parts: readonly object[], isLast: boolean) {
  const { usage, finishReason } = answer;
  return {
    responseId: 'fake',
    modelVersion,
    candidates: [
      {
        index: 0,
        content: { role: 'model', parts },
        ...(isLast && { finishReason: FINISH_REASONS[finishReason] }),
      },
    ],
    usageMetadata: {
      promptTokenCount: usage.prompt,
      candidatesTokenCount: usage.completion - usage.reasoning,
      totalTokenCount: usage.prompt + usage.completion,
      ...(usage.reasoning > 0 && { thoughtsTokenCount: usage.reasoning }),
      ...(usage.cached > 0 && { cachedContentTokenCount: usage.cached }),
    },
  };
}

const thought = (text: string): object => ({ text, thought: true });
const spoken = (text: string): object => ({ text });
const called = ({ name, input }: CompleteAnswer['toolCalls'][number]): object => ({
  functionCall: { name, args: input },
});

/** Gemini's `generateContent`, on its own API and on Vertex AI. */
export const GEMINI: Wire = {
  name: 'gemini',
  operation: 'chat',
  contentType: 'text/event-stream',
  matches: ({ pathname }) => /:(generateContent|streamGenerateContent)$/.test(pathname),
  model,
  isStream: ({ pathname }) => pathname.endsWith(':streamGenerateContent'),
  whole(answer, _request, version) {
    const { reasoning, pieces, text, toolCalls } = answer;
    const parts = [
      ...(reasoning.length > 0 ? [thought(reasoning.join(''))] : []),
      ...(pieces.length > 0 ? [spoken(text)] : []),
      ...toolCalls.map(called),
    ];
    return documentOf(answer, version, parts, true);
  },
  stream(answer, _request, version) {
    const parts = [
      ...answer.reasoning.map(thought),
      ...answer.pieces.map(spoken),
      ...answer.toolCalls.map(called),
    ];
    return new PartWriter((event) => Buffer.from(`data: ${JSON.stringify(event)}\r\n\r\n`))
      .pieces(parts.map((part) => documentOf(answer, version, [part], false)))
      .around(documentOf(answer, version, [], true)).parts;
  },
  error,
};

/** Embeddings of Gemini's own API, and by `:predict` of Vertex AI's. */
export const GEMINI_EMBEDDINGS: Wire = {
  name: 'gemini',
  operation: 'embeddings',
  matches: ({ pathname }) => /:(embedContent|batchEmbedContents|predict)$/.test(pathname),
  model,
  isStream: () => false,
  whole(answer, { pathname, body }) {
    const { prompt } = answer.usage;
    const usageMetadata = { promptTokenCount: prompt };
    if (pathname.endsWith(':embedContent'))
      return { embedding: { values: answer.vectors(1)[0] }, usageMetadata };
    if (pathname.endsWith(':batchEmbedContents')) {
      const count = body?.requests?.length ?? 0;
      return { embeddings: answer.vectors(count).map((values) => ({ values })), usageMetadata };
    }
    return {
      predictions: answer.vectors(body?.instances?.length ?? 0).map((values, index) => ({
        embeddings: { values, statistics: { token_count: index === 0 ? prompt : 0 } },
      })),
    };
  },
  error,
};
