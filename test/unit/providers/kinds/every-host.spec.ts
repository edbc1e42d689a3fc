import { describe, expect, it } from '@jest/globals';
import { BUILT_IN_ADAPTERS } from '../../../../lib/catalog.js';
import type { ChatMessage, ChatRequest } from '../../../../lib/index.js';
import { translate, type TranslationOptions } from '../../../support/translated.js';
import { WIRE_VIEWS, type SentPart, type SentTurn } from '../../../support/wire-views.js';
import { ALL_HOSTS } from './hosts.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const call = (id: string, args?: unknown, name = 'look_up'): any => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});
const tool = (name = 'look_up'): NonNullable<ChatRequest['tools']>[number] => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { q: { type: 'string' } } } },
});

/** Options that a format cannot do without. */
const OPTIONS: Readonly<Record<string, TranslationOptions['options']>> = {
  watsonx: { projectId: 'p' },
};

/** Hosts that know OpenAI's own words for the one who gives the instructions. */
const KNOWS_DEVELOPER = /^(openai|azure|azure_ai)\//;

/** Hosts that take back what the library adds to a message. */
const TAKES_ALL = new Set(['litellm_proxy']);

/** @see {@link https://platform.openai.com/docs/guides/reasoning} for the efforts of GPT-5 */
const ALWAYS_THINKS = /gpt-5(-codex)?$/;

it('walks every adapter that chats', () => {
  const walked = new Set(ALL_HOSTS.map(({ model }) => model.slice(0, model.indexOf('/'))));
  const chatting = BUILT_IN_ADAPTERS.filter(({ completion }) => completion !== undefined);
  expect(chatting.map(({ provider }) => provider).filter((one) => !walked.has(one))).toEqual([]);
  expect([...walked].filter((one) => !chatting.some(({ provider }) => provider === one))).toEqual([]);
});

