import { describe, expect, it } from '@jest/globals';
import type { ChatCompletionChunk } from '../../../../lib/index.js';
import { ChunkAssembler } from '../../../../lib/operations/chat/chunk-assembler.js';
import { chunkOf } from '../../../support/upstream.js';

function assemble(...chunks: object[]) {
  const assembler = new ChunkAssembler();
  for (const chunk of chunks) assembler.push(chunk as ChatCompletionChunk);
  return assembler.completion();
}

const token = (text: string) => ({ token: text, bytes: null, logprob: -1, top_logprobs: [] });

describe('ChunkAssembler', () => {
  it('has nothing before the first chunk but the shape', () => {
    expect(assemble()).toEqual({ id: '', created: 0, model: '', object: 'chat.completion', choices: [] });
  });

  it('sorts choices by their index and keeps them apart', () => {
    const of = (index: number, content: string) => ({
      choices: [{ index, delta: { content }, finish_reason: null }],
    });
    const { choices } = assemble(of(1, 'b'), of(0, 'a'), of(1, 'B'), of(0, 'A'));
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'aA'],
      [1, 'bB'],
    ]);
  });

  it('is not held up by an index that no list could have', () => {
    const { choices } = assemble({ choices: [{ index: 4_000_000_000, delta: { content: 'a' } }] });
    expect(choices).toHaveLength(1);
  });

  it.each([
    ['text', [{ content: 'a' }, { content: 'b' }], { content: 'ab' }],
    ['an empty text', [{ content: '' }], { content: '' }],
    ['null after text', [{ content: 'a' }, { content: null }], { content: 'a' }],
    ['a refusal', [{ refusal: 'n' }, { refusal: 'o' }], { content: null, refusal: 'no' }],
    ['reasoning', [{ reasoning_content: 'h' }, { reasoning_content: 'm' }], { reasoning_content: 'hm' }],
    ['lists', [{ annotations: [1] }, { annotations: [2, 3] }], { annotations: [1, 2, 3] }],
    [
      'objects',
      [{ audio: { id: 'x' } }, { audio: { data: 'a' } }, { audio: { data: 'b', expires_at: 9 } }],
      { audio: { id: 'x', data: 'ab', expires_at: 9 } },
    ],
    ['numbers', [{ score: 1 }, { score: 2 }], { score: 2 }],
    [
      'the old kind of call',
      [{ function_call: { name: 'f', arguments: '{' } }, { function_call: { arguments: '}' } }],
      { function_call: { name: 'f', arguments: '{}' } },
    ],
    [
      'an empty list of tool calls',
      [{ content: 'a', tool_calls: [] }],
      { content: 'a', tool_calls: undefined },
    ],
    ['the role', [{ role: 'assistant' }, { role: 'assistant' }], { role: 'assistant' }],
  ])('puts together %s', (_what, deltas, message) => {
    const [choice] = assemble(...deltas.map((delta) => chunkOf(delta))).choices;
    expect(choice!.message).toEqual({ role: 'assistant', content: null, refusal: null, ...message });
  });

  it('puts logprobs together to the shape of the unary answer', () => {
    const of = (logprobs: object | null) => ({
      choices: [{ index: 0, delta: {}, finish_reason: null, logprobs }],
    });
    const [choice] = assemble(
      of({ content: [token('a')], refusal: null }),
      of(null),
      of({ content: [token('b')] }),
    ).choices;
    expect(choice!.logprobs).toEqual({ content: [token('a'), token('b')], refusal: null });
  });

  it('takes the last usage, and the last of a field that is not empty', () => {
    const { usage, model, ...rest } = assemble(
      chunkOf({}, null, {
        usage: { total_tokens: 1 },
        model: '',
        x_groq: { id: 'a' },
        service_tier: 'default',
      }),
      chunkOf({}, 'stop', { usage: { total_tokens: 2 }, model: 'm', x_groq: null, system_fingerprint: 'fp' }),
      chunkOf({}, null, { usage: null, model: '' }),
    );
    expect({ usage, model }).toEqual({ usage: { total_tokens: 2 }, model: 'm' });
    expect(rest).toMatchObject({ x_groq: { id: 'a' }, service_tier: 'default', system_fingerprint: 'fp' });
    expect(rest.choices[0]!.finish_reason).toBe('stop');
  });

  it('leaves the chunks as they are', () => {
    const chunks = [
      chunkOf({
        annotations: [1],
        audio: { id: 'x' },
        tool_calls: [{ index: 0, id: 'a', function: { arguments: '1' } }],
      }),
      chunkOf({
        annotations: [2],
        audio: { data: 'y' },
        tool_calls: [{ index: 0, function: { arguments: '2' } }],
      }),
    ];
    const before = structuredClone(chunks);
    assemble(...chunks);
    expect(chunks).toEqual(before);
  });

  it.each([
    ['a chunk', '{"__proto__":{"polluted":1},"choices":[]}'],
    ['a delta', '{"choices":[{"index":0,"delta":{"__proto__":{"polluted":1}}}]}'],
    ['a field of a delta', '{"choices":[{"index":0,"delta":{"audio":{"__proto__":{"polluted":1}}}}]}'],
    ['a constructor', '{"choices":[{"index":0,"delta":{"constructor":{"prototype":{"polluted":1}}}}]}'],
    [
      'a tool call',
      '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"__proto__":{"polluted":1}}]}}]}',
    ],
    [
      'a function',
      '{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"__proto__":{"polluted":1}}}]}}]}',
    ],
  ])('sets no prototype from %s', (_where, json) => {
    const chunk = JSON.parse(json) as object;
    const completion = assemble(chunk, chunk);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(completion)).not.toContain('__proto__');
    expect((completion as unknown as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
