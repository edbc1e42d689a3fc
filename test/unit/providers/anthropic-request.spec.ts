import { describe, expect, it } from '@jest/globals';
import { BadRequestError, UnsupportedParamsError, type ChatRequest } from '../../../lib/index.js';
import { anthropicCompletionFormat } from '../../../lib/providers/anthropic/anthropic.format.js';
import type { FormatContext } from '../../../lib/providers/provider-adapter.interface.js';
import { fewestOf, recordingsOf } from '../../support/recordings.js';

const format = anthropicCompletionFormat();

function contextOf(request: ChatRequest, more: Partial<FormatContext<ChatRequest>> = {}) {
  return {
    request,
    providerOptions: {},
    provider: 'anthropic',
    model: request.model,
    dropParams: false,
    droppedParams: [],
    ...more,
  } satisfies FormatContext<ChatRequest>;
}

const HI: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];

function bodyOf(fields: Partial<ChatRequest>, more: Partial<FormatContext<ChatRequest>> = {}): any {
  const request = { model: 'claude-haiku-4-5', messages: HI, ...fields };
  return JSON.parse(String(format.request(request, contextOf(request, more)).body));
}

const WEATHER = { type: 'function' as const, function: { name: 'weather', parameters: { type: 'object' } } };
const SCHEMA = { type: 'object', properties: { a: { type: 'integer', minimum: 1 } }, required: ['a'] };
const JSON_SCHEMA = {
  type: 'json_schema' as const,
  json_schema: { name: 'answer', schema: SCHEMA, strict: true },
};
const call = (id: string, name = 'weather', args = '{"city":"Paris"}') => ({
  id,
  type: 'function' as const,
  function: { name, arguments: args },
});

