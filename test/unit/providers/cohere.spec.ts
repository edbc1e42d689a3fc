import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChatMessage, ChatRequest } from '../../../lib/index.js';
import { cohereAdapter } from '../../../lib/providers/cohere/cohere.adapter.js';
import { conversation } from '../../support/conversations.js';

function bodyOf(request: Partial<ChatRequest>, dropParams = false): any {
  const whole: ChatRequest = {
    model: 'cohere/command-a',
    messages: [{ role: 'user', content: 'Hi' }],
    ...request,
  };
  const context = {
    request: whole,
    providerOptions: {},
    provider: 'cohere',
    model: 'command-a',
    dropParams,
    droppedParams: [],
  };
  return JSON.parse(String(cohereAdapter.completion!('command-a', whole).request(whole, context).body));
}

const messagesOf = (...messages: any[]) => bodyOf({ messages }).messages;
const tool = (name: string, strict = false) => ({
  type: 'function' as const,
  function: { name, parameters: { type: 'object', properties: {} }, ...(strict && { strict }) },
});
const BASE = { model: 'command-a', stream: false, messages: [{ role: 'user', content: 'Hi' }] };

describe('the translation of a request to Cohere', () => {
  it('puts parameters under their names at Cohere', () => {
    expect(
      bodyOf({
        max_completion_tokens: 10,
        temperature: 0.5,
        top_p: 0.9,
        stop: 'a',
        seed: 1,
        frequency_penalty: 0.1,
        presence_penalty: 0,
        logprobs: true,
        parallel_tool_calls: true,
        providerOptions: { cohere: { k: 5, documents: ['d'] }, openai: { ignored: true } },
      }),
    ).toEqual({
      ...BASE,
      max_tokens: 10,
      temperature: 0.5,
      p: 0.9,
      stop_sequences: ['a'],
      seed: 1,
      frequency_penalty: 0.1,
      presence_penalty: 0,
      logprobs: true,
      k: 5,
      documents: ['d'],
    });
  });

  it.each([
    ['n', { n: 2 }],
    ['top_logprobs', { top_logprobs: 2 }],
    ['logit_bias', { logit_bias: { 1: 1 } }],
    ['parallel_tool_calls', { parallel_tool_calls: false }],
  ])('refuses %s, or drops it', (name, params) => {
    expect(() => bodyOf(params)).toThrow(expect.objectContaining({ params: [name] }));
    expect(bodyOf(params, true)).toEqual(BASE);
  });

  it.each([
    ['auto', { tool_choice: 'auto' as const }, {}, ['f', 'g']],
    ['required', { tool_choice: 'required' as const }, { tool_choice: 'REQUIRED' }, ['f', 'g']],
    ['none', { tool_choice: 'none' as const }, { tool_choice: 'NONE' }, ['f', 'g']],
    [
      'a named one',
      { tool_choice: { type: 'function' as const, function: { name: 'g' } } },
      { tool_choice: 'REQUIRED' },
      ['g'],
    ],
  ])('chooses among tools: %s', (_title, choice, expected, names) => {
    const { tools, tool_choice, strict_tools } = bodyOf({ tools: [tool('f'), tool('g')], ...choice });
    expect({ ...(tool_choice && { tool_choice }) }).toEqual(expected);
    expect(tools.map((one: any) => one.function.name)).toEqual(names);
    expect(strict_tools).toBeUndefined();
  });

  it('is strict when every tool is', () => {
    expect(bodyOf({ tools: [tool('f', true), tool('g', true)] }).strict_tools).toBe(true);
    expect(bodyOf({ tools: [tool('f', true), tool('g')] }).strict_tools).toBeUndefined();
  });

  it('asks for JSON, by a schema where there is one', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    expect(bodyOf({ response_format: { type: 'json_object' } }).response_format).toEqual({
      type: 'json_object',
    });
    expect(
      bodyOf({ response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } })
        .response_format,
    ).toEqual({ type: 'json_object', json_schema: schema });
    expect(bodyOf({ response_format: { type: 'text' } }).response_format).toBeUndefined();
  });

  it.each([
    [{ reasoning_effort: 'none' as const }, { type: 'disabled' }],
    [{ reasoning_effort: 'minimal' as const }, { type: 'enabled', token_budget: 128 }],
    [{ reasoning_effort: 'high' as const }, { type: 'enabled', token_budget: 4096 }],
    [{ thinking: { type: 'enabled' as const, budget_tokens: 7 } }, { type: 'enabled', token_budget: 7 }],
    [{ thinking: { type: 'adaptive' as const } }, { type: 'enabled' }],
    [{ thinking: { type: 'disabled' as const }, reasoning_effort: 'high' as const }, { type: 'disabled' }],
  ])('thinks as asked: %j', (request, thinking) => {
    expect(bodyOf(request).thinking).toEqual(thinking);
  });

  it('takes texts and images, and refuses other parts by their names', () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } };
    const marked = { type: 'text', text: 'What?', cache_control: { type: 'ephemeral' } };
    expect(messagesOf({ role: 'user', content: [marked, image] })).toEqual([
      { role: 'user', content: [{ type: 'text', text: 'What?' }, image] },
    ]);
    for (const part of [
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } },
      { type: 'input_audio', input_audio: { data: 'AA', format: 'wav' } },
    ]) {
      expect(() => messagesOf({ role: 'user', content: [part] })).toThrow(part.type);
    }
  });

  it('takes its own answers back, thoughts and plan included', () => {
    const calls = [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }];
    expect(
      messagesOf(
        { role: 'developer', content: 'S' },
        { role: 'assistant', content: null, refusal: null, reasoning_content: 'I will', tool_calls: calls },
        { role: 'tool', tool_call_id: 'a', content: '1' },
        {
          role: 'assistant',
          content: 'Done',
          reasoning_content: 'hm',
          thinking_blocks: [{ type: 'thinking', thinking: 'hm' }],
        },
      ),
    ).toEqual([
      { role: 'system', content: 'S' },
      { role: 'assistant', tool_plan: 'I will', tool_calls: calls },
      { role: 'tool', tool_call_id: 'a', content: '1' },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm' },
          { type: 'text', text: 'Done' },
        ],
      },
    ]);
  });

  it('keeps any conversation as it is, message by message', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const expected = messages.map((message: ChatMessage) => {
          const role = message.role === 'developer' ? 'system' : message.role;
          const { content, ...rest } = message;
          return { ...rest, role, ...(content !== null && { content }) };
        });
        expect(messagesOf(...messages)).toEqual(expected);
      }),
    );
  });

  it.each([
    ['https://api.cohere.com/v2', {}],
    ['https://proxy.example.com/v2', { CO_API_URL: 'https://proxy.example.com/' }],
    ['https://proxy.example.com/v2', { COHERE_API_BASE: 'https://proxy.example.com/v2/chat' }],
  ])('is at %s with %j', (baseURL, env) => {
    expect(cohereAdapter.connect({}, { CO_API_KEY: 'k', ...env })).toEqual({
      baseURL,
      headers: { authorization: 'Bearer k' },
    });
  });

  it('names the variables that may hold the key', () => {
    expect(() => cohereAdapter.connect({}, {})).toThrow(/COHERE_API_KEY or CO_API_KEY/);
  });
});
