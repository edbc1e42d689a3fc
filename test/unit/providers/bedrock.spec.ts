import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChatMessage, ChatRequest } from '../../../lib/index.js';
import { bedrockAdapter } from '../../../lib/providers/bedrock/bedrock.adapter.js';
import type { FormatContext } from '../../../lib/providers/provider-adapter.interface.js';
import { conversation } from '../../support/conversations.js';

const CLAUDE = 'anthropic.claude-3-7-sonnet-20250219-v1:0';
const SONNET_4_5 = 'eu.anthropic.claude-sonnet-4-5-20250929-v1:0';
const OPUS_4_8 = 'anthropic.claude-opus-4-8';
const LLAMA = 'meta.llama3-3-70b-instruct-v1:0';
const NOVA = 'amazon.nova-lite-v1:0';

function contextOf(request: ChatRequest, model: string, dropParams = false): FormatContext<ChatRequest> {
  return { request, providerOptions: {}, provider: 'bedrock', model, dropParams, droppedParams: [] };
}

/** The translated body of a request. */
function bodyOf(request: Partial<ChatRequest>, model = CLAUDE, dropParams = false): any {
  const whole: ChatRequest = {
    model: `bedrock/${model}`,
    messages: [{ role: 'user', content: 'Hi' }],
    ...request,
  };
  const context = contextOf(whole, model, dropParams);
  const format = bedrockAdapter.completion!(model, whole);
  return JSON.parse(String(format.request(whole, context).body));
}

const contentOf = (messages: ChatMessage[], model = CLAUDE) => bodyOf({ messages }, model).messages;
const user = (...content: any[]): ChatMessage[] => [{ role: 'user', content }];
const tool = (name: string, more: object = {}) => ({
  type: 'function' as const,
  function: { name, description: `Does ${name}`, parameters: { type: 'object', properties: {} } },
  ...more,
});
const spec = (name: string) => ({
  toolSpec: {
    name,
    description: `Does ${name}`,
    inputSchema: { json: { type: 'object', properties: {} } },
  },
});
const SCHEMA = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] };
const response_format = {
  type: 'json_schema' as const,
  json_schema: { name: 'answer', description: 'An answer', schema: SCHEMA },
};

