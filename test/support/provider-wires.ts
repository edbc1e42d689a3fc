import type { HttpDispatchOptions, ProviderOptions } from '../../lib/index.js';
import type { WireAnswer } from './recording-session.js';
import { TEST_KEY } from './llm.js';
import { awsPayloadParts, frame } from './framing.js';
import { completionOf, eventsOf } from './upstream.js';

/** A provider as its own API answers, for the tests that walk all providers. */
export interface ProviderWire {
  /** What is under `providers.<name>`: enough to connect without the environment. */
  readonly options: ProviderOptions & Record<string, unknown>;
  /** Answers any request that the provider's adapter sends, token exchanges included, with {@link TEXT} or an embedding. */
  readonly answer: (request: HttpDispatchOptions) => WireAnswer;
}

/** The text of every answer. */
export const TEXT = ['Hello', ', ', 'world'];

/** The numbers of every embedding. */
export const VECTOR = [0.25, -0.5];

function json(body: object): WireAnswer {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** Answers as OpenAI's API does, which most providers speak. */
function openAIAnswer({ path, body }: HttpDispatchOptions): WireAnswer {
  if (/\/embeddings(\?|$)/.test(path)) {
    return json({
      object: 'list',
      model: 'test-model',
      data: [{ object: 'embedding', index: 0, embedding: VECTOR }],
      usage: { prompt_tokens: 1, total_tokens: 1 },
    });
  }
  const { stream } = JSON.parse(String(body)) as { stream?: boolean };
  if (stream !== true) return json(completionOf(TEXT.join('')));
  return { headers: { 'content-type': 'text/event-stream' }, body: eventsOf(TEXT).join('') };
}

function openAIWire(provider: string): ProviderWire {
  return {
    options: { apiKey: TEST_KEY, baseURL: `https://${provider.replaceAll('_', '-')}.test/v1` },
    answer: openAIAnswer,
  };
}

/** An event stream with named events, each of which says its name in `type`. */
function namedEvents(events: readonly { type: string }[]): WireAnswer {
  return { headers: { 'content-type': 'text/event-stream' }, body: frame(events, 'named-sse') };
}

const anthropicMessage = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'test-model',
  content: [{ type: 'text', text: TEXT.join('') }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
};

const anthropicEvents = [
  { type: 'message_start', message: { ...anthropicMessage, content: [], stop_reason: null } },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  ...TEXT.map((text) => ({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } })),
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } },
  { type: 'message_stop' },
];

/** Answers as Anthropic's API does. */
function anthropicAnswer({ path, body }: HttpDispatchOptions): WireAnswer {
  return path.includes(':streamRawPredict') ||
    (JSON.parse(String(body)) as { stream?: boolean }).stream === true
    ? namedEvents(anthropicEvents)
    : json(anthropicMessage);
}

/** Answers as the maker of the model does, on a host of several. */
function byMaker(request: HttpDispatchOptions): WireAnswer {
  return /\/messages$|\/anthropic\//.test(request.path) ? anthropicAnswer(request) : openAIAnswer(request);
}

function geminiAnswer(text: string, finishReason?: string): object {
  return {
    responseId: 'r1',
    modelVersion: 'test-model',
    candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, finishReason }],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 },
  };
}

function geminiWire(request: HttpDispatchOptions): WireAnswer {
  const { path, body } = request;
  if (/\/endpoints\/\w+\/(chat|embeddings)|awPredict$/.test(path)) return byMaker(request);
  if (path.includes(':streamGenerateContent')) {
    const events = TEXT.map((text, index) =>
      geminiAnswer(text, index === TEXT.length - 1 ? 'STOP' : undefined),
    );
    return { headers: { 'content-type': 'text/event-stream' }, body: frame(events, 'gemini') };
  }
  if (path.includes(':generateContent')) return json(geminiAnswer(TEXT.join(''), 'STOP'));
  if (path.endsWith(':predict')) {
    const { instances } = JSON.parse(String(body)) as { instances: unknown[] };
    return json({
      predictions: instances.map(() => ({ embeddings: { values: VECTOR, statistics: { token_count: 1 } } })),
    });
  }
  if (path.endsWith(':batchEmbedContents')) return json({ embeddings: [{ values: VECTOR }] });
  return json({ embedding: { values: VECTOR } });
}

/** Answers as watsonx.ai does, and IBM's identity service. */
function watsonxAnswer(request: HttpDispatchOptions): WireAnswer {
  const { path, body } = request;
  if (path === '/identity/token') return json({ access_token: 'token-of-iam', expires_in: 3600 });
  if (path.includes('/embeddings?')) return json({ results: [{ embedding: VECTOR }], input_token_count: 1 });
  // Whether it is a stream is in the path.
  const fields = JSON.parse(String(body)) as object;
  return openAIAnswer({
    ...request,
    body: JSON.stringify({ ...fields, stream: path.includes('/chat_stream?') }),
  });
}

