import { describe, expect, it } from '@jest/globals';
import { BadRequestError, UnsupportedParamsError, type ChatRequest } from '../../../lib/index.js';
import { BUILT_IN_ADAPTERS } from '../../../lib/catalog.js';

type Body = Record<string, any>;

const user = (content: any): any => ({ role: 'user', content });
const call = (id: string, args: any = '{}'): any => ({
  id,
  type: 'function',
  function: { name: 'look_up', arguments: args },
});
const called = (id: string, args?: any): any => ({
  role: 'assistant',
  content: null,
  tool_calls: [call(id, args)],
});
const result = (id: string, content: any = 'found'): any => ({ role: 'tool', tool_call_id: id, content });
const TOOLS: ChatRequest['tools'] = [{ type: 'function', function: { name: 'look_up' } }];
const HI = [user('Hi')];

function bodyOf(
  model: string,
  fields: Partial<ChatRequest> & Body = {},
  dropParams = false,
): { body: Body; dropped: string[] } {
  const slash = model.indexOf('/');
  const [provider, name] = [model.slice(0, slash), model.slice(slash + 1)];
  const request: ChatRequest = { model, messages: HI, ...fields };
  const context = { request, providerOptions: {}, provider, model: name, dropParams, droppedParams: [] };
  const adapter = BUILT_IN_ADAPTERS.find((one) => one.provider === provider)!;
  const { body } = adapter.completion!(name, request).request(request, context);
  return { body: JSON.parse(String(body)), dropped: context.droppedParams };
}

/** What a provider is sent of one message. */
function sentOf(model: string, ...messages: any[]): any[] {
  return bodyOf(model, { messages }).body['messages'];
}

describe('roles and their order', () => {
  it.each([
    ['openai/gpt-5', 'developer'],
    ['azure/d', 'developer'],
    ['deepseek/deepseek-chat', 'system'],
    ['openrouter/a/b', 'system'],
    ['hosted_vllm/m', 'system'],
    ['mistral/m', 'system'],
    ['cohere/m', 'system'],
    ['ollama/m', 'system'],
  ])('%s gets a developer as %s', (model, role) => {
    expect(sentOf(model, { role: 'developer', content: 'Be brief.' }, user('Hi'))[0]).toEqual({
      role,
      content: 'Be brief.',
    });
  });

  it('perplexity gets user and assistant by turns', () => {
    const messages = sentOf(
      'perplexity/sonar',
      { role: 'assistant', content: 'Hello' },
      user('A file.'),
      { role: 'system', content: 'Be brief.' },
      user([{ type: 'text', text: 'What is in it?' }]),
    );
    expect(messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Go on.' },
      { role: 'assistant', content: 'Hello' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'A file.' },
          { type: 'text', text: 'What is in it?' },
        ],
      },
    ]);
    expect(sentOf('perplexity/sonar', { role: 'system', content: 'Why?' })).toEqual([
      { role: 'user', content: 'Why?' },
    ]);
    expect(() => sentOf('perplexity/sonar', user('Hi'), { role: 'assistant', content: 'I' })).toThrow(
      BadRequestError,
    );
  });

  it('mistral gets an answer between a tool and a user', () => {
    const roles = sentOf('mistral/m', user('Find'), called('c'), result('c'), user('And?')).map(
      ({ role }) => role,
    );
    expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant', 'user']);
  });
});

describe('ids of tool calls', () => {
  const long = `functions.${'x'.repeat(80)}:1`;

  it.each([
    ['openai/gpt-4o', 40],
    ['azure/d', 40],
    ['openrouter/openai/gpt-4o', 40],
    ['openai/responses/gpt-5', 64],
    ['mistral/m', 9],
  ])('%s gets at most %i characters, the same for a call and its result', (model, most) => {
    const messages = [user('Hi'), called(long), result(long), called(`${long}.`), result(`${long}.`)];
    const { body } = bodyOf(model, { messages });
    const calls = (body['messages'] ?? body['input']).flatMap((one: any) =>
      one.tool_calls ? one.tool_calls.map(({ id }: any) => id) : one.arguments ? [one.call_id] : [],
    );
    const results = (body['messages'] ?? body['input']).flatMap((one: any) =>
      one.role === 'tool' || one.output ? [one.tool_call_id ?? one.call_id] : [],
    );
    expect(new Set(calls).size).toBe(2);
    expect(results).toEqual(calls);
    for (const id of calls) expect(id.length).toBeLessThanOrEqual(most);
  });

  it('stay where they fit, or carry a meaning for the model', () => {
    expect(sentOf('openai/gpt-4o', user('Hi'), called('call_abc'))[1].tool_calls[0].id).toBe('call_abc');
    expect(sentOf('moonshot/kimi-k2', user('Hi'), called(long))[1].tool_calls[0].id).toBe(long);
  });
});

