import { describe, expect, it } from '@jest/globals';
import type { ChatMessage, ChatRequest } from '../../../../lib/index.js';
import { translate } from '../../../support/translated.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const HI = [user('Hi')];
const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'look_up' } }];

describe.each([
  ['openrouter', (name: string) => `openrouter/anthropic/claude-${name}`],
  ['databricks', (name: string) => `databricks/databricks-claude-${name}`],
  ['vercel_ai_gateway', (name: string) => `vercel_ai_gateway/anthropic/claude-${name}`],
  ['litellm_proxy', (name: string) => `litellm_proxy/claude-${name}`],
])('a Claude behind %s', (_gateway, spell) => {
  it.each<[string, Partial<ChatRequest>, string]>([
    ['haiku-4-5', { temperature: 0.5, top_p: 0.9 }, 'top_p'],
    ['opus-4-7', { temperature: 0.2 }, 'temperature'],
    ['sonnet-4-5', { temperature: 0.2, reasoning_effort: 'low' }, 'temperature'],
    ['sonnet-4-5', { tools, tool_choice: 'required', reasoning_effort: 'low' }, 'tool_choice'],
  ])('%s is not sent %j', (name, fields, refused) => {
    const request = { model: spell(name), messages: HI, ...fields };
    expect(() => translate(request)).toThrow(refused);
    const { body, dropped } = translate(request, { dropParams: true });
    expect(dropped).toEqual([refused]);
    expect(body[refused]).toBe(refused === 'tool_choice' ? 'auto' : undefined);
  });

  it('is sent what it takes', () => {
    const { body } = translate({ model: spell('sonnet-4'), messages: HI, temperature: 0.5, top_p: 0.9 });
    expect(body).toMatchObject({ temperature: 0.5, top_p: 0.9 });
  });

  it('does not go on with the begin of an answer, where it cannot', () => {
    const messages: ChatMessage[] = [...HI, { role: 'assistant', content: '{' }];
    expect(() => translate({ model: spell('opus-4-6'), messages })).toThrow('begin of the answer');
    expect(() => translate({ model: spell('sonnet-4-5'), messages })).not.toThrow();
  });
});

describe('a Gemini behind a gateway', () => {
  const request: Omit<ChatRequest, 'model'> = {
    messages: HI,
    tools,
    response_format: { type: 'json_object' },
  };

  it.each([
    ['openrouter/google/gemini-2.5-pro', true],
    ['databricks/databricks-gemini-2-5-flash', true],
    ['openrouter/google/gemini-3-flash', false],
  ])('%s is refused JSON beside tools: %s', (model, isRefused) => {
    const send = () => translate({ model, ...request });
    if (!isRefused) return expect(send().body.response_format).toEqual(request.response_format);
    expect(send).toThrow('response_format');
    expect(translate({ model, ...request }, { dropParams: true }).body).not.toHaveProperty('response_format');
  });
});

describe("databricks' Claudes", () => {
  const model = 'databricks/databricks-claude-sonnet-4-5';

  it.each<[Partial<ChatRequest>, object | undefined]>([
    [{ reasoning_effort: 'high' }, { type: 'enabled', budget_tokens: 4096 }],
    [{ thinking: { type: 'enabled', budget_tokens: 2000 } }, { type: 'enabled', budget_tokens: 2000 }],
    [{ reasoning_effort: 'none' }, { type: 'disabled' }],
    [{}, undefined],
  ])('think as %j says', (fields, thinking) => {
    const { body } = translate({ model, messages: HI, ...fields });
    expect(body.thinking).toEqual(thinking);
    expect(body).not.toHaveProperty('reasoning_effort');
    if (thinking !== undefined && 'budget_tokens' in thinking)
      expect(body.max_tokens).toBeGreaterThan(thinking.budget_tokens as number);
  });

  it('get their own signed thinking back, in the form in which they gave it', () => {
    const summary = [{ type: 'summary_text', text: 'Hm', signature: 'Signed' }];
    const content = [
      { type: 'reasoning', summary },
      { type: 'text', text: 'Four' },
    ];
    const answer = {
      id: 'c',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    };
    const { message } = translate({ model, messages: HI }).answer(answer)!.choices[0]!;
    const messages = [...HI, JSON.parse(JSON.stringify(message)) as ChatMessage, user('Again')];
    const { body } = translate({ model, messages });
    expect(body.messages[1]).toEqual({ role: 'assistant', content });
    // The signatures hold at every host of Claude, and at no other model's.
    const other = (name: string) => JSON.stringify(translate({ model: name, messages }).body);
    expect(other('anthropic/claude-sonnet-4-5')).toContain('Signed');
    expect(other('databricks/databricks-llama-4-maverick')).not.toContain('Signed');
  });

  it('is not given the signed reasoning of another family as its own', () => {
    const summary = [{ type: 'summary_text', text: 'Hm', signature: 'OfGemini' }];
    const answer = {
      id: 'c',
      created: 1,
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            role: 'assistant',
            content: [
              { type: 'reasoning', summary },
              { type: 'text', text: 'A' },
            ],
          },
          finish_reason: 'stop',
        },
      ],
    };
    const made = translate({ model: 'databricks/databricks-gemini-3-pro', messages: HI }).answer(answer)!;
    const messages = [...HI, made.choices[0]!.message as ChatMessage, user('Again')];
    expect(JSON.stringify(translate({ model, messages }).body)).not.toContain('OfGemini');
  });
});

describe.each(['hosted_vllm', 'lm_studio', 'llamafile', 'custom_openai'])(
  'a model that %s renders by its template',
  (provider) => {
    const call = { id: 'a', type: 'function' as const, function: { name: 'look_up', arguments: '{}' } };
    const messages: ChatMessage[] = [
      { role: 'system', content: 'Be brief.' },
      { role: 'developer', content: 'Be kind.' },
      user('One'),
      user('Two'),
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'a', content: 'found' },
      user('Three'),
    ];
    const sent = (model: string, given = messages) =>
      translate({ model: `${provider}/${model}`, messages: given }).body.messages.map(
        ({ role, content }: { role: string; content: string | null }) => `${role}: ${content}`,
      );

    it.each(['mistralai/Mistral-Small-3.2-24B-Instruct-2506', 'ministral-3-14b', 'devstral-small-2'])(
      'speaks by turns where it is %s',
      (model) => {
        expect(sent(model)).toEqual([
          'system: Be brief.\n\nBe kind.',
          'user: One\n\nTwo',
          'assistant: null',
          'tool: found',
          'assistant: OK.',
          'user: Three',
        ]);
      },
    );

    it.each(['google/gemma-2-9b-it', 'gemma-3-27b-it', 'gemma3:4b', 'gemma-7b-it'])(
      'hears its instructions from the user where it is %s',
      (model) => {
        expect(sent(model)[0]).toBe('user: Be brief.\n\nBe kind.\n\nOne\n\nTwo');
      },
    );

    it('is begun with by the user, and may go on with an answer', () => {
      const given: ChatMessage[] = [
        { role: 'assistant', content: 'Hello' },
        user('Hi'),
        { role: 'assistant', content: 'I' },
      ];
      expect(sent('mistral-nemo', given)).toEqual([
        'user: Go on.',
        'assistant: Hello',
        'user: Hi',
        'assistant: I',
      ]);
    });

    it.each(['qwen3-30b-a3b', 'gemma-4-31b-it', 'llama-3.3-70b', 'embeddinggemma'])(
      'is sent the conversation as it is where it is %s',
      (model) => {
        expect(sent(model)).toHaveLength(messages.length);
      },
    );
  },
);
