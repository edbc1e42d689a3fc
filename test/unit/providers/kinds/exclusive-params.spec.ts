import { describe, expect, it } from '@jest/globals';
import { UnsupportedParamsError, type ChatRequest } from '../../../../lib/index.js';
import { translate } from '../../../support/translated.js';
import { WIRE_VIEWS, type Wire } from '../../../support/wire-views.js';

const messages: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];
const tools: ChatRequest['tools'] = [
  { type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } },
];

/** How each host of Claude spells the same model. */
const HOSTS: readonly (readonly [wire: Wire, spell: (model: string) => string])[] = [
  ['anthropic', (model) => `anthropic/claude-${model}`],
  ['anthropic', (model) => `vertex_ai/claude-${model}`],
  ['converse', (model) => `bedrock/us.anthropic.claude-${model}-v1:0`],
];

type Case = [what: string, model: string, fields: Partial<ChatRequest>, refused: string];

/** What a Claude does not take together, or not at all, and the field that is left out where the call allows that. */
const CASES: readonly Case[] = [
  ['both of sampling', 'opus-4-1', { temperature: 0.5, top_p: 0.9 }, 'top_p'],
  ['both of sampling', 'haiku-4-5', { temperature: 0.5, top_p: 0.9 }, 'top_p'],
  ['both of sampling', 'sonnet-4-6', { temperature: 0.5, top_p: 0.9 }, 'top_p'],
  ['temperature', 'opus-4-7', { temperature: 0.2 }, 'temperature'],
  ['top_p', 'opus-4-8', { top_p: 0.2 }, 'top_p'],
  ['temperature', 'sonnet-5', { temperature: 0 }, 'temperature'],
  ['temperature while thinking', 'sonnet-4-5', { temperature: 0.2, reasoning_effort: 'low' }, 'temperature'],
  [
    'a forced tool while thinking',
    'sonnet-4-5',
    { tools, tool_choice: 'required', reasoning_effort: 'low' },
    'tool_choice',
  ],
  [
    'a forced tool while thinking',
    'opus-4-6',
    { tools, tool_choice: 'required', reasoning_effort: 'low' },
    'tool_choice',
  ],
  [
    'a named tool while thinking',
    'sonnet-4-5',
    {
      tools,
      tool_choice: { type: 'function', function: { name: 'look_up' } },
      thinking: { type: 'enabled', budget_tokens: 2000 },
    },
    'tool_choice',
  ],
  ['a forced tool', 'opus-5-5', { tools, tool_choice: 'required' }, 'tool_choice'],
  [
    'a begin of the answer while thinking',
    'sonnet-4-5',
    { messages: [...messages, { role: 'assistant', content: '{' }], reasoning_effort: 'low' },
    'reasoning_effort',
  ],
  ['no thinking', 'opus-5-5', { reasoning_effort: 'none' }, 'reasoning_effort'],
];

describe.each(HOSTS)('a Claude over %s (%#)', (wire, spell) => {
  it.each(CASES)('is not sent %s: %s', (_what, name, fields, refused) => {
    const request = { model: spell(name), messages, ...fields };
    expect(() => translate(request)).toThrow(UnsupportedParamsError);
    expect(() => translate(request)).toThrow(refused);
    expect(translate(request, { dropParams: true }).dropped).toEqual([refused]);
  });

  it('has what is left of the two', () => {
    const request = { model: spell('haiku-4-5'), messages, temperature: 0.5, top_p: 0.9 };
    const { body } = translate(request, { dropParams: true });
    expect(WIRE_VIEWS[wire].sampling(body)).toEqual(['temperature']);
  });

  it.each<[string, string, Partial<ChatRequest>, string[]]>([
    [
      'both to a model that takes both',
      'sonnet-4',
      { temperature: 0.5, top_p: 0.9 },
      ['temperature', 'top_p'],
    ],
    ['the one that asks for something', 'opus-4-5', { temperature: 1, top_p: 0.9 }, ['top_p']],
    ['the other one', 'opus-4-5', { temperature: 0.5, top_p: 1 }, ['temperature']],
  ])('is sent %s', (_what, name, fields, sent) => {
    const { body, dropped } = translate({ model: spell(name), messages, ...fields });
    expect(WIRE_VIEWS[wire].sampling(body)).toEqual(sent);
    expect(dropped).toEqual([]);
  });

  const thinkingOf = (body: any) => (body.additionalModelRequestFields ?? body).thinking;

  it.each<[string, Partial<ChatRequest>, object | undefined]>([
    ['opus-4-7', { reasoning_effort: 'high' }, { type: 'adaptive', display: 'summarized' }],
    [
      'opus-4-7',
      { thinking: { type: 'enabled', budget_tokens: 4000 } },
      { type: 'adaptive', display: 'summarized' },
    ],
    ['opus-4-7', { thinking: { type: 'adaptive' } }, { type: 'adaptive', display: 'summarized' }],
    [
      'opus-4-7',
      { thinking: { type: 'adaptive', display: 'omitted' } },
      { type: 'adaptive', display: 'omitted' },
    ],
    ['opus-4-6', { reasoning_effort: 'high' }, { type: 'adaptive' }],
    ['sonnet-4-5', { reasoning_effort: 'high' }, { type: 'enabled', budget_tokens: 4096 }],
    ['sonnet-4-5', { thinking: { type: 'adaptive' } }, { type: 'enabled', budget_tokens: 4096 }],
    ['sonnet-4-5', { reasoning_effort: 'none' }, { type: 'disabled' }],
    ['sonnet-5-5', { reasoning_effort: 'none' }, { type: 'between_tools' }],
    ['sonnet-4-5', {}, undefined],
  ])('of the kind %s thinks as %j says', (name, fields, thinking) => {
    const { body } = translate({ model: spell(name), messages, ...fields });
    expect(thinkingOf(body)).toEqual(thinking);
  });

  it.each<[string, Partial<ChatRequest>, string]>([
    ['no room', { reasoning_effort: 'low', max_tokens: 1000 }, 'max_completion_tokens'],
    [
      'a budget as large as the answer',
      { thinking: { type: 'enabled', budget_tokens: 2000 }, max_tokens: 2000 },
      'max_completion_tokens',
    ],
    ['a budget that is too small', { thinking: { type: 'enabled', budget_tokens: 1000 } }, 'thinking'],
  ])('is refused %s', (_what, fields, param) => {
    expect(() => translate({ model: spell('sonnet-4-5'), messages, ...fields })).toThrow(param);
  });

  it('does not begin an answer for a model that goes on with none', () => {
    const request = {
      model: spell('opus-4-6'),
      messages: [...messages, { role: 'assistant' as const, content: '{' }],
    };
    expect(() => translate(request)).toThrow('begin of the answer');
  });
});
