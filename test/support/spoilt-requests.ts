import fc from 'fast-check';
import { mutateValue, valueMutation, type ValueMutation } from './mutations.js';

const SCHEMA = {
  type: 'object',
  properties: { city: { $ref: '#/$defs/c' } },
  $defs: { c: { type: ['string', 'null'] } },
};

/** A request with something of everything. */
export const REQUEST = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'r',
      thinking_blocks: [{ type: 'thinking', thinking: 't', signature: 's' }],
      provider_specific_fields: {
        gemini: { thoughtSignatures: ['s'] },
        anthropic: { content: [{ type: 'text', text: 'x' }] },
      },
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"city":"Oslo"}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'cold' },
  ],
  tools: [{ type: 'function', function: { name: 'f', description: 'd', parameters: SCHEMA } }],
  tool_choice: { type: 'function', function: { name: 'f' } },
  response_format: { type: 'json_schema', json_schema: { name: 'n', schema: SCHEMA, strict: true } },
  providerOptions: { openai: { a: 1 }, anthropic: { betas: ['b'] }, gemini: { safetySettings: [] } },
  stop: ['x'],
  temperature: 0.5,
  max_tokens: 9,
  metadata: { a: 'b' },
  modalities: ['text'],
  reasoning_effort: 'low',
  stream_options: { include_usage: true },
};

/** Stands for a value that is too deep to be printed. */
const DEEP = 'deep';

function deepValue(): unknown {
  return JSON.parse(`${'{"a":['.repeat(20_000)}${']}'.repeat(20_000)}`);
}

/** What no type allows, and what types do not tell. */
const oddValue = fc.constantFrom<unknown>(
  5,
  '\ud800',
  'data:image/png,%',
  [null],
  [{}],
  { toString: 1 },
  DEEP,
);

const mutation = fc.oneof(
  valueMutation,
  fc.record({
    path: fc.array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), {
      minLength: 1,
      maxLength: 7,
    }),
    value: oddValue,
  }),
);
/** Up to three places of a request that get another value. */
export const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });

type Mutation = Pick<ValueMutation, 'path' | 'value'>;

/** The document with what the mutations put into it. */
export function spoil(document: unknown, by: readonly Mutation[]): unknown {
  // The deep ones last: the others copy the document.
  const inOrder = [...by].sort((one, other) => Number(one.value === DEEP) - Number(other.value === DEEP));
  let deep = false;
  return inOrder.reduce((spoilt, { path, value }) => {
    if (value !== DEEP) return mutateValue(spoilt, { path, value });
    if (deep) return spoilt;
    deep = true;
    return mutateValue(spoilt, { path, value: deepValue() });
  }, document);
}

/** The same as JSON, which may be too deep for JSON.stringify(). */
export function spoiltText(document: unknown, by: readonly Mutation[]): string {
  const deep = `${'{"a":['.repeat(20_000)}${']}'.repeat(20_000)}`;
  return JSON.stringify(by.reduce(mutateValue, document)).replaceAll(`"${DEEP}"`, deep);
}