describe('what is empty', () => {
  const MODELS = ['openai/gpt-4o', 'deepseek/m', 'hosted_vllm/m', 'xai/m', 'groq/m', 'mistral/m', 'cohere/m'];

  it.each(MODELS)('is as if absent for %s: tools, stop sequences, nulls', (model) => {
    for (const choice of [undefined, 'auto', 'none'] as const) {
      const { body } = bodyOf(model, {
        tools: [],
        tool_choice: choice,
        stop: [],
        temperature: null,
        seed: null,
        response_format: null as any,
      });
      expect(Object.keys(body).filter((name) => !['model', 'messages', 'stream'].includes(name))).toEqual([]);
    }
  });

  it.each(MODELS)('is as if absent for %s: messages and parts', (model) => {
    const messages = sentOf(
      model,
      { role: 'system', content: '' },
      user([
        { type: 'text', text: ' ' },
        { type: 'text', text: 'Hi' },
      ]),
      { role: 'assistant', content: '', refusal: null, tool_calls: [], function_call: null },
      { ...called('abcdefghi'), refusal: null },
      result('abcdefghi', []),
    );
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
    expect(JSON.stringify(messages[0].content)).not.toContain('" "');
    expect(messages[1]).not.toHaveProperty('refusal');
    expect(messages[2].content).toBe('');
  });

  it('refuses a choice of a tool where there is none', () => {
    expect(() => bodyOf('openai/gpt-4o', { tool_choice: 'required' })).toThrow(UnsupportedParamsError);
  });
});

describe('arguments of earlier calls', () => {
  it.each(['openai/gpt-4o', 'deepseek/m', 'mistral/m', 'cohere/m', 'groq/m'])(
    'are the text of an object for %s',
    (model) => {
      for (const [given, sent] of [
        [undefined, '{}'],
        [null, '{}'],
        ['', '{}'],
        [{ q: 1 }, '{"q":1}'],
        ['{"q":1}', '{"q":1}'],
      ]) {
        expect(
          sentOf(model, user('Hi'), called('abcdefghi', given))[1].tool_calls[0].function.arguments,
        ).toBe(sent);
      }
    },
  );

  it('that are broken reach OpenAI as they are, and others inside of an object', () => {
    const argumentsAt = (model: string) =>
      sentOf(model, user('Hi'), called('abcdefghi', '{"q": "x'))[1].tool_calls[0].function.arguments;
    expect(argumentsAt('openai/gpt-4o')).toBe('{"q": "x');
    for (const model of ['hosted_vllm/m', 'dashscope/m', 'mistral/m', 'cohere/m']) {
      expect(Object.values(JSON.parse(argumentsAt(model)))).toEqual(['{"q": "x']);
    }
  });
});

describe('fields of messages that are not OpenAI’s', () => {
  const ANSWER = {
    role: 'assistant',
    content: 'Four',
    refusal: null,
    annotations: [],
    reasoning: 'Hm',
    reasoning_content: 'Hm',
    reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }],
    provider_specific_fields: {},
    prefix: true,
  };

  it.each([
    ['openai/gpt-4o', []],
    ['azure/d', []],
    ['groq/m', []],
    ['cerebras/m', []],
    ['perplexity/m', []],
    ['fireworks_ai/m', ['reasoning_content']],
    ['hosted_vllm/m', ['prefix', 'reasoning_content']],
    ['openrouter/a/b', ['annotations', 'prefix', 'reasoning_content', 'reasoning_details']],
  ])('reach %s as far as it takes them: %j', (model, added) => {
    const [, answer] = sentOf(model, user('2+2'), ANSWER, user('3+3'));
    expect(Object.keys(answer).toSorted()).toEqual(['content', 'role', ...added].toSorted());
  });

  it('a refusal is text where there is no field for it', () => {
    const refused = { role: 'assistant', content: null, refusal: 'No.' };
    expect(sentOf('openai/gpt-4o', user('Hi'), refused, user('Why?'))[1]).toEqual({
      role: 'assistant',
      content: null,
      refusal: 'No.',
    });
    expect(sentOf('groq/m', user('Hi'), refused, user('Why?'))[1]).toEqual({
      role: 'assistant',
      content: 'No.',
    });
  });

  it('OpenRouter’s signed reasoning goes to models of its maker alone', () => {
    const signed = {
      type: 'reasoning.text',
      text: 'Hm',
      signature: 's',
      format: 'anthropic-claude-v1',
      index: 0,
    };
    const plain = { type: 'reasoning.text', text: 'Hm', format: 'unknown', index: 1 };
    const message = { role: 'assistant', content: 'Four', reasoning_details: [signed, plain] };
    const at = (model: string) => sentOf(model, user('2+2'), message, user('3+3'))[1].reasoning_details;
    expect(at('openrouter/anthropic/claude-sonnet-4.5')).toEqual([signed, plain]);
    expect(at('openrouter/google/gemini-3-pro')).toEqual([plain]);
  });
});

