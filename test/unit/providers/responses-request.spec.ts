import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BadRequestError,
  UnsupportedParamsError,
  type ChatMessage,
  type ChatRequest,
} from '../../../lib/index.js';
import { openAIAdapter } from '../../../lib/providers/openai/openai.adapter.js';
import { openAIResponsesFormat } from '../../../lib/providers/openai/responses/responses.format.js';
import { conversation } from '../../support/conversations.js';

const HI: ChatMessage[] = [{ role: 'user', content: 'Hi' }];

function translate(
  given: Partial<ChatRequest>,
  { model = 'gpt-4.1', provider = 'openai', dropParams = false } = {},
): { body: any; dropped: string[] } {
  const request: ChatRequest = { model: `${provider}/${model}`, messages: HI, ...given };
  const droppedParams: string[] = [];
  const context = { request, providerOptions: {}, provider, model, dropParams, droppedParams };
  const { path, body } = openAIResponsesFormat.request(request, context);
  expect(path).toBe('/responses');
  return { body: JSON.parse(String(body)), dropped: droppedParams };
}

const inputOf = (...messages: ChatMessage[]): any[] => translate({ messages }).body.input;

describe('the API that OpenAI is asked on', () => {
  const pathOf = (model: string, given: Partial<ChatRequest> = {}): string => {
    const request: ChatRequest = { model: `openai/${model}`, messages: HI, ...given };
    const context = {
      request,
      providerOptions: {},
      provider: 'openai',
      model,
      dropParams: false,
      droppedParams: [],
    };
    return openAIAdapter.completion!(model, request).request(request, context).path;
  };
  const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'f' } }];

  it.each([
    'o1-pro',
    'o1-pro-2025-03-19',
    'o3-pro',
    'gpt-5-pro',
    'gpt-5-pro-2025-10-06',
    'gpt-5.2-pro',
    'gpt-5-codex',
    'gpt-5.1-codex-max',
    'gpt-5.3-codex',
    'codex-mini-latest',
    'o3-deep-research',
    'o4-mini-deep-research-2025-06-26',
    'computer-use-preview',
    'responses/gpt-4.1',
  ])('is /responses for %s', (model) => {
    expect(pathOf(model)).toBe('/responses');
  });

  it.each([
    'gpt-4.1',
    'gpt-5',
    'gpt-5.4',
    'o3',
    'o1',
    'gpt-5-chat-latest',
    'gpt-4o-search-preview',
    'my-pro',
  ])('is /chat/completions for %s', (model) => {
    expect(pathOf(model)).toBe('/chat/completions');
  });

  it.each<[string, ChatRequest['reasoning_effort'], boolean]>([
    ['gpt-5.4', 'low', true],
    ['gpt-5.6-sol', 'high', true],
    ['gpt-6', 'low', true],
    ['gpt-5.4', 'none', false],
    ['gpt-5.4', undefined, false],
    ['gpt-5.1', 'low', false],
    ['gpt-5', 'low', false],
    ['o3', 'low', false],
  ])('is, for functions of %s with the effort %s, /responses: %s', (model, effort, isResponses) => {
    const given = { tools, ...(effort && { reasoning_effort: effort }) };
    expect(pathOf(model, given)).toBe(isResponses ? '/responses' : '/chat/completions');
    expect(pathOf(model, { ...given, tools: [] })).toBe('/chat/completions');
  });
});