/** Providers whose API is not OpenAI's. One that is not named here has to speak OpenAI's. */
const OWN_WIRES: Readonly<Record<string, ProviderWire>> = {
  anthropic: {
    options: { apiKey: TEST_KEY },
    answer: anthropicAnswer,
  },
  azure_ai: {
    options: { apiKey: TEST_KEY, baseURL: 'https://test.services.ai.azure.com' },
    answer: byMaker,
  },
  bedrock_mantle: {
    options: { region: 'eu-central-1', accessKeyId: 'AKIATEST', secretAccessKey: TEST_KEY },
    answer: byMaker,
  },
  huggingface: {
    options: { apiKey: TEST_KEY },
    answer: (request) =>
      request.path.endsWith('/feature-extraction') ? json([VECTOR]) : openAIAnswer(request),
  },
  sagemaker_chat: {
    options: { region: 'eu-central-1', accessKeyId: 'AKIATEST', secretAccessKey: TEST_KEY },
    answer: (request) =>
      request.path.endsWith('/invocations')
        ? openAIAnswer(request)
        : {
            headers: { 'content-type': 'application/vnd.amazon.eventstream' },
            body: awsPayloadParts(Buffer.from(openAIAnswer(request).body), 7),
          },
  },
  snowflake: {
    options: { apiKey: TEST_KEY, account: 'test-account' },
    answer: (request) =>
      request.path.endsWith(':embed')
        ? json({ data: [{ index: 0, embedding: [VECTOR] }], usage: { total_tokens: 1 } })
        : byMaker(request),
  },
  watsonx: {
    options: { apiKey: TEST_KEY, baseURL: 'https://eu-de.ml.cloud.ibm.com', projectId: 'test-project' },
    answer: watsonxAnswer,
  },
  gemini: { options: { apiKey: TEST_KEY }, answer: geminiWire },
  vertex_ai: {
    options: { accessToken: TEST_KEY, project: 'test-project', location: 'europe-west4' },
    answer: geminiWire,
  },
  bedrock: {
    options: { region: 'eu-central-1', accessKeyId: 'AKIATEST', secretAccessKey: TEST_KEY },
    answer({ path, body }) {
      if (path.endsWith('/converse')) {
        return json({
          output: { message: { role: 'assistant', content: [{ text: TEXT.join('') }] } },
          stopReason: 'end_turn',
          usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 },
        });
      }
      if (path.endsWith('/converse-stream')) {
        const events = [
          { messageStart: { role: 'assistant' } },
          ...TEXT.map((text) => ({ contentBlockDelta: { contentBlockIndex: 0, delta: { text } } })),
          { contentBlockStop: { contentBlockIndex: 0 } },
          { messageStop: { stopReason: 'end_turn' } },
          { metadata: { usage: { inputTokens: 1, outputTokens: 2, totalTokens: 3 } } },
        ];
        return {
          headers: { 'content-type': 'application/vnd.amazon.eventstream' },
          body: frame(events, 'aws'),
        };
      }
      const { texts } = JSON.parse(String(body)) as { texts?: unknown[] };
      return json(
        texts === undefined
          ? { embedding: VECTOR, inputTextTokenCount: 1 }
          : { embeddings: { float: texts.map(() => VECTOR) } },
      );
    },
  },
  cohere: {
    options: { apiKey: TEST_KEY },
    answer({ path, body }) {
      if (path.endsWith('/embed')) {
        return json({
          id: 'e',
          embeddings: { float: [VECTOR] },
          meta: { billed_units: { input_tokens: 1 } },
        });
      }
      const usage = { tokens: { input_tokens: 1, output_tokens: 2 } };
      if ((JSON.parse(String(body)) as { stream?: boolean }).stream !== true) {
        return json({
          id: 'c',
          finish_reason: 'COMPLETE',
          message: { role: 'assistant', content: [{ type: 'text', text: TEXT.join('') }] },
          usage,
        });
      }
      return namedEvents([
        { type: 'message-start', id: 'c', delta: { message: { role: 'assistant' } } },
        { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
        ...TEXT.map((text) => ({
          type: 'content-delta',
          index: 0,
          delta: { message: { content: { text } } },
        })),
        { type: 'content-end', index: 0 },
        { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage } },
      ] as { type: string }[]);
    },
  },
  ollama: {
    options: {},
    answer({ path, body }) {
      if (path.endsWith('/embed')) return json({ model: 'm', embeddings: [VECTOR], prompt_eval_count: 1 });
      const about = { model: 'm', created_at: '2026-01-01T00:00:00Z' };
      const end = { done: true, done_reason: 'stop', prompt_eval_count: 1, eval_count: 2 };
      const message = (content: string) => ({ role: 'assistant', content });
      if ((JSON.parse(String(body)) as { stream?: boolean }).stream !== true) {
        return json({ ...about, message: message(TEXT.join('')), ...end });
      }
      const events = [
        ...TEXT.map((text) => ({ ...about, message: message(text), done: false })),
        { ...about, message: message(''), ...end },
      ];
      return { headers: { 'content-type': 'application/x-ndjson' }, body: frame(events, 'ndjson') };
    },
  },
};

export function wireOf(provider: string): ProviderWire {
  return OWN_WIRES[provider] ?? openAIWire(provider);
}