describe('the translation of a request to Converse', () => {
  it('puts parameters where they belong', () => {
    expect(
      bodyOf({
        max_completion_tokens: 10,
        temperature: 0.5,
        top_p: 0.9,
        stop: ['a', '', 'b'],
        metadata: { team: 'x' },
        service_tier: 'flex',
      }),
    ).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Hi' }] }],
      inferenceConfig: { maxTokens: 10, temperature: 0.5, topP: 0.9, stopSequences: ['a', 'b'] },
      requestMetadata: { team: 'x' },
      serviceTier: { type: 'flex' },
    });
  });

  it.each([
    ['seed', { seed: 1 }],
    ['n', { n: 2 }],
    ['logprobs', { logprobs: true }],
    ['frequency_penalty', { frequency_penalty: 0.5 }],
    ['logit_bias', { logit_bias: { 1: 1 } }],
    ['service_tier', { service_tier: 'scale' as const }],
  ])('refuses %s, or drops it', (name, params) => {
    expect(() => bodyOf(params)).toThrow(expect.objectContaining({ params: [name] }));
    expect(bodyOf(params, CLAUDE, true)).toEqual({ messages: [{ role: 'user', content: [{ text: 'Hi' }] }] });
  });

  it('merges the fields of its own, object by object', () => {
    expect(
      bodyOf({
        temperature: 1,
        thinking: { type: 'enabled', budget_tokens: 2000 },
        providerOptions: {
          bedrock: {
            guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
            inferenceConfig: { topP: 0.1 },
            additionalModelRequestFields: { top_k: 5 },
          },
          openai: { ignored: true },
        },
      }),
    ).toMatchObject({
      guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
      inferenceConfig: { temperature: 1, topP: 0.1, maxTokens: 23_333 },
      additionalModelRequestFields: { top_k: 5, thinking: { type: 'enabled', budget_tokens: 2000 } },
    });
  });

  it('puts system and developer messages first, and joins what follows on each other from one side', () => {
    const messages: ChatMessage[] = [
      {
        role: 'system',
        content: [{ type: 'text', text: 'A', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      },
      { role: 'user', content: 'one' },
      { role: 'developer', content: 'B' },
      { role: 'assistant', content: ' ' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'two' },
          { type: 'text', text: '' },
        ],
      },
    ];
    expect(bodyOf({ messages })).toEqual({
      system: [{ text: 'A' }, { cachePoint: { type: 'default' } }, { text: 'B' }],
      messages: [{ role: 'user', content: [{ text: 'one' }, { text: 'two' }] }],
    });
  });

  it('takes an assistant message back with its thinking, its tool calls and their results', () => {
    const messages: ChatMessage[] = [
      { role: 'user', content: 'Hi' },
      {
        role: 'assistant',
        content: null,
        refusal: null,
        reasoning_content: 'hm',
        thinking_blocks: [
          { type: 'thinking', thinking: 'hm', signature: 's' },
          { type: 'redacted_thinking', data: 'ZGF0YQ==' },
          { type: 'thinking', thinking: 'unsigned' },
        ],
        tool_calls: [
          { id: 'a', type: 'function', function: { name: 'f', arguments: '' } },
          { id: 'gemini id/2', type: 'function', function: { name: 'g', arguments: '{"x":1}' } },
        ],
      },
      {
        role: 'tool',
        tool_call_id: 'gemini id/2',
        content: [{ type: 'text', text: '2', cache_control: { type: 'ephemeral' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '' },
      { role: 'user', content: 'Go on' },
    ];
    const replaced = expect.stringMatching(/^call_[0-9a-f]{32}$/);
    const turns = contentOf(messages);
    expect(turns.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'hm', signature: 's' } } },
          { reasoningContent: { redactedContent: 'ZGF0YQ==' } },
          { toolUse: { toolUseId: 'a', name: 'f', input: {} } },
          { toolUse: { toolUseId: replaced, name: 'g', input: { x: 1 } } },
        ],
      },
      {
        role: 'user',
        content: [
          { toolResult: { toolUseId: replaced, content: [{ text: '2' }] } },
          { cachePoint: { type: 'default' } },
          { toolResult: { toolUseId: 'a', content: [] } },
          { text: 'Go on' },
        ],
      },
    ]);
    expect(turns[1].content[3].toolUse.toolUseId).toBe(turns[2].content[0].toolResult.toolUseId);
  });

  it.each([
    [
      'an image',
      { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,AAAA' } },
      { image: { format: 'jpeg', source: { bytes: 'AAAA' } } },
    ],
    [
      'an image of S3',
      { type: 'image_url', image_url: { url: 's3://bucket/a/b.PNG' } },
      { image: { format: 'png', source: { s3Location: { uri: 's3://bucket/a/b.PNG' } } } },
    ],
    [
      'a document',
      {
        type: 'file',
        file: { file_data: 'data:application/pdf;base64,AAAA', filename: "John's_report.v2.pdf" },
      },
      { document: { format: 'pdf', name: 'John s report v2', source: { bytes: 'AAAA' } } },
    ],
    [
      'a document as bare base64',
      { type: 'file', file: { file_data: 'AAAA', filename: 'a.csv' } },
      { document: { format: 'csv', name: 'a', source: { bytes: 'AAAA' } } },
    ],
    [
      'a video',
      { type: 'file', file: { file_data: 'data:video/mp4;base64,AAAA' } },
      { video: { format: 'mp4', source: { bytes: 'AAAA' } } },
    ],
    [
      'audio',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { audio: { format: 'mp3', source: { bytes: 'AAAA' } } },
    ],
  ])('sends %s', (_title, part, block) => {
    expect(contentOf(user(part, { type: 'text', text: 'What is it?' }))).toEqual([
      { role: 'user', content: [block, { text: 'What is it?' }] },
    ]);
  });

  it('gives each document a name of its own', () => {
    const file = { type: 'file', file: { file_data: 'data:text/plain;base64,AAAA' } };
    const names = contentOf(user(file, file, file))[0]
      .content.slice(0, 3)
      .map((block: any) => block.document.name);
    expect(names).toEqual(['document', 'document 2', 'document 3']);
  });

  it.each([
    [
      'the address of an image',
      { type: 'image_url', image_url: { url: 'https://example.com/a.png?key=1' } },
      'https://example.com/a.png',
    ],
    [
      'an image of a type it lacks',
      { type: 'image_url', image_url: { url: 'data:image/tiff;base64,AA' } },
      'image/tiff',
    ],
    ['a file id', { type: 'file', file: { file_id: 'file-1' } }, 'file_id'],
    ['a part of an unknown type', { type: 'hologram' }, 'hologram'],
  ])('refuses %s by its name', (_title, part, named) => {
    expect(() => contentOf(user(part))).toThrow(
      expect.objectContaining({ name: 'BadRequestError', message: expect.stringContaining(named) }),
    );
    expect(() => contentOf(user(part))).not.toThrow(/key=1/);
  });

  describe('tools', () => {
    const tools = [tool('f'), tool('g')];

    it.each([
      ['no choice', {}, { tools: [spec('f'), spec('g')] }],
      ['auto', { tool_choice: 'auto' as const }, { tools: [spec('f'), spec('g')], toolChoice: { auto: {} } }],
      [
        'required',
        { tool_choice: 'required' as const },
        { tools: [spec('f'), spec('g')], toolChoice: { any: {} } },
      ],
      ['none', { tool_choice: 'none' as const }, undefined],
      [
        'a named one',
        { tool_choice: { type: 'function' as const, function: { name: 'g' } } },
        { tools: [spec('f'), spec('g')], toolChoice: { tool: { name: 'g' } } },
      ],
      [
        'allowed ones',
        {
          tool_choice: {
            type: 'allowed_tools' as const,
            allowed_tools: {
              mode: 'required' as const,
              tools: [{ type: 'function', function: { name: 'g' } }],
            },
          },
        },
        { tools: [spec('g')], toolChoice: { any: {} } },
      ],
    ])('with %s', (_title, choice, toolConfig) => {
      expect(bodyOf({ tools, ...choice }, NOVA).toolConfig).toEqual(toolConfig);
    });

    it('marks a tool for the cache', () => {
      const marked = tool('f', { cache_control: { type: 'ephemeral' } });
      expect(bodyOf({ tools: [marked] }).toolConfig.tools).toEqual([
        spec('f'),
        { cachePoint: { type: 'default' } },
      ]);
    });

    it('one at a time is a choice of Claude, and of no other', () => {
      const body = bodyOf({ tools, parallel_tool_calls: false, tool_choice: 'required' });
      expect(body.toolConfig).toEqual({ tools: [spec('f'), spec('g')] });
      expect(body.additionalModelRequestFields).toEqual({
        tool_choice: { type: 'any', disable_parallel_tool_use: true },
      });
      expect(() => bodyOf({ tools, parallel_tool_calls: false }, NOVA)).toThrow(/parallel_tool_calls/);
    });

    it('are defined for calls of earlier turns, where the request has none', () => {
      const messages: ChatMessage[] = [
        { role: 'user', content: 'Hi' },
        {
          role: 'assistant',
          tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'a', content: '1' },
      ];
      const body = bodyOf({ messages });
      expect(body.toolConfig.tools.map((one: any) => one.toolSpec.name)).toEqual(['f']);
      expect(body.additionalModelRequestFields).toEqual({ tool_choice: { type: 'none' } });
      const kept = bodyOf({ messages, tools, tool_choice: 'none' });
      expect(kept.toolConfig.tools).toHaveLength(2);
      expect(kept.additionalModelRequestFields).toEqual({ tool_choice: { type: 'none' } });
    });

    it('other than functions are refused', () => {
      expect(() => bodyOf({ tools: [{ type: 'custom', custom: { name: 'c' } }] })).toThrow(/"custom"/);
    });
  });

  describe('a structured output', () => {
    it('is the input of a tool that the model has to use', () => {
      const { toolConfig } = bodyOf({ response_format });
      expect(toolConfig.toolChoice).toEqual({ any: {} });
      expect(toolConfig.tools).toEqual([
        {
          toolSpec: {
            name: 'json',
            description: expect.stringContaining('An answer'),
            inputSchema: { json: SCHEMA },
          },
        },
      ]);
    });

    it('stands beside the tools of the caller, under a name of its own', () => {
      const { toolConfig } = bodyOf({ response_format: { type: 'json_object' }, tools: [tool('json')] });
      expect(toolConfig.tools.map((one: any) => one.toolSpec.name)).toEqual(['json', 'json_answer']);
      expect(toolConfig.toolChoice).toEqual({ any: {} });
      const only = bodyOf({ response_format, tools: [tool('f')], tool_choice: 'none' });
      expect(only.toolConfig.tools.map((one: any) => one.toolSpec.name)).toEqual(['json']);
    });

    it('is not forced on a model that cannot be, and on a Claude that thinks', () => {
      expect(bodyOf({ response_format }, LLAMA).toolConfig).not.toHaveProperty('toolChoice');
      expect(bodyOf({ response_format, reasoning_effort: 'low' }).toolConfig).not.toHaveProperty(
        'toolChoice',
      );
    });

    it("is by Bedrock's own means where Claude thinks and has them", () => {
      const body = bodyOf({ response_format, reasoning_effort: 'low' }, SONNET_4_5);
      expect(body.toolConfig).toBeUndefined();
      expect(body.outputConfig).toEqual({
        textFormat: {
          type: 'json_schema',
          structure: {
            jsonSchema: {
              name: 'answer',
              description: 'An answer',
              schema: JSON.stringify({ ...SCHEMA, additionalProperties: false }),
            },
          },
        },
      });
    });
  });

  describe('reasoning', () => {
    const fieldsOf = (request: Partial<ChatRequest>, model = CLAUDE) =>
      bodyOf(request, model).additionalModelRequestFields;

    it.each([
      ['minimal', 1024],
      ['low', 1024],
      ['medium', 2048],
      ['high', 4096],
      ['xhigh', 8192],
      ['max', 16_384],
    ] as const)('of the effort %s is a budget of %i tokens', (reasoning_effort, budget_tokens) => {
      const body = bodyOf({ reasoning_effort });
      expect(body.additionalModelRequestFields).toEqual({ thinking: { type: 'enabled', budget_tokens } });
      expect(body.inferenceConfig).toEqual({ maxTokens: budget_tokens + 21_333 });
    });

    it('leaves room below the limit of the caller', () => {
      const body = bodyOf({ reasoning_effort: 'high', max_tokens: 3000 });
      expect(body.inferenceConfig.maxTokens).toBe(3000);
      expect(body.additionalModelRequestFields.thinking.budget_tokens).toBe(2999);
    });

    it('is told to each family in its way', () => {
      expect(fieldsOf({ reasoning_effort: 'max' }, OPUS_4_8)).toEqual({
        thinking: { type: 'adaptive', display: 'summarized' },
        output_config: { effort: 'max' },
      });
      expect(fieldsOf({ reasoning_effort: 'xhigh' }, 'openai.gpt-oss-120b-1:0')).toEqual({
        reasoning_effort: 'high',
      });
      expect(fieldsOf({ reasoning_effort: 'minimal' }, 'us.amazon.nova-2-lite-v1:0')).toEqual({
        reasoningConfig: { type: 'enabled', maxReasoningEffort: 'low' },
      });
      expect(fieldsOf({ reasoning_effort: 'none' }, LLAMA)).toBeUndefined();
      expect(() => fieldsOf({ reasoning_effort: 'low' }, LLAMA)).toThrow(/reasoning_effort/);
      expect(() => fieldsOf({ thinking: { type: 'adaptive' } }, LLAMA)).toThrow(/thinking/);
    });
  });

  it('keeps roles, order, texts, tool calls and results of any conversation', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const body = bodyOf({ messages });
        const there = messages.flatMap((message): unknown[] => {
          switch (message.role) {
            case 'assistant':
              return [
                ...(message.content ? [['assistant', message.content]] : []),
                ...(message.tool_calls ?? []).map((call: any) => [
                  'call',
                  call.id,
                  call.function.name,
                  JSON.parse(call.function.arguments),
                ]),
              ];
            case 'tool':
              return [['result', message.tool_call_id, message.content]];
            case 'user':
              return [['user', message.content]];
            default:
              return [];
          }
        });
        const here = body.messages.flatMap(({ role, content }: any) =>
          content.map(({ text, toolUse, toolResult }: any) => {
            if (toolUse) return ['call', toolUse.toolUseId, toolUse.name, toolUse.input];
            return toolResult ? ['result', toolResult.toolUseId, toolResult.content[0].text] : [role, text];
          }),
        );
        expect(here).toEqual(there);
        const system = messages.filter(({ role }) => role === 'system' || role === 'developer');
        expect((body.system ?? []).map(({ text }: any) => text)).toEqual(
          system.map(({ content }) => content),
        );
        const roles = body.messages.map(({ role }: any) => role);
        expect(roles.some((role: string, index: number) => role === roles[index - 1])).toBe(false);
      }),
    );
  });
});