describe('a request translated for the Responses API', () => {
  it('is the model without its prefix, and stores nothing', () => {
    const { body } = translate({}, { model: 'responses/gpt-4.1' });
    expect(body).toEqual({
      model: 'gpt-4.1',
      store: false,
      input: [{ type: 'message', role: 'user', content: 'Hi' }],
    });
  });

  it.each<[string, Partial<ChatRequest>, object]>([
    ['max_tokens', { max_tokens: 20 }, { max_output_tokens: 20 }],
    ['max_completion_tokens', { max_completion_tokens: 30, max_tokens: 20 }, { max_output_tokens: 30 }],
    ['verbosity', { verbosity: 'low' }, { text: { verbosity: 'low' } }],
    [
      'json_object',
      { response_format: { type: 'json_object' } },
      { text: { format: { type: 'json_object' } } },
    ],
    [
      'json_schema',
      {
        verbosity: 'high',
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'n', description: 'd', schema: { type: 'object' }, strict: true },
        },
      },
      {
        text: {
          verbosity: 'high',
          format: {
            type: 'json_schema',
            name: 'n',
            description: 'd',
            schema: { type: 'object' },
            strict: true,
          },
        },
      },
    ],
    [
      'logprobs',
      { logprobs: true, top_logprobs: 3 },
      { include: ['message.output_text.logprobs'], top_logprobs: 3 },
    ],
    [
      'what has the same name',
      {
        temperature: 0.5,
        top_p: 0.5,
        metadata: { a: 'b' },
        parallel_tool_calls: false,
        prompt_cache_key: 'k',
        prompt_cache_retention: '24h',
        safety_identifier: 's',
        service_tier: 'flex',
        user: 'u',
      },
      {
        temperature: 0.5,
        top_p: 0.5,
        metadata: { a: 'b' },
        parallel_tool_calls: false,
        prompt_cache_key: 'k',
        prompt_cache_retention: '24h',
        safety_identifier: 's',
        service_tier: 'flex',
        user: 'u',
      },
    ],
    ['store', { store: true }, { store: true }],
    [
      'stream',
      { stream: true, stream_options: { include_usage: true, include_obfuscation: false } },
      { stream: true, stream_options: { include_obfuscation: false } },
    ],
    ['null', { temperature: null, store: null, reasoning_effort: null, max_tokens: null }, {}],
    [
      'web_search_options',
      {
        web_search_options: {
          search_context_size: 'low',
          user_location: { type: 'approximate', approximate: { city: 'Bonn' } },
        },
      },
      {
        tools: [
          {
            type: 'web_search',
            search_context_size: 'low',
            user_location: { type: 'approximate', city: 'Bonn' },
          },
        ],
      },
    ],
  ])('has %s', (_name, given, expected) => {
    const { body } = translate(given);
    const { model: _model, input: _input, ...rest } = body;
    expect(rest).toEqual({ store: false, ...expected });
  });

  it('asks for the reasoning to be handed back, where the model reasons and nothing is stored', () => {
    const encrypted = ['reasoning.encrypted_content'];
    expect(translate({}, { model: 'o3-pro' }).body.include).toEqual(encrypted);
    expect(translate({}, { model: 'responses/gpt-5' }).body.include).toEqual(encrypted);
    expect(translate({ reasoning_effort: 'low' }, { model: 'my-deployment' }).body).toMatchObject({
      include: encrypted,
      reasoning: { effort: 'low' },
    });
    expect(translate({ store: true }, { model: 'o3-pro' }).body.include).toBeUndefined();
    expect(translate({}, { model: 'gpt-5-chat-latest' }).body.include).toBeUndefined();
    expect(translate({}, { model: 'gpt-4.1' }).body.include).toBeUndefined();
  });

  it('has tools in the flat shape', () => {
    const parameters = { type: 'object', properties: { a: {} } };
    const grammar = { definition: 'x', syntax: 'lark' as const };
    const tools: ChatRequest['tools'] = [
      { type: 'function', function: { name: 'f', description: 'd', parameters, strict: true } },
      { type: 'function', function: { name: 'g' } },
      { type: 'custom', custom: { name: 'c', description: 'd', format: { type: 'grammar', grammar } } },
      { type: 'custom', custom: { name: 'e' } },
    ];
    expect(translate({ tools }).body.tools).toEqual([
      { type: 'function', name: 'f', description: 'd', parameters, strict: true },
      { type: 'function', name: 'g', parameters: { type: 'object', properties: {} }, strict: false },
      { type: 'custom', name: 'c', description: 'd', format: { type: 'grammar', ...grammar } },
      { type: 'custom', name: 'e' },
    ]);
  });

  it.each<[ChatRequest['tool_choice'], unknown]>([
    ['none', 'none'],
    ['auto', 'auto'],
    ['required', 'required'],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'function', name: 'f' },
    ],
    [
      { type: 'custom', custom: { name: 'c' } },
      { type: 'custom', name: 'c' },
    ],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    ],
  ])('chooses %j', (choice, expected) => {
    expect(translate({ tool_choice: choice! }).body.tool_choice).toEqual(expected);
  });

  it('merges the options of its own provider', () => {
    const { body } = translate(
      {
        reasoning_effort: 'high',
        verbosity: 'low',
        tools: [{ type: 'function', function: { name: 'f' } }],
        providerOptions: {
          openai: {
            reasoning: { summary: 'auto' },
            include: ['reasoning.encrypted_content', 'file_search_call.results'],
            tools: [{ type: 'file_search', vector_store_ids: ['v'] }],
            truncation: 'auto',
          },
          azure: { truncation: 'disabled' },
        },
      },
      { model: 'o3-pro' },
    );
    expect(body).toMatchObject({
      reasoning: { effort: 'high', summary: 'auto' },
      text: { verbosity: 'low' },
      include: ['reasoning.encrypted_content', 'file_search_call.results'],
      tools: [{ name: 'f' }, { type: 'file_search', vector_store_ids: ['v'] }],
      truncation: 'auto',
    });
    const stored = translate({ providerOptions: { openai: { store: true } } }, { model: 'o3-pro' }).body;
    expect(stored).toMatchObject({ store: true });
    expect(stored.include).toBeUndefined();
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['n', { n: 2 }],
    ['stop', { stop: 'x' }],
    ['seed', { seed: 1 }],
    ['frequency_penalty', { frequency_penalty: 1 }],
    ['presence_penalty', { presence_penalty: 1 }],
    ['logit_bias', { logit_bias: { 1: 1 } }],
    ['prediction', { prediction: { type: 'content', content: 'x' } }],
    ['audio', { audio: { format: 'mp3', voice: 'alloy' } }],
    ['modalities', { modalities: ['text', 'audio'] }],
    ['functions', { functions: [{ name: 'f' }] }],
    ['thinking', { thinking: { type: 'enabled', budget_tokens: 1024 } }],
    ['messages.name', { messages: [{ role: 'user', content: 'Hi', name: 'Ada' }] }],
  ])('refuses %s, or leaves it out', (name, given) => {
    expect(() => translate(given)).toThrow(UnsupportedParamsError);
    const { body, dropped } = translate(given, { dropParams: true });
    expect(dropped).toEqual([name]);
    expect(body).toEqual(translate({}).body);
  });

  it('refuses what a reasoning model does not take, or leaves it out', () => {
    const given = { temperature: 0.2, top_p: 0.5 };
    expect(() => translate(given, { model: 'responses/o3' })).toThrow(UnsupportedParamsError);
    const { body, dropped } = translate(given, { model: 'responses/o3', dropParams: true });
    expect(dropped).toEqual(['temperature', 'top_p']);
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_p');
  });
});