describe('text and reasoning', () => {
  const texts = (...parts: string[]) => parts.map((text) => ({ type: 'text', text }));

  it.each(['deepseek/m', 'sambanova/m', 'nvidia_nim/m', 'zai/m', 'moonshot/m', 'dashscope/m'])(
    '%s gets text parts as one text, and other lists as they are',
    (model) => {
      const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
      const messages = sentOf(model, user(texts('Find ', 'it')), user([...texts('What?'), image]));
      expect(messages.map(({ content }) => content)).toEqual(['Find it', [...texts('What?'), image]]);
    },
  );

  it.each(['deepseek/deepseek-reasoner', 'moonshot/kimi-k2.5', 'moonshot/kimi-k2-thinking'])(
    '%s gets the reasoning of earlier answers, or an empty one',
    (model) => {
      const own = { ...called('c'), reasoning_content: 'Hm' };
      const messages = sentOf(model, user('Hi'), own, result('c'), called('d'), result('d'));
      expect([messages[1], messages[3]].map((one) => one.reasoning_content)).toEqual(['Hm', '']);
    },
  );

  it('minimax gets it inside of the content', () => {
    const own = { ...called('c'), content: 'One moment.', reasoning_content: 'Hm' };
    expect(sentOf('minimax/m', user('Hi'), own, result('c'))[1]).toEqual({
      ...called('c'),
      content: '<think>Hm</think>\nOne moment.',
    });
  });
});

describe('thinking on and off', () => {
  it.each([
    ['zai/glm-4.6', 'none', { thinking: { type: 'disabled' } }],
    ['zai/glm-4.6', 'high', { thinking: { type: 'enabled' } }],
    ['zai/glm-5.3', 'high', { reasoning_effort: 'high' }],
    ['deepseek/deepseek-v4', 'none', { thinking: { type: 'disabled' } }],
    ['deepseek/deepseek-v4', 'high', { thinking: { type: 'enabled' }, reasoning_effort: 'high' }],
    ['moonshot/kimi-k2.5', 'none', { thinking: { type: 'disabled' } }],
    ['volcengine/doubao', 'none', { thinking: { type: 'disabled' } }],
    ['dashscope/qwen-plus', 'none', { enable_thinking: false }],
    ['dashscope/qwen-plus', 'low', { enable_thinking: true, thinking_budget: 1024 }],
    ['qwencloud/qwen-plus', 'none', { enable_thinking: false }],
    ['siliconflow/m', 'none', { enable_thinking: false }],
    ['hosted_vllm/m', 'none', { chat_template_kwargs: { enable_thinking: false, thinking: false } }],
    ['openrouter/a/b', 'none', { reasoning: { effort: 'none' } }],
    ['together_ai/m', 'none', { reasoning: { enabled: false } }],
    ['groq/m', 'none', { reasoning_effort: 'none' }],
  ] as const)('%s is told an effort of %s by %j', (model, effort, expected) => {
    const { model: _model, messages: _messages, ...rest } = bodyOf(model, { reasoning_effort: effort }).body;
    expect(rest).toEqual(expected);
    if (effort === 'none' && model !== 'groq/m') {
      const { body } = bodyOf(model, { thinking: { type: 'disabled' } });
      expect(body).toMatchObject(expected);
      expect(Object.keys(body)).toHaveLength(3);
    }
  });

  it.each([
    ['dashscope/qwen3-32b', false],
    ['modelscope/Qwen/Qwen3-8B', false],
    ['dashscope/qwen3-30b-a3b-instruct-2507', undefined],
    ['dashscope/qwen2.5-72b-instruct', undefined],
  ])('a unary call of %s says enable_thinking: %s', (model, expected) => {
    expect(bodyOf(model).body['enable_thinking']).toBe(expected);
    expect(bodyOf(model, { stream: true }).body).not.toHaveProperty('enable_thinking');
  });

  it('refuses thinking where a model thinks in streams only', () => {
    expect(() => bodyOf('dashscope/qwen3-32b', { reasoning_effort: 'high' })).toThrow(UnsupportedParamsError);
    const { body } = bodyOf('dashscope/qwen3-32b', { reasoning_effort: 'high', stream: true });
    expect(body).toMatchObject({ enable_thinking: true, thinking_budget: 4096 });
  });
});

