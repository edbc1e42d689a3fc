import { describe, expect, it } from '@jest/globals';
import {
  BadRequestError,
  UnsupportedParamsError,
  type ChatRequest,
  type EmbeddingRequest,
  type FormatContext,
  type ProviderAdapter,
} from '../../../lib/index.js';
import { BUILT_IN_ADAPTERS } from '../../../lib/catalog.js';

const MESSAGES: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];

function adapterOf(provider: string): ProviderAdapter {
  return BUILT_IN_ADAPTERS.find((adapter) => adapter.provider === provider)!;
}

function contextOf<Request extends ChatRequest | EmbeddingRequest>(
  request: Request,
  dropParams: boolean,
): FormatContext<Request> {
  const slash = request.model.indexOf('/');
  const [provider, model] = [request.model.slice(0, slash), request.model.slice(slash + 1)];
  return { request, providerOptions: {}, provider, model, dropParams, droppedParams: [] };
}

function chat(request: Partial<ChatRequest> & { model: string }, dropParams = false) {
  const context = contextOf({ messages: MESSAGES, ...request }, dropParams);
  const format = adapterOf(context.provider).completion!(context.model, context.request);
  const { body } = format.request(context.request, context);
  return { body: JSON.parse(String(body)) as Record<string, unknown>, dropped: context.droppedParams };
}

function embed(request: EmbeddingRequest) {
  const context = contextOf(request, false);
  const format = adapterOf(context.provider).embedding!(context.model, request);
  const { body } = format.request(request, context);
  return { format, context, body: JSON.parse(String(body)) as Record<string, unknown> };
}

describe('a request in the OpenAI format', () => {
  it('goes to OpenAI as it is', () => {
    const request: Partial<ChatRequest> = {
      messages: [
        { role: 'developer', content: 'Be short.' },
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'https://a/b.png', detail: 'low' } }],
        },
      ],
      temperature: 0.5,
      max_tokens: 5,
      stream: true,
      stream_options: { include_usage: true },
    };
    expect(chat({ model: 'openai/gpt-4o', ...request }).body).toEqual({ ...request, model: 'gpt-4o' });
  });

  it.each(['o1', 'o3-mini', 'o4-mini-2025-04-16', 'gpt-5', 'gpt-5-nano', 'gpt-5.1', 'gpt-6-sol'])(
    'has max_completion_tokens for %s',
    (model) => {
      expect(chat({ model: `openai/${model}`, max_tokens: 5 }).body).toEqual({
        model,
        messages: MESSAGES,
        max_completion_tokens: 5,
      });
    },
  );

  it.each(['gpt-4o', 'gpt-4.1-mini', 'gpt-5-chat-latest', 'omni', 'my-o3'])(
    'has max_tokens for %s',
    (model) => {
      expect(chat({ model: `openai/${model}`, max_tokens: 5, temperature: 0 }).body).toMatchObject({
        max_tokens: 5,
        temperature: 0,
      });
    },
  );

  const refused: [string, Partial<ChatRequest>, string[]][] = [
    ['o3', { temperature: 0, stop: 'x' }, ['temperature', 'stop']],
    ['o1', { top_p: 0.5, logit_bias: { 1: 1 } }, ['logit_bias', 'top_p']],
    ['gpt-5', { logprobs: true, top_logprobs: 2 }, ['logprobs', 'top_logprobs']],
    ['gpt-5.1', { temperature: 0, reasoning_effort: 'high' }, ['temperature']],
    ['gpt-5.1', { presence_penalty: 1 }, ['presence_penalty']],
    ['gpt-4o', { thinking: { type: 'enabled', budget_tokens: 1024 } }, ['thinking']],
  ];

  it.each(refused)('%s refuses %j', (model, fields, names) => {
    const request = { model: `openai/${model}`, ...fields };
    expect(() => chat(request)).toThrow(UnsupportedParamsError);
    const { body, dropped } = chat(request, true);
    expect(dropped.toSorted()).toEqual(names.toSorted());
    for (const name of names) expect(body).not.toHaveProperty(name);
  });

  it.each([
    ['o3', { temperature: 1, top_p: 1, presence_penalty: 0, logprobs: false }],
    ['o1', { stop: 'x' }],
    ['gpt-5.1', { temperature: 0 }],
    ['gpt-5.2', { temperature: 0, reasoning_effort: 'none' as const }],
  ])('%s takes %j', (model, fields) => {
    expect(chat({ model: `openai/${model}`, ...fields }).body).toMatchObject(fields);
  });

  const ANSWER: ChatRequest['messages'][number] = {
    role: 'assistant',
    content: null,
    reasoning_content: 'Hm',
    thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 's' }],
    provider_specific_fields: { anthropic: {} },
    tool_calls: [
      {
        id: 'c',
        type: 'function',
        function: { name: 'f', arguments: '{}' },
        provider_specific_fields: { gemini: { thought_signature: 't' } },
      },
    ],
  };
  const MARKED: ChatRequest['messages'] = [
    { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }] },
    ANSWER,
  ];
  const plain = {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
  };

  it.each([
    ['openai/gpt-4o', [], false],
    ['azure/d', [], false],
    ['groq/m', [], false],
    ['together_ai/m', ['reasoning_content'], false],
    ['openrouter/m', ['reasoning_content'], true],
    ['litellm_proxy/m', ['reasoning_content', 'thinking_blocks', 'provider_specific_fields'], true],
  ])('has what %s takes of an answer of another provider', (model, fields, keepsMarks) => {
    const before = structuredClone(MARKED);
    const { messages } = chat({ model, messages: MARKED }).body as { messages: any[] };
    expect(Object.keys(messages[1]).toSorted()).toEqual([...Object.keys(plain), ...fields].toSorted());
    expect(messages[0].content[0]).toEqual({
      type: 'text',
      text: 'Hi',
      ...(keepsMarks && { cache_control: { type: 'ephemeral' } }),
    });
    if (model !== 'litellm_proxy/m') expect(messages[1]).toMatchObject(plain);
    expect(MARKED).toEqual(before);
  });

  it('merges the options of its own provider', () => {
    const providerOptions = { groq: { reasoning_format: 'parsed' }, xai: { search_parameters: {} } };
    const { body } = chat({ model: 'groq/m', providerOptions });
    expect(body).toEqual({ model: 'm', messages: MESSAGES, reasoning_format: 'parsed' });
  });
});