describe('the request of a chat to Anthropic', () => {
  it('has the model, its messages and a limit', () => {
    expect(bodyOf({})).toEqual({
      model: 'claude-haiku-4-5',
      max_tokens: 21_333,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
  });

  it.each([
    ['claude-3-haiku-20240307', 4096],
    ['claude-3-5-sonnet-20241022', 8192],
    ['claude-3-7-sonnet-20250219', 21_333],
    ['claude-opus-4-20250514', 21_333],
    ['claude-opus-5', 21_333],
    ['claude-mythos-preview', 21_333],
    ['claude-instant-1.2', 4096],
    ['claude-2.1', 4096],
    ['anthropic.claude-v2:1', 4096],
    ['us.anthropic.claude-3-5-haiku-20241022-v1:0', 8192],
    ['claude-3-5-sonnet-v2@20241022', 8192],
    ['another-model', 4096],
  ])('limits the answer of %s to %i tokens', (model, limit) => {
    expect(bodyOf({ model }).max_tokens).toBe(limit);
  });

  it.each([
    [{ max_tokens: 7 }, 7],
    [{ max_completion_tokens: 8 }, 8],
    [{ max_tokens: 7, max_completion_tokens: 8 }, 8],
  ])('takes the limit of %j', (fields, limit) => {
    expect(bodyOf(fields).max_tokens).toBe(limit);
  });

  it.each<[Partial<ChatRequest>, object]>([
    [{ stop: 'END' }, { stop_sequences: ['END'] }],
    [{ stop: ['A', '', 'B'] }, { stop_sequences: ['A', 'B'] }],
    [
      { model: 'claude-sonnet-4', temperature: 0, top_p: 0.5 },
      { temperature: 0, top_p: 0.5 },
    ],
    [{ user: 'u' }, { metadata: { user_id: 'u' } }],
    [{ user: 'u', safety_identifier: 's' }, { metadata: { user_id: 's' } }],
    [{ service_tier: 'default' }, { service_tier: 'standard_only' }],
    [{ stream: true }, { stream: true }],
    [{ modalities: ['text'] }, {}],
    [{ response_format: { type: 'text' } }, {}],
    [{ n: 1, logprobs: false, seed: null }, {}],
  ])('translates %j', (fields, expected) => {
    const { model: _model, max_tokens: _limit, messages: _messages, ...rest } = bodyOf(fields);
    expect(rest).toEqual(expected);
  });

  it.each<[string, Partial<ChatRequest>]>([
    ['n', { n: 2 }],
    ['seed', { seed: 1 }],
    ['logprobs', { logprobs: true }],
    ['frequency_penalty', { frequency_penalty: 1 }],
    ['modalities', { modalities: ['audio'] }],
    ['service_tier', { service_tier: 'flex' }],
    ['temperature', { model: 'claude-opus-4-7', temperature: 0.2 }],
    ['top_p', { model: 'claude-sonnet-5', top_p: 0.5 }],
    ['temperature', { temperature: 0.2, reasoning_effort: 'low' }],
    ['reasoning_effort', { model: 'claude-fable-5', reasoning_effort: 'none' }],
    ['tool_choice', { model: 'claude-opus-5-5', tools: [WEATHER], tool_choice: 'required' }],
    [
      'tools.function.strict',
      {
        model: 'claude-3-5-haiku-20241022',
        tools: [{ ...WEATHER, function: { ...WEATHER.function, strict: true } }],
      },
    ],
  ])('refuses %s that the model lacks, or leaves it out', (name, fields) => {
    expect(() => bodyOf(fields)).toThrow(UnsupportedParamsError);
    expect(() => bodyOf(fields)).toThrow(name);
    const droppedParams: string[] = [];
    const body = bodyOf(fields, { dropParams: true, droppedParams });
    expect(droppedParams).toEqual([name]);
    expect(body[name]).toEqual(name === 'tool_choice' ? { type: 'auto' } : undefined);
  });

  it('sends temperature 1 to a model that takes no other', () => {
    // The two together are refused, and a top_p of 1 asks for nothing.
    const { temperature, top_p } = bodyOf({ model: 'claude-opus-4-8', temperature: 1, top_p: 1 });
    expect({ temperature, top_p }).toEqual({ temperature: 1, top_p: undefined });
  });

  describe('messages', () => {
    const messagesOf = (messages: ChatRequest['messages']): any => bodyOf({ messages });

    it('puts instructions of either role to the top, with their cache marks', () => {
      const { system, messages } = messagesOf([
        { role: 'system', content: [{ type: 'text', text: 'A', cache_control: { type: 'ephemeral' } }] },
        { role: 'user', content: 'Hi' },
        { role: 'developer', content: 'B' },
      ]);
      expect(system).toEqual([
        { type: 'text', text: 'A', cache_control: { type: 'ephemeral' } },
        { type: 'text', text: 'B' },
      ]);
      expect(messages).toEqual([{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]);
    });

    it('makes one turn of messages of the same role', () => {
      const { messages } = messagesOf([
        { role: 'user', content: 'A' },
        { role: 'user', content: 'B' },
        { role: 'assistant', content: 'C' },
        { role: 'assistant', content: 'D' },
        { role: 'user', content: 'E' },
      ]);
      expect(messages.map(({ role, content }: any) => [role, content.map(({ text }: any) => text)])).toEqual([
        ['user', ['A', 'B']],
        ['assistant', ['C', 'D']],
        ['user', ['E']],
      ]);
    });

    it('puts the results of tools first in the turn of the user', () => {
      const { messages } = messagesOf([
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, tool_calls: [call('a'), call('b'), call('c.1:2', 'now', '')] },
        { role: 'tool', tool_call_id: 'b', content: 'rain' },
        { role: 'user', content: 'And?' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'sun' }] },
        { role: 'tool', tool_call_id: 'c.1:2', content: '' },
      ]);
      expect(messages.slice(1)).toEqual([
        {
          role: 'assistant',
          content: [
            { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Paris' } },
            { type: 'tool_use', id: 'b', name: 'weather', input: { city: 'Paris' } },
            { type: 'tool_use', id: expect.stringMatching(/^call_[0-9a-f]{32}$/), name: 'now', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            { type: 'tool_result', tool_use_id: 'b', content: 'rain' },
            { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'sun' }] },
            {
              type: 'tool_result',
              tool_use_id: expect.stringMatching(/^call_[0-9a-f]{32}$/),
              content: '',
            },
            { type: 'text', text: 'And?' },
          ],
        },
      ]);
    });

    it('hands back thinking that has its signature, before everything else', () => {
      const { messages } = messagesOf([
        ...HI,
        {
          role: 'assistant',
          content: 'Hello',
          reasoning_content: 'Hm.',
          thinking_blocks: [
            { type: 'thinking', thinking: 'Hm.', signature: 's' },
            { type: 'thinking', thinking: 'of another provider' },
            { type: 'redacted_thinking', data: 'd' },
          ],
          tool_calls: [call('a')],
        },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
      ]);
      expect(messages[1].content).toEqual([
        { type: 'thinking', thinking: 'Hm.', signature: 's' },
        { type: 'redacted_thinking', data: 'd' },
        { type: 'text', text: 'Hello' },
        { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Paris' } },
      ]);
    });

    it('hands back the blocks that an answer kept, unless the caller changed it', () => {
      const content = [
        { type: 'server_tool_use', id: 's', name: 'web_search', input: {} },
        { type: 'text', text: 'Found' },
      ];
      const message = {
        role: 'assistant' as const,
        content: 'Found',
        provider_specific_fields: { anthropic: { content } },
      };
      const back = (more: object) => messagesOf([...HI, { ...message, ...more }, ...HI]).messages[1].content;
      expect(back({})).toEqual(content);
      expect(back({ content: 'Lost' })).toEqual([{ type: 'text', text: 'Lost' }]);
      expect(back({ tool_calls: [call('a')] })).toEqual([
        { type: 'text', text: 'Found' },
        { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Paris' } },
      ]);
    });

    it('changes nothing of the messages that it was given', () => {
      const messages: ChatRequest['messages'] = [
        ...HI,
        {
          role: 'assistant',
          content: 'A',
          provider_specific_fields: { anthropic: { content: [{ type: 'text', text: 'A' }] } },
        },
        { role: 'assistant', content: 'B ' },
      ];
      const before = structuredClone(messages);
      messagesOf(messages);
      expect(messages).toEqual(before);
    });

    it('leaves out texts without a character, and messages of nothing else', () => {
      const { messages } = messagesOf([
        {
          role: 'user',
          content: [
            { type: 'text', text: '' },
            { type: 'text', text: 'A' },
          ],
        },
        { role: 'assistant', content: '' },
        { role: 'user', content: 'B' },
      ]);
      expect(messages).toEqual([
        {
          role: 'user',
          content: [
            { type: 'text', text: 'A' },
            { type: 'text', text: 'B' },
          ],
        },
      ]);
    });

    it('begins an answer without the blanks at its end', () => {
      expect(messagesOf([...HI, { role: 'assistant', content: 'So: ' }]).messages[1].content).toEqual([
        { type: 'text', text: 'So:' },
      ]);
      expect(messagesOf([...HI, { role: 'assistant', content: ' \n' }]).messages).toHaveLength(1);
    });

    it('gives a refusal back as text', () => {
      const { messages } = messagesOf([
        ...HI,
        { role: 'assistant', content: null, refusal: 'No.' },
        { role: 'user', content: 'Please' },
      ]);
      expect(messages[1]).toEqual({ role: 'assistant', content: [{ type: 'text', text: 'No.' }] });
    });

    it('puts cache marks where they belong', () => {
      const mark = { cache_control: { type: 'ephemeral' as const, ttl: '1h' as const } };
      const { messages } = messagesOf([
        { role: 'user', content: [{ type: 'text', text: 'A', ...mark }] },
        {
          role: 'assistant',
          content: 'B',
          thinking_blocks: [{ type: 'redacted_thinking', data: 'd' }],
          ...mark,
        },
        {
          role: 'user',
          content: [{ type: 'text', text: 'C', prompt_cache_breakpoint: { mode: 'explicit' } }],
        },
        { role: 'assistant', content: null, tool_calls: [call('a')], ...mark },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
      ]);
      expect(messages.map(({ content }: any) => content.map((block: any) => block.cache_control))).toEqual([
        [mark.cache_control],
        [undefined, mark.cache_control],
        [{ type: 'ephemeral' }],
        [mark.cache_control],
        [undefined],
      ]);
    });

    it.each<[string, any, object]>([
      [
        'an image in place',
        { type: 'image_url', image_url: { url: 'data:image/png;base64,QUJD', detail: 'low' } },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'QUJD' } },
      ],
      [
        'an image of the type jpg',
        { type: 'image_url', image_url: { url: 'data:image/jpg;base64,QUJD' } },
        { type: 'image', source: { type: 'base64', media_type: 'image/jpeg', data: 'QUJD' } },
      ],
      [
        'an image by URL',
        { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
        { type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } },
      ],
      [
        'a PDF',
        {
          type: 'file',
          file: { file_data: 'data:application/pdf;base64,JVBERg==', filename: 'a.pdf' },
          cache_control: { type: 'ephemeral' },
        },
        {
          type: 'document',
          source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' },
          title: 'a.pdf',
          cache_control: { type: 'ephemeral' },
        },
      ],
      [
        'the bare base64 of a PDF',
        { type: 'file', file: { file_data: 'JVBERg==' } },
        { type: 'document', source: { type: 'base64', media_type: 'application/pdf', data: 'JVBERg==' } },
      ],
      [
        'a file by URL',
        { type: 'file', file: { file_data: 'https://example.com/a.pdf' } },
        { type: 'document', source: { type: 'url', url: 'https://example.com/a.pdf' } },
      ],
      [
        'a text file',
        { type: 'file', file: { file_data: 'data:text/csv;base64,w6Q=' } },
        { type: 'document', source: { type: 'text', media_type: 'text/plain', data: 'ä' } },
      ],
      [
        'an image as a file',
        { type: 'file', file: { file_data: 'data:image/webp;base64,QUJD' } },
        { type: 'image', source: { type: 'base64', media_type: 'image/webp', data: 'QUJD' } },
      ],
      [
        'an uploaded file',
        { type: 'file', file: { file_id: 'file_1' } },
        { type: 'document', source: { type: 'file', file_id: 'file_1' } },
      ],
      [
        "a block of the provider's own",
        {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: 'A' },
          citations: { enabled: true },
        },
        {
          type: 'document',
          source: { type: 'text', media_type: 'text/plain', data: 'A' },
          citations: { enabled: true },
        },
      ],
    ])('takes %s', (_name, part, block) => {
      const { messages } = messagesOf([{ role: 'user', content: [part] }]);
      expect(messages[0].content).toEqual([block]);
    });

    it.each<[string, any]>([
      ['input_audio', { type: 'input_audio', input_audio: { data: 'QUJD', format: 'wav' } }],
      ['image/tiff', { type: 'image_url', image_url: { url: 'data:image/tiff;base64,QUJD' } }],
      ['neither http', { type: 'image_url', image_url: { url: 'file:///etc/passwd' } }],
      ['application/zip', { type: 'file', file: { file_data: 'data:application/zip;base64,QUJD' } }],
      ['file_data', { type: 'file', file: {} }],
      ['video', { type: 'video' }],
    ])('refuses a part and names it: %s', (name, part) => {
      const attempt = () => messagesOf([{ role: 'user', content: [part] }]);
      expect(attempt).toThrow(BadRequestError);
      expect(attempt).toThrow(name);
    });

    it.each<[string, ChatRequest['messages']]>([
      ['role function', [{ role: 'function', name: 'f', content: 'x' }]],
      ['without a message of the user', [{ role: 'user', content: ' ' }]],
      ['function_call', [...HI, { role: 'assistant', function_call: { name: 'f', arguments: '' } }]],
      [
        'type custom',
        [
          ...HI,
          { role: 'assistant', tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'c', input: '' } }] },
        ],
      ],
    ])('refuses a conversation and says why: %s', (why, messages) => {
      expect(() => messagesOf(messages)).toThrow(BadRequestError);
      expect(() => messagesOf(messages)).toThrow(why);
    });
  });

  describe('tools', () => {
    it('describes them, with their cache marks and strictness', () => {
      const { tools, tool_choice } = bodyOf({
        tools: [
          {
            type: 'function',
            function: { name: 'a', description: 'A', parameters: SCHEMA, strict: true },
            cache_control: { type: 'ephemeral' },
          },
          { type: 'function', function: { name: 'b' } },
          { type: 'web_search_20250305', name: 'web_search' } as never,
        ],
      });
      expect(tools).toEqual([
        {
          name: 'a',
          description: 'A',
          input_schema: SCHEMA,
          strict: true,
          cache_control: { type: 'ephemeral' },
        },
        { name: 'b', input_schema: { type: 'object', properties: {} } },
        { type: 'web_search_20250305', name: 'web_search' },
      ]);
      expect(tool_choice).toBeUndefined();
    });

    it.each<[Partial<ChatRequest>, object | undefined]>([
      [{ tool_choice: 'auto' }, { type: 'auto' }],
      [{ tool_choice: 'none' }, { type: 'none' }],
      [{ tool_choice: 'required' }, { type: 'any' }],
      [
        { tool_choice: { type: 'function', function: { name: 'weather' } } },
        { type: 'tool', name: 'weather' },
      ],
      [{ parallel_tool_calls: false }, { type: 'auto', disable_parallel_tool_use: true }],
      [
        { tool_choice: 'required', parallel_tool_calls: false },
        { type: 'any', disable_parallel_tool_use: true },
      ],
      [{ tool_choice: 'none', parallel_tool_calls: false }, { type: 'none' }],
      [{ parallel_tool_calls: true }, undefined],
    ])('translates %j', (fields, choice) => {
      expect(bodyOf({ tools: [WEATHER], ...fields }).tool_choice).toEqual(choice);
    });

    it('offers the allowed ones only', () => {
      const { tools, tool_choice } = bodyOf({
        tools: [WEATHER, { type: 'function', function: { name: 'b' } }],
        tool_choice: {
          type: 'allowed_tools',
          allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'b' } }] },
        },
      });
      expect(tools.map(({ name }: any) => name)).toEqual(['b']);
      expect(tool_choice).toEqual({ type: 'any' });
    });

    it('makes no choice without tools', () => {
      const body = bodyOf({ tool_choice: 'none', parallel_tool_calls: false, tools: [] });
      expect(body.tools).toBeUndefined();
      expect(body.tool_choice).toBeUndefined();
    });

    it('searches the web', () => {
      const { tools } = bodyOf({
        web_search_options: {
          search_context_size: 'low',
          user_location: { type: 'approximate', approximate: { city: 'Paris' } },
        },
      });
      expect(tools).toEqual([
        {
          type: 'web_search_20250305',
          name: 'web_search',
          max_uses: 1,
          user_location: { type: 'approximate', city: 'Paris' },
        },
      ]);
    });

    it.each(['huge', 'toString'])('refuses a size of the search that it lacks: %s', (size) => {
      const request = { web_search_options: { search_context_size: size } };
      expect(() => bodyOf(request)).toThrow(
        expect.objectContaining({
          name: 'UnsupportedParamsError',
          params: ['web_search_options.search_context_size'],
        }),
      );
    });

    it('refuses custom ones', () => {
      const tools = [{ type: 'custom' as const, custom: { name: 'grammar' } }];
      expect(() => bodyOf({ tools })).toThrow(BadRequestError);
      expect(() => bodyOf({ tools })).toThrow('grammar');
    });
  });

  describe('answers in JSON', () => {
    it('asks a newer model for its own structured output', () => {
      const { output_config, tools } = bodyOf({ response_format: JSON_SCHEMA });
      expect(output_config).toEqual({
        format: {
          type: 'json_schema',
          schema: {
            type: 'object',
            properties: { a: { type: 'integer', description: '{minimum: 1}' } },
            required: ['a'],
            additionalProperties: false,
          },
        },
      });
      expect(tools).toBeUndefined();
    });

    it.each<[Partial<ChatRequest>, object]>([
      [{}, { type: 'tool', name: 'json' }],
      [{ tools: [WEATHER] }, { type: 'any' }],
      [
        { tools: [WEATHER], tool_choice: 'none' },
        { type: 'tool', name: 'json' },
      ],
      [{ tools: [WEATHER], tool_choice: 'required' }, { type: 'any' }],
      [{ model: 'claude-3-7-sonnet-20250219', reasoning_effort: 'low' }, { type: 'auto' }],
      [{ model: 'claude-opus-5-5', response_format: { type: 'json_object' } }, { type: 'auto' }],
    ])('forces a tool where there is none: %j', (fields, choice) => {
      const body = bodyOf({ model: 'claude-3-5-haiku-20241022', response_format: JSON_SCHEMA, ...fields });
      expect(body.tool_choice).toEqual(choice);
      expect(body.tools.at(-1).name).toBe('json');
      expect(body.output_config?.format).toBeUndefined();
    });

    it('gives the tool the schema, and a name that is free', () => {
      const { tools } = bodyOf({
        model: 'claude-3-5-haiku-20241022',
        response_format: JSON_SCHEMA,
        tools: [{ type: 'function', function: { name: 'json' } }],
      });
      expect(tools[1]).toMatchObject({ name: 'json_', input_schema: SCHEMA });
    });

    it('leaves a tool that the caller named the only one', () => {
      const body = bodyOf({
        response_format: { type: 'json_object' },
        tools: [WEATHER],
        tool_choice: { type: 'function', function: { name: 'weather' } },
      });
      expect(body.tools).toHaveLength(1);
      expect(body.tool_choice).toEqual({ type: 'tool', name: 'weather' });
    });

    it('uses the tool at a host without structured output', () => {
      const own = anthropicCompletionFormat({ structuredOutput: false });
      const request = { model: 'claude-opus-5', messages: HI, response_format: JSON_SCHEMA };
      const body = JSON.parse(String(own.request(request, contextOf(request)).body));
      expect(body.tools).toHaveLength(1);
      expect(own.capabilities.structuredOutput).toBe('tool');
    });
  });

  describe('thinking', () => {
    it.each<[Partial<ChatRequest>, object]>([
      [{ reasoning_effort: 'minimal' }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
      [{ reasoning_effort: 'low' }, { thinking: { type: 'enabled', budget_tokens: 1024 } }],
      [{ reasoning_effort: 'medium' }, { thinking: { type: 'enabled', budget_tokens: 2048 } }],
      [
        { reasoning_effort: 'high' },
        { thinking: { type: 'enabled', budget_tokens: 4096 }, max_tokens: 25_429 },
      ],
      [{ reasoning_effort: 'max' }, { thinking: { type: 'enabled', budget_tokens: 16_384 } }],
      [
        { reasoning_effort: 'high', max_completion_tokens: 2000 },
        { thinking: { type: 'enabled', budget_tokens: 1999 }, max_tokens: 2000 },
      ],
      [{ reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }],
      [
        { model: 'claude-opus-4-6', reasoning_effort: 'xhigh' },
        { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
      ],
      [
        { model: 'claude-opus-5', reasoning_effort: 'xhigh' },
        { thinking: { type: 'adaptive', display: 'summarized' }, output_config: { effort: 'xhigh' } },
      ],
      [
        { model: 'claude-sonnet-5', reasoning_effort: 'minimal', response_format: JSON_SCHEMA },
        { output_config: { effort: 'low', format: { type: 'json_schema' } } },
      ],
      [{ model: 'claude-sonnet-5-5', reasoning_effort: 'none' }, { thinking: { type: 'between_tools' } }],
      [
        { thinking: { type: 'enabled', budget_tokens: 9000 } },
        { thinking: { type: 'enabled', budget_tokens: 9000 }, max_tokens: 30_333 },
      ],
      [
        {
          model: 'claude-opus-4-7',
          thinking: { type: 'adaptive', display: 'omitted' },
          reasoning_effort: 'low',
        },
        { thinking: { type: 'adaptive', display: 'omitted' }, output_config: { effort: 'low' } },
      ],
    ])('translates %j', (fields, expected) => {
      expect(bodyOf(fields)).toMatchObject(expected);
    });

    it('refuses an effort that there is not', () => {
      const attempt = () => bodyOf({ reasoning_effort: 'disable' });
      expect(attempt).toThrow(BadRequestError);
      expect(attempt).toThrow('"disable"');
    });

    it('says so when the answer has no room for it', () => {
      const attempt = () => bodyOf({ reasoning_effort: 'low', max_tokens: 1000 });
      expect(attempt).toThrow(BadRequestError);
      expect(attempt).toThrow('max_completion_tokens');
    });
  });

  describe("the provider's own options", () => {
    it('go over the body; tools are added, output_config is merged', () => {
      const body = bodyOf({
        tools: [WEATHER],
        response_format: JSON_SCHEMA,
        providerOptions: {
          anthropic: {
            top_k: 5,
            tools: [{ type: 'web_fetch_20250910', name: 'web_fetch' }],
            output_config: { effort: 'low' },
          },
          openai: { store: true },
        },
      });
      expect(body).toMatchObject({ top_k: 5, output_config: { effort: 'low', format: {} } });
      expect(body.tools).toHaveLength(2);
      expect(body.store).toBeUndefined();
    });

    it('name betas, which join the configured ones', () => {
      const request: ChatRequest = {
        model: 'm',
        messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file_1' } }] }],
        providerOptions: { anthropic: { betas: ['c', 'a'] } },
      };
      const options = { headers: { 'Anthropic-Beta': 'a, b' }, betas: ['d'] };
      const { headers, body } = format.request(request, contextOf(request, { providerOptions: options }));
      expect(headers).toEqual({ 'anthropic-beta': 'a,b,d,c,files-api-2025-04-14' });
      expect(JSON.parse(String(body)).betas).toBeUndefined();
      const inBody = anthropicCompletionFormat({ betas: 'body' }).request(
        request,
        contextOf(request, { providerOptions: options }),
      );
      expect(inBody.headers).toBeUndefined();
      expect(JSON.parse(String(inBody.body)).anthropic_beta).toContain('files-api-2025-04-14');
    });
  });

  it('leaves to another host what is that one’s', () => {
    const own = anthropicCompletionFormat({
      path: (model, streamed) => `/models/${model}:${streamed ? 'stream' : 'raw'}`,
      modelInBody: false,
      streamInBody: false,
      fields: { anthropic_version: 'v' },
      urlSources: false,
      fileIds: false,
    });
    const request: ChatRequest = { model: 'claude-opus-5', messages: HI, stream: true };
    const { path, body } = own.request(request, contextOf(request));
    expect(path).toBe('/models/claude-opus-5:stream');
    expect(JSON.parse(String(body))).toEqual({
      anthropic_version: 'v',
      max_tokens: 21_333,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    });
    for (const part of [
      { type: 'image_url' as const, image_url: { url: 'https://example.com/a.png' } },
      { type: 'file' as const, file: { file_id: 'f' } },
    ]) {
      const asked: ChatRequest = { ...request, messages: [{ role: 'user', content: [part] }] };
      expect(() => own.request(asked, contextOf(asked))).toThrow(BadRequestError);
    }
  });
});

