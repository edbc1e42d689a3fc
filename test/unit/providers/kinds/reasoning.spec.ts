import { describe, expect, it } from '@jest/globals';
import type { AssistantMessage, ChatMessage, ChatRequest } from '../../../../lib/index.js';
import { translate } from '../../../support/translated.js';
import { WIRE_VIEWS } from '../../../support/wire-views.js';
import { HOSTS } from './hosts.js';

const user = (content: string): ChatMessage => ({ role: 'user', content });
const HI = [user('2+2')];

/** Answers whose reasoning is signed, as each family of hosts gives it. */
const ANSWERS: Readonly<Record<string, { model: string; answer: unknown; signature: string }>> = {
  claude: {
    model: 'anthropic/claude-sonnet-4-5',
    signature: 'ClaudeSignature',
    answer: {
      id: 'm',
      model: 'm',
      content: [
        { type: 'thinking', thinking: 'Hm', signature: 'ClaudeSignature' },
        { type: 'text', text: 'Four' },
      ],
      stop_reason: 'end_turn',
    },
  },
  gemini: {
    model: 'gemini/gemini-3-flash',
    signature: 'GeminiSignature',
    answer: {
      candidates: [
        {
          content: {
            role: 'model',
            parts: [
              { text: 'Hm', thought: true, thoughtSignature: 'GeminiSignature' },
              { text: 'Four', thoughtSignature: 'GeminiSignature' },
            ],
          },
          finishReason: 'STOP',
        },
      ],
    },
  },
};

/** Which hosts may read the signatures of which answer. */
const READERS: Readonly<Record<string, (model: string) => boolean>> = {
  claude: (model) => model.includes('claude'),
  gemini: (model) => model === 'gemini/gemini-3-flash',
};

describe.each(Object.entries(ANSWERS))('signed reasoning of %s', (family, { model, answer, signature }) => {
  const { message } = translate({ model, messages: HI }).answer(answer)!.choices[0]!;
  // Stored and read again, as a conversation is.
  const stored = JSON.parse(JSON.stringify(message)) as AssistantMessage;

  it.each(HOSTS)('goes to $model only if that made it', ({ model: target }) => {
    const { body } = translate({ model: target, messages: [...HI, stored, user('And 3+3?')] });
    expect(JSON.stringify(body).includes(signature)).toBe(READERS[family]!(target));
    expect(JSON.stringify(body)).toContain('Four');
  });
});

describe('a call that another model made', () => {
  const messages: ChatMessage[] = [
    user('Find'),
    {
      role: 'assistant',
      content: null,
      tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }],
    },
    { role: 'tool', tool_call_id: 'a', content: 'x' },
  ];
  const tools: ChatRequest['tools'] = [{ type: 'function', function: { name: 'f' } }];

  it.each([
    ['gemini/gemini-3-flash', true],
    ['gemini/gemini-flash-latest', true],
    ['vertex_ai/gemini-pro-latest', true],
    ['gemini/gemini-2.5-flash', false],
  ])('is sent to %s with the placeholder of a signature: %s', (model, isSigned) => {
    const { body } = translate({ model, messages, tools });
    expect(JSON.stringify(body).includes('skip_thought_signature_validator')).toBe(isSigned);
  });

  it.each([
    'anthropic/claude-sonnet-4-5',
    'vertex_ai/claude-sonnet-4-5',
    'bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0',
  ])('turns off the thinking of %s, which refuses it without the thinking before it', (model) => {
    const { body, dropped } = translate({ model, messages, tools, reasoning_effort: 'low' });
    expect(JSON.stringify(body)).not.toContain('budget_tokens');
    expect(dropped).toEqual(['reasoning_effort']);
  });

  it('has no id at Vertex AI', () => {
    const own: any = structuredClone(messages);
    own[1].tool_calls[0].provider_specific_fields = { gemini: { id: 'fc-1' } };
    const idsAt = (model: string) =>
      WIRE_VIEWS.gemini
        .turns(translate({ model, messages: own, tools }).body)
        .flatMap(({ parts }) => parts.flatMap((part) => ('id' in part && part.id) || []));
    expect(idsAt('vertex_ai/gemini-3-flash')).toEqual([]);
    expect(idsAt('gemini/gemini-3-flash')).toEqual(['fc-1', 'fc-1']);
  });
});

it('keeps the order of an answer of texts and images, each with its signature', () => {
  const parts = [
    { text: 'A cat: ', thoughtSignature: 'czE=' },
    { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'czI=' },
    { text: 'A dog: ' },
    { inlineData: { mimeType: 'image/png', data: 'BBBB' }, thoughtSignature: 'czM=' },
  ];
  const model = 'gemini/gemini-3-pro-image-preview';
  const answer = { candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }] };
  const { message } = translate({ model, messages: HI }).answer(answer)!.choices[0]!;
  const stored = JSON.parse(JSON.stringify(message)) as AssistantMessage;
  const { body } = translate({ model, messages: [...HI, stored, user('Again')] });
  expect(body.contents[1].parts).toEqual(parts);
});

describe('a signature that was stored without where it is from', () => {
  const call = (provider_specific_fields: object): ChatMessage => ({
    role: 'assistant',
    content: null,
    tool_calls: [
      {
        id: 'a',
        type: 'function',
        function: { name: 'f', arguments: '{}' },
        provider_specific_fields: { ...provider_specific_fields },
      },
    ],
  });
  const sent = (model: string, message: ChatMessage) =>
    JSON.stringify(translate({ model, messages: [...HI, message] }).body);

  it.each(['gemini/gemini-3-flash', 'vertex_ai/gemini-3-flash'])('is kept by %s', (model) => {
    expect(sent(model, call({ thought_signature: 'Stored' }))).toContain('"thoughtSignature":"Stored"');
  });

  it('is not kept beside an origin, nor sent to another family', () => {
    const message = { ...call({ thought_signature: 'Stored' }) } as AssistantMessage;
    message.provider_specific_fields = { origin: { provider: 'gemini', model: 'gemini-3-flash' } };
    expect(sent('vertex_ai/gemini-3-flash', message)).not.toContain('Stored');
    expect(sent('anthropic/claude-sonnet-4-5', call({ thought_signature: 'Stored' }))).not.toContain(
      'Stored',
    );
  });
});