describe('an embeddings request', () => {
  it('has the names and values that Voyage takes', () => {
    const { body, format } = embed({
      model: 'voyage/voyage-3.5',
      input: ['a'],
      dimensions: 256,
      encoding_format: 'float',
      providerOptions: { voyage: { input_type: 'query', truncation: false } },
    });
    expect(body).toEqual({
      model: 'voyage-3.5',
      input: ['a'],
      output_dimension: 256,
      input_type: 'query',
      truncation: false,
    });
    expect(format.maxInputs).toBe(1000);
    const base64 = embed({ model: 'voyage/v', input: 'a', encoding_format: 'base64' });
    expect(base64.body).toMatchObject({ encoding_format: 'base64' });
  });

  it('has the names that Jina takes', () => {
    const { body } = embed({
      model: 'jina_ai/v3',
      input: 'a',
      dimensions: 64,
      encoding_format: 'base64',
      providerOptions: { jina_ai: { task: 'retrieval.query', truncate: true } },
    });
    expect(body).toEqual({
      model: 'v3',
      input: 'a',
      dimensions: 64,
      embedding_type: 'base64',
      task: 'retrieval.query',
      truncate: true,
    });
  });

  it('refuses tokens where only texts are taken', () => {
    expect(() => embed({ model: 'voyage/v', input: [1, 2] })).toThrow(BadRequestError);
    expect(embed({ model: 'openai/e', input: [1, 2] }).body['input']).toEqual([1, 2]);
  });

  it('answers in the encoding that was asked for, whatever the server has', () => {
    const vector = [0.5, -1.25];
    const bytes = Buffer.alloc(8);
    vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
    const base64 = bytes.toString('base64');
    for (const [encoding, expected] of [
      ['base64', base64],
      ['float', vector],
      [undefined, vector],
    ] as const) {
      const { format, context } = embed({
        model: 'hosted_vllm/e',
        input: 'a',
        ...(encoding && { encoding_format: encoding }),
      });
      for (const embedding of [base64, vector]) {
        const answer = format.response({ data: [{ embedding }], usage: { total_tokens: 3 } }, context);
        expect(answer).toEqual({
          object: 'list',
          model: 'e',
          data: [{ object: 'embedding', index: 0, embedding: expected }],
          usage: { prompt_tokens: 3, total_tokens: 3 },
        });
      }
    }
  });
});
