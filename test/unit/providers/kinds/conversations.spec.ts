import { describe, expect, it } from '@jest/globals';
import type { ChatMessage, ChatRequest } from '../../../../lib/index.js';
import { translate } from '../../../support/translated.js';
import { textOf, WIRE_VIEWS, type SentPart, type SentTurn } from '../../../support/wire-views.js';
import { HOSTS } from './hosts.js';

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

describe.each(HOSTS)('a conversation sent to $model', ({ model, wire, callIds }) => {
  const view = WIRE_VIEWS[wire];
  const sent = (messages: ChatMessage[], more: Partial<ChatRequest> = {}) =>
    translate({ model, messages, tools: [tool()], ...more });
  const turnsOf = (messages: ChatMessage[], more: Partial<ChatRequest> = {}): SentTurn[] =>
    view.turns(sent(messages, more).body);
  const partsOf = <Kind extends SentPart['kind']>(turns: SentTurn[], kind: Kind) =>
    turns.flatMap(({ parts }) => parts).filter((part) => part.kind === kind) as Extract<
      SentPart,
      { kind: Kind }
    >[];

  describe('roles', () => {
    it.each<[string, ChatMessage[]]>([
      ['instructions alone', [{ role: 'system', content: 'Write a haiku.' }]],
      ['a greeting first', [{ role: 'assistant', content: 'Welcome!' }, user('Hi')]],
      [
        'a call first',
        [
          { role: 'assistant', content: null, tool_calls: [call('a')] },
          { role: 'tool', tool_call_id: 'a', content: 'x' },
        ],
      ],
    ])('begin with the user: %s', (_what, messages) => {
      expect(turnsOf(messages)[0]!.role).toBe('user');
    });

    it('has the developer among the instructions', () => {
      const { body } = sent([{ role: 'developer', content: 'Be brief.' }, user('Hi')]);
      expect(view.system(body)).toEqual(['Be brief.']);
      expect(view.turns(body).map(({ role }) => role)).toEqual(['user']);
    });

    it('keeps both of two texts of the same side', () => {
      const turns = turnsOf([user('One'), user('Two'), { role: 'assistant', content: 'A' }, user('Three')]);
      expect(turns.map(textOf).join('|').replace('One|Two', 'OneTwo')).toBe('OneTwo|A|Three');
    });
  });

  describe('what is blank', () => {
    const blanks = (body: any) =>
      [...view.system(body), ...partsOf(view.turns(body), 'text').map(({ text }) => text)].filter(
        (text) => text.trim() === '',
      );

    it('is not sent', () => {
      const { body } = sent([
        { role: 'system', content: ' \n' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Find' },
            { type: 'text', text: '' },
          ],
        },
        { role: 'assistant', content: '\n\n', tool_calls: [call('a')] },
        { role: 'tool', tool_call_id: 'a', content: '' },
      ]);
      expect(blanks(body)).toEqual([]);
      expect(partsOf(view.turns(body), 'call')).toHaveLength(1);
      expect(partsOf(view.turns(body), 'result')).toHaveLength(1);
    });

    it('asks for nothing', () => {
      const plain = translate({ model, messages: [user('Hi')] }).body;
      const nothing: any = {
        tools: [],
        tool_choice: 'auto',
        stop: [''],
        seed: null,
        n: null,
        temperature: null,
        response_format: null,
        user: '',
        metadata: {},
        reasoning_effort: null,
        parallel_tool_calls: null,
      };
      expect(translate({ model, messages: [user('Hi')], ...nothing }).body).toEqual(plain);
      const message: any = { role: 'user', content: 'Hi', name: null };
      expect(translate({ model, messages: [message] }).body).toEqual(plain);
    });
  });

  describe('calls of tools', () => {
    it.each<[string, unknown, unknown]>([
      ['none', undefined, {}],
      ['nothing', '', {}],
      ['null', 'null', {}],
      ['an object', { q: 'x' }, { q: 'x' }],
      ['JSON of JSON', '"{\\"q\\":\\"x\\"}"', { q: 'x' }],
      ['broken JSON', '{"q": "x', { rawInvalidInput: '{"q": "x' }],
      ['a list', '[1]', { rawInvalidInput: '[1]' }],
    ])('with arguments that are %s are an object', (_what, args, input) => {
      const turns = turnsOf([
        user('Find'),
        { role: 'assistant', content: null, tool_calls: [call('a', args)] },
        { role: 'tool', tool_call_id: 'a', content: 'x' },
      ]);
      expect(partsOf(turns, 'call').map((one) => one.input)).toEqual([input]);
    });

    it('with ids of any provider agree with their results, and stay different', () => {
      const ids = ['call|1', 'call:1', 'call 1', `c${'x'.repeat(90)}`, '0a1b2c3d4'];
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
      expect(results.map(({ id }) => id)).toEqual(calls.map(({ id }) => id));
      if (!callIds) return;
      expect(new Set(calls.map(({ id }) => id)).size).toBe(ids.length);
      for (const { id } of calls) expect(id).toMatch(/^[a-zA-Z0-9_.:-]{1,64}$/);
    });

    it('by names that the provider refuses are exchanged, and back in the answer', () => {
      const name = 'files.read/all v2 ünïcode';
      const { body, answer } = translate({
        model,
        tools: [tool(name), tool('plain')],
        tool_choice: { type: 'function', function: { name } },
        messages: [
          user('Find'),
          { role: 'assistant', content: null, tool_calls: [call('a', '{}', name)] },
          { role: 'tool', tool_call_id: 'a', content: 'x' },
        ],
      });
      const [exchanged, plain] = view.tools(body).map((one) => one.name);
      expect(plain).toBe('plain');
      expect(exchanged).toMatch(/^[a-zA-Z_][a-zA-Z0-9_]{0,63}$/);
      expect(JSON.stringify(body)).not.toContain(name);
      expect(partsOf(view.turns(body), 'call')[0]!.name).toBe(exchanged);
      const completion = answer(answerWithCall(wire, exchanged!));
      const [made] = completion!.choices[0]!.message.tool_calls!;
      expect(made).toMatchObject({ function: { name } });
    });
  });

  it('has the images of a tool’s result', () => {
    const content: any = [
      { type: 'text', text: 'The screen:' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    ];
    const { body } = sent([
      user('Look'),
      { role: 'assistant', content: null, tool_calls: [call('a')] },
      { role: 'tool', tool_call_id: 'a', content },
    ]);
    expect(JSON.stringify(body)).toContain('iVBORw0KGgo=');
    expect(JSON.stringify(body)).toContain('The screen:');
  });

  it('names what only another provider reads of a tool, and is not stopped by it', () => {
    const own = { ...tool(), defer_loading: true, input_examples: [{ q: 'x' }] };
    const { body, dropped } = translate({ model, messages: [user('Hi')], tools: [own] });
    if (JSON.stringify(body).includes('defer_loading')) expect(dropped).toEqual([]);
    else expect(dropped).toEqual(['tools.defer_loading', 'tools.input_examples']);
  });

  it('passes over who asks, and says so', () => {
    const { dropped } = translate({ model, messages: [user('Hi')], user: 'ada', prompt_cache_key: 'k' });
    expect(dropped).toContain('prompt_cache_key');
  });
});

/** A unary answer that calls one tool. */
function answerWithCall(wire: string, name: string): unknown {
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
    default:
      return {
        candidates: [
          { content: { role: 'model', parts: [{ functionCall: { name, args: {} } }] }, finishReason: 'STOP' },
        ],
      };
  }
}
