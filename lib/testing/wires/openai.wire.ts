import type { CompleteAnswer } from './complete-answer.js';
import { awsMessage, PartWriter, sse } from './framing.js';
import type { Wire, WireRequest } from './wire.interface.js';

const ID = 'chatcmpl-fake';

export const openAIError = (_status: number, code: string, message: string): object => ({
  error: { message, type: code, param: null, code },
});

function usageOf({ usage }: CompleteAnswer): object {
  return {
    prompt_tokens: usage.prompt,
    completion_tokens: usage.completion,
    total_tokens: usage.prompt + usage.completion,
    prompt_tokens_details: { cached_tokens: usage.cached },
    completion_tokens_details: { reasoning_tokens: usage.reasoning },
  };
}

/** Chat completions, which most providers speak. */
export const OPENAI: Wire = {
  name: 'openai',
  operation: 'chat',
  contentType: 'text/event-stream',
  matches: ({ method, pathname }) =>
    method === 'POST' &&
    (/\/chat\/completions\/?$/.test(pathname) || /:(rawPredict|streamRawPredict)$/.test(pathname)),
  model: ({ pathname, body }) => body?.model ?? /\/(?:deployments|models)\/([^/:]+)/.exec(pathname)?.[1],
  isStream: ({ body }) => body?.stream === true,
  whole: (answer, _request, model) => ({
    id: ID,
    object: 'chat.completion',
    created: 0,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: answer.pieces.length > 0 ? answer.text : null,
          ...(answer.reasoning.length > 0 && { reasoning_content: answer.reasoning.join('') }),
          ...(answer.toolCalls.length > 0 && {
            tool_calls: answer.toolCalls.map(({ id, name, json }) => ({
              id,
              type: 'function',
              function: { name, arguments: json },
            })),
          }),
        },
        finish_reason: answer.finishReason,
      },
    ],
    usage: usageOf(answer),
  }),
  stream(answer, { body }, model) {
    const head = { id: ID, object: 'chat.completion.chunk', created: 0, model };
    const chunk = (delta: object, reason: string | null = null): object => ({
      ...head,
      choices: [{ index: 0, delta, finish_reason: reason }],
    });
    const writer = new PartWriter(sse)
      .around(chunk({ role: 'assistant', content: '' }))
      .pieces(answer.reasoning.map((text) => chunk({ reasoning_content: text })))
      .pieces(answer.pieces.map((content) => chunk({ content })));
    for (const [index, { id, name, json }] of answer.toolCalls.entries()) {
      writer
        .around(chunk({ tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }))
        .pieces([chunk({ tool_calls: [{ index, function: { arguments: json } }] })]);
    }
    writer.around(chunk({}, answer.finishReason));
    if (body?.stream_options?.include_usage === true)
      writer.around({ ...head, choices: [], usage: usageOf(answer) });
    return writer.raw('data: [DONE]\n\n').parts;
  },
  error: openAIError,
};

/** The same by a container on Amazon SageMaker. */
export const SAGEMAKER: Wire = {
  ...OPENAI,
  contentType: 'application/vnd.amazon.eventstream',
  matches: ({ pathname }) => /\/invocations(-response-stream)?$/.test(pathname),
  model: ({ pathname }) => /\/endpoints\/([^/]+)\//.exec(pathname)?.[1],
  isStream: ({ pathname }) => pathname.endsWith('-response-stream'),
  stream: (answer, request, model) =>
    OPENAI.stream!(answer, request, model).map(({ bytes, isPiece }) => ({
      bytes: awsMessage({ ':event-type': 'PayloadPart', ':message-type': 'event' }, bytes),
      isPiece,
    })),
};

function finishOf({ finishReason }: CompleteAnswer): object {
  if (finishReason === 'length')
    return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  if (finishReason === 'content_filter')
    return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } };
  return { status: 'completed', incomplete_details: null };
}

interface Item extends Readonly<Record<string, unknown>> {
  readonly id: string;
  readonly type: string;
}

function itemsOf({ reasoning, pieces, text, toolCalls }: CompleteAnswer): Item[] {
  const thoughts: Item = {
    id: 'rs_fake',
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: reasoning.join('') }],
  };
  const message: Item = {
    id: 'msg_fake',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text, annotations: [] }],
  };
  return [
    ...(reasoning.length > 0 ? [thoughts] : []),
    ...(pieces.length > 0 ? [message] : []),
    ...toolCalls.map(({ id, name, json }, index) => ({
      id: `fc_${index}`,
      type: 'function_call',
      status: 'completed',
      call_id: id,
      name,
      arguments: json,
    })),
  ];
}

