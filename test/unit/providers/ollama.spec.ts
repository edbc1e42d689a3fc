import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChatMessage, ChatRequest } from '../../../lib/index.js';
import { ollamaAdapter } from '../../../lib/providers/ollama/ollama.adapter.js';
import { conversation } from '../../support/conversations.js';

function bodyOf(request: Partial<ChatRequest>, model = 'qwen3', dropParams = false): any {
  const whole: ChatRequest = {
    model: `ollama/${model}`,
    messages: [{ role: 'user', content: 'Hi' }],
    ...request,
  };
  const context = {
    request: whole,
    providerOptions: {},
    provider: 'ollama',
    model,
    dropParams,
    droppedParams: [],
  };
  return JSON.parse(String(ollamaAdapter.completion!(model, whole).request(whole, context).body));
}

const messagesOf = (...messages: any[]) => bodyOf({ messages }).messages;
const BASE = { model: 'qwen3', stream: false, messages: [{ role: 'user', content: 'Hi' }] };
const tools = [{ type: 'function' as const, function: { name: 'f' } }];
const TOOLS = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }];

describe('the translation of a request to Ollama', () => {
  it('puts parameters among the options', () => {
    expect(
      bodyOf({
        max_tokens: 10,
        temperature: 0,
        top_p: 0.9,
        stop: 'a',
        seed: 1,
        frequency_penalty: 0.1,
        presence_penalty: 0.2,
        logprobs: true,
        top_logprobs: 2,
        providerOptions: { ollama: { keep_alive: '5m', options: { num_ctx: 8192 } } },
      }),
    ).toEqual({
      ...BASE,
      logprobs: true,
      top_logprobs: 2,
      keep_alive: '5m',
      options: {
        num_predict: 10,
        temperature: 0,
        top_p: 0.9,
        stop: ['a'],
        seed: 1,
        frequency_penalty: 0.1,
        presence_penalty: 0.2,
        num_ctx: 8192,
      },
    });
  });

  it.each([
    ['n', { n: 2 }],
    ['logit_bias', { logit_bias: { 1: 1 } }],
    ['parallel_tool_calls', { parallel_tool_calls: false }],
    ['tool_choice', { tool_choice: 'required' as const }],
    ['tool_choice', { tool_choice: { type: 'function' as const, function: { name: 'f' } } }],
  ])('refuses %s, or drops it', (name, params) => {
    expect(() => bodyOf(params)).toThrow(expect.objectContaining({ params: [name] }));
    expect(bodyOf(params, 'qwen3', true)).toEqual(BASE);
  });

  it('offers tools, and keeps the model from them', () => {
    expect(bodyOf({ tools }).tools).toEqual(TOOLS);
    expect(bodyOf({ tools, tool_choice: 'auto' }).tools).toEqual(TOOLS);
    expect(bodyOf({ tools, tool_choice: 'none' }).tools).toBeUndefined();
  });

  it('asks for JSON, by a schema where there is one', () => {
    const schema = { type: 'object' };
    expect(bodyOf({ response_format: { type: 'json_object' } }).format).toBe('json');
    expect(
      bodyOf({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }).format,
    ).toEqual(schema);
    expect(bodyOf({ response_format: { type: 'text' } }).format).toBeUndefined();
  });

  it.each([
    ['qwen3', { reasoning_effort: 'none' as const }, false],
    ['qwen3', { reasoning_effort: 'low' as const }, true],
    ['qwen3', { thinking: { type: 'enabled' as const, budget_tokens: 1 } }, true],
    ['qwen3', { thinking: { type: 'disabled' as const } }, false],
    ['gpt-oss:20b', { reasoning_effort: 'minimal' as const }, 'low'],
    ['gpt-oss:20b', { reasoning_effort: 'medium' as const }, 'medium'],
    ['gpt-oss:20b', { reasoning_effort: 'max' as const }, 'high'],
    ['qwen3', {}, undefined],
  ])('%s thinks as asked: %j', (model, request, think) => {
    expect(bodyOf(request, model).think).toBe(think);
  });

  it('takes texts and the bytes of images, and refuses the rest by its name', () => {
    const url = 'data:image/png;base64,AAAA';
    expect(
      messagesOf({
        role: 'user',
        content: [
          { type: 'text', text: 'What?' },
          { type: 'image_url', image_url: { url } },
        ],
      }),
    ).toEqual([{ role: 'user', content: 'What?', images: ['AAAA'] }]);
    for (const [part, named] of [
      [
        { type: 'image_url', image_url: { url: 'https://example.com/a.png?key=1' } },
        'https://example.com/a.png"',
      ],
      [{ type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } }, '"file"'],
      [{ type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } }, '"input_audio"'],
    ] as const) {
      expect(() => messagesOf({ role: 'user', content: [part] })).toThrow(named);
    }
  });

  it('keeps roles, order, texts, tool calls and results of any conversation', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const names = new Map<string, string>();
        const expected = messages.map((message: ChatMessage) => {
          if (message.role === 'assistant') {
            const calls = (message.tool_calls ?? []).map((call: any) => {
              names.set(call.id, call.function.name);
              return {
                id: call.id,
                function: { name: call.function.name, arguments: JSON.parse(call.function.arguments) },
              };
            });
            return {
              role: 'assistant',
              content: message.content ?? '',
              ...(calls.length > 0 && { tool_calls: calls }),
            };
          }
          if (message.role === 'tool') return { ...message, tool_name: names.get(message.tool_call_id) };
          return { role: message.role === 'developer' ? 'system' : message.role, content: message.content };
        });
        expect(messagesOf(...messages)).toEqual(expected);
      }),
    );
  });

  it('hands thoughts back', () => {
    expect(messagesOf({ role: 'assistant', content: 'Hi', refusal: null, reasoning_content: 'hm' })).toEqual([
      { role: 'assistant', content: 'Hi', thinking: 'hm' },
    ]);
  });

  it.each([
    ['http://localhost:11434', {}],
    ['http://gpu:11434', { OLLAMA_API_BASE: 'http://gpu:11434/' }],
    ['http://gpu:11434', { OLLAMA_API_BASE: 'http://gpu:11434/v1' }],
    ['http://gpu:11434', { OLLAMA_HOST: 'gpu' }],
    ['http://127.0.0.1:8080', { OLLAMA_HOST: '0.0.0.0:8080' }],
    ['http://127.0.0.1:11434', { OLLAMA_HOST: '0.0.0.0' }],
    ['https://ollama.com', { OLLAMA_HOST: 'https://ollama.com' }],
  ])('is at %s with %j', (baseURL, env) => {
    expect(ollamaAdapter.connect({}, env)).toEqual({ baseURL, headers: {} });
  });

  it('has a key where there is one', () => {
    expect(ollamaAdapter.connect({}, { OLLAMA_API_KEY: 'k' }).headers).toEqual({ authorization: 'Bearer k' });
  });
});