/** The OpenAI request that a recorded one is the translation of. */
function openAIOf(recorded: any): ChatRequest {
  const { model, max_tokens, messages, system, tools, stream, thinking, output_format } = recorded;
  const partOf = (block: any): any => {
    if (block.type === 'text') return block;
    const { media_type, data } = block.source;
    return { type: 'image_url', image_url: { url: `data:${media_type};base64,${data}` } };
  };
  return {
    model,
    max_tokens,
    ...(stream && { stream }),
    ...(thinking && { thinking }),
    ...(output_format && {
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: output_format.schema } },
    }),
    ...(tools && {
      tools: tools.map(({ name, description, input_schema }: any) => ({
        type: 'function',
        function: { name, description, parameters: input_schema },
      })),
    }),
    messages: [
      ...(system ? [{ role: 'system' as const, content: system }] : []),
      ...messages.flatMap(({ role, content }: any): any[] => {
        if (typeof content === 'string') return [{ role, content }];
        const of = (type: string) => content.filter((block: any) => block.type === type);
        if (role === 'user') {
          const results = of('tool_result');
          if (results.length === 0) return [{ role, content: content.map(partOf) }];
          return results.map((block: any) => ({
            role: 'tool',
            tool_call_id: block.tool_use_id,
            content: block.content,
          }));
        }
        const calls = of('tool_use').map(({ id, name, input }: any) => call(id, name, JSON.stringify(input)));
        return [{ role, content: of('text'), ...(calls.length > 0 && { tool_calls: calls }) }];
      }),
    ],
  };
}

/** A request with contents as lists throughout, and the structured output where it is now. */
function normal({ messages, system, output_format, ...rest }: any): any {
  const listOf = (content: any) =>
    typeof content === 'string' ? [{ type: 'text', text: content }] : content;
  return {
    ...rest,
    ...(system && { system: listOf(system) }),
    ...(output_format && { output_config: { format: output_format } }),
    messages: messages.map(({ role, content }: any) => ({ role, content: listOf(content) })),
  };
}

describe('recorded requests to Anthropic', () => {
  const recorded = recordingsOf('anthropic/openllmetry', 'named-sse').map(
    ({ name, request }) => [name, request!.body] as const,
  );

  it('are there', () => expect(recorded.length).toBeGreaterThanOrEqual(fewestOf(36)));

  it.each(recorded)('%s', (_name, body) => {
    const request = openAIOf(body);
    expect(JSON.parse(String(format.request(request, contextOf(request)).body))).toEqual(normal(body));
  });
});