describe('messages translated for the Responses API', () => {
  it('keep system and developer messages where they are', () => {
    const messages: ChatMessage[] = [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'U' },
      {
        role: 'developer',
        content: [{ type: 'text', text: 'D', prompt_cache_breakpoint: { mode: 'explicit' } }],
      },
    ];
    expect(inputOf(...messages)).toEqual([
      { type: 'message', role: 'system', content: 'S' },
      { type: 'message', role: 'user', content: 'U' },
      {
        type: 'message',
        role: 'developer',
        content: [{ type: 'input_text', text: 'D', prompt_cache_breakpoint: { mode: 'explicit' } }],
      },
    ]);
  });

  it('have images and files', () => {
    const [{ content }] = inputOf({
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'https://a/b.png' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
        { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
        { type: 'file', file: { file_id: 'file-1' } },
        { type: 'file', file: { file_id: 'https://a/b.pdf' } },
      ],
    });
    expect(content).toEqual([
      { type: 'input_image', image_url: 'https://a/b.png', detail: 'auto' },
      { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'low' },
      { type: 'input_file', file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' },
      { type: 'input_file', file_id: 'file-1' },
      { type: 'input_file', file_url: 'https://a/b.pdf' },
    ]);
  });

  it('have calls of both kinds, and their results', () => {
    const input = inputOf(
      {
        role: 'assistant',
        content: 'A',
        tool_calls: [
          { id: '1', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: '2', type: 'custom', custom: { name: 'c', input: 'x' } },
        ],
      },
      { role: 'tool', tool_call_id: '2', content: 'two' },
      { role: 'tool', tool_call_id: '1', content: [{ type: 'text', text: 'one' }] },
    );
    expect(input).toEqual([
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'A' }] },
      { type: 'function_call', call_id: '1', name: 'f', arguments: '{}' },
      { type: 'custom_tool_call', call_id: '2', name: 'c', input: 'x' },
      { type: 'custom_tool_call_output', call_id: '2', output: 'two' },
      { type: 'function_call_output', call_id: '1', output: [{ type: 'input_text', text: 'one' }] },
    ]);
  });

  it('have refusals', () => {
    const part = { type: 'refusal' as const, refusal: 'No' };
    expect(inputOf({ role: 'assistant', content: null, refusal: 'No' })[0].content).toEqual([part]);
    expect(inputOf({ role: 'assistant', content: [part] })[0].content).toEqual([part]);
  });

  it.each<[string, ChatMessage]>([
    [
      'input_audio',
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }] },
    ],
    ['audio', { role: 'assistant', content: null, audio: { id: 'a' } }],
    ['function_call', { role: 'assistant', content: null, function_call: { name: 'f', arguments: '' } }],
    ['function', { role: 'function', name: 'f', content: 'x' }],
  ])('may not have %s', (name, message) => {
    expect(() => inputOf(message)).toThrow(BadRequestError);
    expect(() => inputOf(message)).toThrow(name);
  });

  describe('from an earlier answer', () => {
    const reasoning = { type: 'reasoning', id: 'rs', summary: [], encrypted_content: 'e' };
    const said = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'A' }] };
    const output = [reasoning, { ...said, id: 'msg', phase: 'final_answer' }];
    const answer = (own: object, rest: object = {}): ChatMessage => ({
      role: 'assistant',
      content: 'A',
      provider_specific_fields: { openai: own },
      ...rest,
    });

    it('are its items, reasoning first', () => {
      expect(inputOf(answer({ output, stored: false }))).toEqual(output);
    });

    it('are their text alone when the caller changed it, or it is of another provider', () => {
      const other = [{ ...said, content: [{ type: 'output_text', text: 'B' }] }];
      expect(inputOf(answer({ output }, { content: 'B' }))).toEqual(other);
      expect(translate({ messages: [answer({ output })] }, { provider: 'azure' }).body.input).toEqual([said]);
      const calls = [{ id: '1', type: 'function', function: { name: 'f', arguments: '{}' } }];
      expect(inputOf(answer({ output }, { tool_calls: calls }))).toEqual([
        said,
        { type: 'function_call', call_id: '1', name: 'f', arguments: '{}' },
      ]);
    });

    it('are their text alone when the reasoning is neither there nor stored', () => {
      const bare = [{ ...reasoning, encrypted_content: null }, output[1]];
      expect(inputOf(answer({ output: bare, stored: false }))).toEqual([said]);
      expect(inputOf(answer({ output: bare, stored: true }))).toEqual(bare);
    });

    it.each([null, 'x', {}, { output: 'x' }, { output: [null] }])('may have lost their items (%j)', (own) => {
      expect(inputOf(answer(own as object))).toEqual([said]);
    });
  });

  it('say the same, in the same order, whatever the conversation', () => {
    const saidBy = (message: ChatMessage): unknown[] => {
      if (message.role === 'tool') return [['result', message.tool_call_id, message.content]];
      const calls =
        message.role === 'assistant'
          ? (message.tool_calls ?? []).map((call: any) => [
              'call',
              call.id,
              call.function.name,
              call.function.arguments,
            ])
          : [];
      return [...(message.content === null ? [] : [[message.role, message.content]]), ...calls];
    };
    const itemSays = (item: any): unknown => {
      if (item.type === 'function_call_output') return ['result', item.call_id, item.output];
      if (item.type === 'function_call') return ['call', item.call_id, item.name, item.arguments];
      const { role, content } = item;
      return [role, typeof content === 'string' ? content : content.map((part: any) => part.text).join('')];
    };
    fc.assert(
      fc.property(conversation, (messages) => {
        expect(inputOf(...messages).map(itemSays)).toEqual(messages.flatMap(saidBy));
      }),
      { numRuns: 300 },
    );
  });
});
