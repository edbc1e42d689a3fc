import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BadRequestError, UnsupportedParamsError, type ChatRequest } from '../../../lib/index.js';
import { toMistralRequest } from '../../../lib/providers/mistral/mistral.request.js';
import { conversation } from '../../support/conversations.js';

const MESSAGES: ChatRequest['messages'] = [{ role: 'user', content: 'Hi' }];

function translate(fields: Partial<ChatRequest>, model = 'm'): any {
  const request: ChatRequest = { model: `mistral/${model}`, messages: MESSAGES, ...fields };
  const context = {
    request,
    providerOptions: {},
    provider: 'mistral',
    model,
    dropParams: false,
    droppedParams: [],
  };
  return JSON.parse(String(toMistralRequest(request, context).body));
}

const TOOLS: NonNullable<ChatRequest['tools']> = ['a', 'b'].map((name) => ({
  type: 'function',
  function: { name },
}));

describe('a request to Mistral', () => {
  const cases: [string, Partial<ChatRequest>, object][] = [
    ['the seed', { seed: 7 }, { random_seed: 7 }],
    ['the limit', { max_completion_tokens: 5, max_tokens: 9 }, { max_tokens: 5 }],
    [
      'a schema',
      { response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } } },
      {
        response_format: { type: 'json_schema', json_schema: { name: 's', schema: {} } },
      },
    ],
    ['plain text', { response_format: { type: 'text' } }, {}],
    ['the options of a stream', { stream: true, stream_options: { include_usage: true } }, { stream: true }],
    ['an effort', { reasoning_effort: 'low' }, { reasoning_effort: 'high' }],
    ['no effort', { reasoning_effort: 'none' }, { reasoning_effort: 'none' }],
    [
      'fields of its own',
      { providerOptions: { mistral: { safe_prompt: true }, groq: { x: 1 } } },
      {
        safe_prompt: true,
      },
    ],
  ];

  it.each(cases)('has %s', (_name, fields, expected) => {
    expect(translate(fields)).toEqual({ model: 'm', messages: MESSAGES, stream: false, ...expected });
  });

  it('has the prompt of a model that always reasons', () => {
    expect(translate({ reasoning_effort: 'high' }, 'magistral-medium-latest')).toMatchObject({
      prompt_mode: 'reasoning',
    });
  });

  const named = { type: 'function' as const, function: { name: 'b' } };
  const choices: [ChatRequest['tool_choice'], unknown, string[]][] = [
    ['auto', 'auto', ['a', 'b']],
    ['none', 'none', ['a', 'b']],
    ['required', 'any', ['a', 'b']],
    [named, named, ['a', 'b']],
    [{ type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [named] } }, 'any', ['b']],
  ];

  it.each(choices)('has the tool choice %j', (choice, expected, names) => {
    const { tools, tool_choice: sent } = translate({ tools: TOOLS, ...(choice && { tool_choice: choice }) });
    expect(sent).toEqual(expected);
    expect(tools.map((tool: any) => tool.function.name)).toEqual(names);
  });

  it.each(['logprobs', 'logit_bias', 'store', 'verbosity'] as const)('refuses %s', (name) => {
    const value = { logprobs: true, logit_bias: { 1: 1 }, store: true, verbosity: 'low' }[name];
    expect(() => translate({ [name]: value })).toThrow(UnsupportedParamsError);
  });

  it('has images, sound and files', () => {
    const content: Extract<ChatRequest['messages'][number], { role: 'user' }>['content'] = [
      { type: 'text', text: 'Hi' },
      { type: 'image_url', image_url: { url: 'https://a/b.png' } },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
      { type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } },
      { type: 'file', file: { file_id: 'f' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA==', filename: 'a.pdf' } },
    ];
    expect(translate({ messages: [{ role: 'user', content }] }).messages[0].content).toEqual([
      { type: 'text', text: 'Hi' },
      { type: 'image_url', image_url: 'https://a/b.png' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
      { type: 'input_audio', input_audio: 'AA==' },
      { type: 'file', file_id: 'f' },
      { type: 'document_url', document_url: 'data:application/pdf;base64,AA==', document_name: 'a.pdf' },
    ]);
    const empty: ChatRequest['messages'] = [{ role: 'user', content: [{ type: 'file', file: {} }] }];
    expect(() => translate({ messages: empty })).toThrow(BadRequestError);
  });

  it('goes on with an answer that is last', () => {
    const messages: ChatRequest['messages'] = [...MESSAGES, { role: 'assistant', content: '{' }];
    expect(translate({ messages }).messages[1]).toEqual({ role: 'assistant', content: '{', prefix: true });
  });

  it('keeps roles, order, texts, calls and results of any conversation', () => {
    fc.assert(
      fc.property(conversation, (messages) => {
        const all: any[] = translate({ messages }).messages;
        const inserted = (at: number) => all[at - 1]?.role === 'tool' && all[at + 1]?.role === 'user';
        // Mistral refuses a user right after a tool.
        expect(all.some(({ role }, at) => role === 'user' && all[at - 1]?.role === 'tool')).toBe(false);
        const sent = all.filter(
          ({ role, content }, at) => role !== 'assistant' || content !== 'OK.' || !inserted(at),
        );
        expect(sent.map(({ role }) => role)).toEqual(
          messages.map(({ role }) => (role === 'developer' ? 'system' : role)),
        );
        const ids = new Map<string, string>();
        for (const [index, message] of messages.entries()) {
          const theirs = sent[index];
          expect(theirs.content).toBe(message.content ?? '');
          if (message.role === 'assistant') {
            const calls = message.tool_calls ?? [];
            expect((theirs.tool_calls ?? []).map((call: any) => call.function)).toEqual(
              calls.map((call: any) => call.function),
            );
            for (const [at, { id }] of calls.entries()) ids.set(id, theirs.tool_calls[at].id);
          }
          if (message.role === 'tool') expect(theirs.tool_call_id).toBe(ids.get(message.tool_call_id));
        }
        // Distinct, and of the form that Mistral asks for.
        expect(new Set(ids.values()).size).toBe(ids.size);
        for (const id of ids.values()) expect(id).toMatch(/^[a-zA-Z0-9]{9}$/);
      }),
    );
  });
});