function responseOf(answer: CompleteAnswer, model: string): object {
  const { usage } = answer;
  return {
    id: 'resp_fake',
    object: 'response',
    created_at: 0,
    model,
    ...finishOf(answer),
    output: itemsOf(answer),
    usage: {
      input_tokens: usage.prompt,
      output_tokens: usage.completion,
      total_tokens: usage.prompt + usage.completion,
      input_tokens_details: { cached_tokens: usage.cached },
      output_tokens_details: { reasoning_tokens: usage.reasoning },
    },
  };
}

/** OpenAI's Responses. */
export const RESPONSES: Wire = {
  name: 'responses',
  operation: 'chat',
  contentType: 'text/event-stream',
  matches: ({ method, pathname }) => method === 'POST' && pathname.endsWith('/responses'),
  model: ({ body }) => body?.model,
  isStream: ({ body }) => body?.stream === true,
  whole: (answer, _request, model) => responseOf(answer, model),
  stream(answer, _request, model) {
    const full = responseOf(answer, model);
    let at = 0;
    const event = (type: string, fields: object): object => ({ type, sequence_number: at++, ...fields });
    const writer = new PartWriter((one) =>
      Buffer.from(`event: ${(one as { type: string }).type}\ndata: ${JSON.stringify(one)}\n\n`),
    ).around(event('response.created', { response: { ...full, status: 'in_progress', output: [] } }));
    for (const [index, item] of itemsOf(answer).entries()) {
      const place = { item_id: item.id, output_index: index };
      writer.around(
        event('response.output_item.added', { output_index: index, item: { ...item, ...emptied(item) } }),
      );
      if (item.type === 'message') {
        const part = { ...place, content_index: 0 };
        writer
          .around(
            event('response.content_part.added', {
              ...part,
              part: { type: 'output_text', text: '', annotations: [] },
            }),
          )
          .pieces(answer.pieces.map((delta) => event('response.output_text.delta', { ...part, delta })))
          .around(event('response.output_text.done', { ...part, text: answer.text }));
      } else if (item.type === 'reasoning') {
        const part = { ...place, summary_index: 0 };
        writer.pieces(
          answer.reasoning.map((delta) => event('response.reasoning_summary_text.delta', { ...part, delta })),
        );
      } else {
        const { arguments: json } = item;
        writer
          .pieces([event('response.function_call_arguments.delta', { ...place, delta: json })])
          .around(event('response.function_call_arguments.done', { ...place, arguments: json }));
      }
      writer.around(event('response.output_item.done', { output_index: index, item }));
    }
    const type =
      answer.finishReason === 'length' || answer.finishReason === 'content_filter'
        ? 'response.incomplete'
        : 'response.completed';
    return writer.around(event(type, { response: full })).parts;
  },
  error: openAIError,
};

/** What an item is before its text has come. */
function emptied({ type }: Item): object {
  if (type === 'message') return { status: 'in_progress', content: [] };
  return type === 'reasoning' ? { summary: [] } : { status: 'in_progress', arguments: '' };
}

/** OpenAI's embeddings. */
export const OPENAI_EMBEDDINGS: Wire = {
  name: 'openai',
  operation: 'embeddings',
  matches: ({ method, pathname }) => method === 'POST' && pathname.endsWith('/embeddings'),
  model: OPENAI.model,
  isStream: () => false,
  whole: (answer, { body }: WireRequest, model) => ({
    object: 'list',
    model,
    data: answer.vectors(countOf(body?.input)).map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoded(vector, body?.encoding_format),
    })),
    usage: { prompt_tokens: answer.usage.prompt, total_tokens: answer.usage.prompt },
  }),
  error: openAIError,
};

/** One input may be a list of tokens. */
function countOf(input: string | readonly unknown[] = ''): number {
  return typeof input === 'string' || typeof input[0] === 'number' ? 1 : input.length;
}

function encoded(vector: readonly number[], encoding: unknown): readonly number[] | string {
  if (encoding === 'base64') return Buffer.from(new Float32Array(vector).buffer).toString('base64');
  // From -1 to 1, in 127ths.
  if (encoding === 'base64_int8')
    return Buffer.from(Int8Array.from(vector, (value) => Math.round(value * 127)).buffer).toString('base64');
  return vector;
}

/** The lists of models: OpenAI's, in which Anthropic's and Gemini's are found as well. */
export const MODELS: Wire = {
  name: 'openai',
  operation: 'models',
  matches: ({ method, pathname }) => method === 'GET' && pathname.endsWith('/models'),
  model: () => undefined,
  isStream: () => false,
  whole: ({ models }) => ({
    object: 'list',
    data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'fake' })),
    has_more: false,
    models: models.map((name) => ({ name: `models/${name}` })),
  }),
  error: openAIError,
};