describe('parameters that a model refuses', () => {
  it.each([
    ['openai/o3', { parallel_tool_calls: false, tools: TOOLS }, 'parallel_tool_calls'],
    ['openai/o3', { reasoning_effort: 'none' }, 'reasoning_effort'],
    ['openai/gpt-5', { reasoning_effort: 'none' }, 'reasoning_effort'],
    ['openai/gpt-5.1', { reasoning_effort: 'minimal' }, 'reasoning_effort'],
    ['openai/gpt-4o', { reasoning_effort: 'low' }, 'reasoning_effort'],
    ['azure/o4-mini', { reasoning_effort: 'none' }, 'reasoning_effort'],
    ['openrouter/openai/gpt-5', { temperature: 0 }, 'temperature'],
    ['databricks/databricks-gpt-5', { temperature: 0 }, 'temperature'],
    ['xai/grok-4', { reasoning_effort: 'high' }, 'reasoning_effort'],
    ['xai/grok-4-fast-reasoning', { stop: 'END' }, 'stop'],
    ['xai/grok-4-0709', { presence_penalty: 1 }, 'presence_penalty'],
    ['xai/grok-code-fast-1', { frequency_penalty: 1 }, 'frequency_penalty'],
    ['groq/m', { thinking: { type: 'enabled', budget_tokens: 1024 } }, 'thinking'],
    ['cohere/m', { tools: TOOLS, response_format: { type: 'json_object' } }, 'response_format'],
  ] as [string, Partial<ChatRequest>, string][])('%s with %j', (model, fields, name) => {
    expect(() => bodyOf(model, fields)).toThrow(UnsupportedParamsError);
    const { body, dropped } = bodyOf(model, fields, true);
    expect(body).not.toHaveProperty(name);
    expect(dropped).toEqual([name]);
  });

  it.each([
    ['openai/o3', { parallel_tool_calls: true, tools: TOOLS }, 'parallel_tool_calls'],
    ['openai/gpt-4o', { reasoning_effort: 'none' }, 'reasoning_effort'],
    ['xai/grok-4-fast-non-reasoning', { reasoning_effort: 'none' }, 'reasoning_effort'],
  ] as [string, Partial<ChatRequest>, string][])(
    '%s does without what %j asks for',
    (model, fields, name) => {
      const { body, dropped } = bodyOf(model, fields);
      expect(body).not.toHaveProperty(name);
      expect(dropped).toEqual([]);
    },
  );

  it.each([
    ['openai/gpt-5.2', { reasoning_effort: 'none' }],
    ['openai/gpt-5', { parallel_tool_calls: false, tools: TOOLS }],
    ['xai/grok-3-mini', { reasoning_effort: 'low' }],
    ['xai/grok-4.5', { reasoning_effort: 'low' }],
    ['xai/grok-4-fast-non-reasoning', { stop: 'END' }],
    ['xai/grok-3', { stop: 'END', presence_penalty: 1 }],
  ] as [string, Partial<ChatRequest>][])('%s takes %j', (model, fields) => {
    expect(bodyOf(model, fields).body).toMatchObject(fields);
  });

  it.each(['mistral/m', 'cohere/m', 'ollama/m'])(
    '%s passes over what has no meaning for the answer',
    (model) => {
      const { body, dropped } = bodyOf(model, { user: 'u', safety_identifier: 's', prompt_cache_key: 'k' });
      expect(body).not.toHaveProperty('user');
      expect(dropped.toSorted()).toEqual(['prompt_cache_key', 'safety_identifier', 'user']);
      expect(() => bodyOf(model, { user: 'u', logit_bias: { 1: 1 } })).toThrow(/does not take logit_bias;/);
    },
  );

  it('lm_studio gets json_object as a schema of any object', () => {
    const { body } = bodyOf('lm_studio/m', { response_format: { type: 'json_object' } });
    expect(body['response_format']).toEqual({
      type: 'json_schema',
      json_schema: { name: 'object', schema: { type: 'object' } },
    });
  });

  it('one of max_tokens and max_completion_tokens is sent', () => {
    const { body } = bodyOf('openai/gpt-4o', { max_tokens: 1, max_completion_tokens: 2 });
    expect(body).toEqual({ model: 'gpt-4o', messages: HI, max_completion_tokens: 2 });
  });

  it('a choice among some tools is those tools, but at OpenAI', () => {
    const tools: any = ['a', 'b'].map((name) => ({ type: 'function', function: { name } }));
    const tool_choice: any = {
      type: 'allowed_tools',
      allowed_tools: { mode: 'required', tools: [tools[1]] },
    };
    expect(bodyOf('groq/m', { tools, tool_choice }).body).toMatchObject({
      tools: [tools[1]],
      tool_choice: 'required',
    });
    expect(bodyOf('openai/gpt-4o', { tools, tool_choice }).body).toMatchObject({ tools, tool_choice });
  });
});