describe.each(ALL_HOSTS)('$model ($wire)', ({ model, wire, family, callIds }) => {
  const view = WIRE_VIEWS[wire];
  const provider = model.slice(0, model.indexOf('/'));
  const send = (messages: ChatMessage[], more: Partial<ChatRequest> = {}) =>
    translate({ model, messages, ...more }, { options: OPTIONS[provider] ?? {} });
  const turnsOf = (messages: ChatMessage[]): SentTurn[] =>
    view.turns(send(messages, { tools: [tool()] }).body);
  const partsOf = <Kind extends SentPart['kind']>(turns: SentTurn[], kind: Kind) =>
    turns.flatMap(({ parts }) => parts).filter((part) => part.kind === kind) as Extract<
      SentPart,
      { kind: Kind }
    >[];

  it('hears the developer, by a role that it knows', () => {
    const { body } = send([{ role: 'developer', content: 'Be brief.' }, user('Hi')]);
    expect(JSON.stringify(body)).toContain('Be brief.');
    const roles = view.turns(body).map(({ role }) => role);
    if (!KNOWS_DEVELOPER.test(model)) expect(roles).not.toContain('developer');
    expect(roles.at(-1)).toBe('user');
  });

  it('is not sent blank texts', () => {
    const turns = turnsOf([
      { role: 'system', content: '' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Find' },
          { type: 'text', text: ' ' },
        ],
      },
      { role: 'assistant', content: '' },
      user('Now'),
    ]);
    const texts = partsOf(turns, 'text').map(({ text }) => text);
    expect(texts.filter((text) => text.trim() === '')).toEqual([]);
    expect(texts.join('|')).toMatch(/^Find.*Now$/s);
  });

  it('is asked for nothing by nothing', () => {
    const plain = send([user('Hi')]).body;
    const nothing: any = {
      tools: [],
      tool_choice: 'auto',
      stop: [''],
      seed: null,
      n: null,
      temperature: null,
      top_p: null,
      max_tokens: null,
      response_format: null,
      metadata: null,
      reasoning_effort: null,
      parallel_tool_calls: null,
      thinking: null,
    };
    expect(send([user('Hi')], nothing).body).toEqual(plain);
  });

  it.each<[string, unknown, unknown]>([
    ['none', undefined, {}],
    ['nothing', '', {}],
    ['an object', { q: 'x' }, { q: 'x' }],
  ])('has an object of arguments that are %s', (_what, args, input) => {
    const turns = turnsOf([
      user('Find'),
      { role: 'assistant', content: null, tool_calls: [call('a', args)] },
      { role: 'tool', tool_call_id: 'a', content: 'x' },
    ]);
    expect(partsOf(turns, 'call').map((one) => one.input)).toEqual([input]);
  });

  it('tells the calls of other providers apart, and finds their results', () => {
    const ids = ['call|1', 'call:1', `call_${'x'.repeat(60)}1`, `call_${'x'.repeat(60)}2`];
    const turns = turnsOf([
      user('Find'),
      { role: 'assistant', content: null, tool_calls: ids.map((id) => call(id, JSON.stringify({ id }))) },
      ...ids.map((id): ChatMessage => ({ role: 'tool', tool_call_id: id, content: `of ${id}` })),
    ]);
    const calls = partsOf(turns, 'call');
    const results = partsOf(turns, 'result');
    expect(calls.map(({ input }) => (input as { id: string }).id)).toEqual(ids);
    expect(results.map(({ content }, index) => content.includes(`of ${ids[index]}`))).toEqual(
      ids.map(() => true),
    );
    if (!callIds) return;
    expect(new Set(calls.map(({ id }) => id)).size).toBe(ids.length);
    expect(results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
  });

  // Ollama takes any name.
  const itNames = provider === 'ollama' ? undefined : it;
  itNames?.('calls tools by names that it takes, and the caller by theirs', () => {
    const name = 'files.read/all v2 ünïcode';
    const { body, answer } = send(
      [
        user('Find'),
        { role: 'assistant', content: null, tool_calls: [call('a', '{}', name)] },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
        { role: 'assistant', content: 'Found.' },
        user('Again'),
      ],
      { tools: [tool(name), tool('plain')] },
    );
    const [exchanged, plain] = view.tools(body).map((one) => one.name);
    expect(plain).toBe('plain');
    expect(exchanged).toMatch(/^[a-zA-Z_][a-zA-Z0-9_-]{0,63}$/);
    expect(partsOf(view.turns(body), 'call')[0]!.name).toBe(exchanged);
    expect(JSON.stringify(body)).not.toContain(name);
    const [made] = answer(answerWithCall(wire, provider, exchanged!))!.choices[0]!.message.tool_calls!;
    expect(made).toMatchObject({ function: { name } });
  });

  it('is not sent what only another provider, or this package, reads', () => {
    const stored: any = {
      role: 'assistant',
      content: 'Four',
      refusal: null,
      annotations: [],
      reasoning_details: [{ type: 'reasoning.encrypted', data: 'ForeignData' }],
      thinking_blocks: [{ type: 'thinking', thinking: 'Hm', signature: 'ForeignSignature' }],
      provider_specific_fields: { origin: { provider: 'elsewhere', model: 'other' }, elsewhere: { a: 1 } },
    };
    const text = JSON.stringify(send([user('2+2'), stored, user('And 3+3?')]).body);
    expect(text).toContain('Four');
    if (TAKES_ALL.has(provider)) return;
    for (const foreign of [
      'ForeignSignature',
      'thinking_blocks',
      'provider_specific_fields',
      '"refusal":null',
    ]) {
      expect(text).not.toContain(foreign);
    }
  });

  it('passes over who asks, and says so where it does not send it', () => {
    const { body, dropped } = send([user('Hi')], { user: 'ada' });
    if (!JSON.stringify(body).includes('ada')) expect(dropped).toEqual(['user']);
  });

  it('does not stop the caller who asks for no thinking, where there is a model without', () => {
    const ask = () => send([user('Hi')], { reasoning_effort: 'none' });
    if (ALWAYS_THINKS.test(model)) expect(ask).toThrow('reasoning_effort');
    else expect(ask).not.toThrow();
  });

  const itClaude = family === 'claude' ? it : undefined;
  itClaude?.('is a Claude, and has its rules', () => {
    const both = { temperature: 0.5, top_p: 0.9 };
    expect(() => send([user('Hi')], both)).toThrow(/top_p|temperature/);
    const forced: Partial<ChatRequest> = {
      tools: [tool()],
      tool_choice: 'required',
      reasoning_effort: 'low',
    };
    expect(() => send([user('Hi')], forced)).toThrow('tool_choice');
  });
});

/** A unary answer that calls one tool. */
function answerWithCall(wire: string, provider: string, name: string): unknown {
  const called = { id: 't', type: 'function', function: { name, arguments: '{}' } };
  switch (wire) {
    case 'anthropic':
      return {
        id: 'm',
        model: 'm',
        content: [{ type: 'tool_use', id: 't', name, input: {} }],
        stop_reason: 'tool_use',
      };
    case 'converse':
      return {
        output: {
          message: { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name, input: {} } }] },
        },
        stopReason: 'tool_use',
      };
    case 'gemini':
      return {
        candidates: [
          { content: { role: 'model', parts: [{ functionCall: { name, args: {} } }] }, finishReason: 'STOP' },
        ],
      };
    case 'responses':
      return {
        id: 'r',
        object: 'response',
        created_at: 1,
        model: 'm',
        status: 'completed',
        output: [{ type: 'function_call', call_id: 't', name, arguments: '{}' }],
      };
    default:
      if (provider === 'cohere') {
        return { id: 'c', finish_reason: 'TOOL_CALL', message: { role: 'assistant', tool_calls: [called] } };
      }
      return {
        id: 'c',
        object: 'chat.completion',
        created: 1,
        model: 'm',
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: null, tool_calls: [called] },
            finish_reason: 'tool_calls',
          },
        ],
      };
  }
}
