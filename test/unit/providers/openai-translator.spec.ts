import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ChatCompletionChunk, ProviderErrorDetail } from '../../../lib/index.js';
import { ChunkAssembler } from '../../../lib/operations/chat/chunk-assembler.js';
import { OpenAITranslator } from '../../../lib/providers/openai/openai.translator.js';
import { openAIAdapter } from '../../../lib/providers/openai/openai.adapter.js';
import type { OpenAIQuirks } from '../../../lib/providers/openai/openai.quirks.js';
import { chunkOf } from '../../support/upstream.js';

/** What a translator made of events. */
class Recorder {
  readonly chunks: ChatCompletionChunk[] = [];
  readonly texts: (string | undefined)[] = [];
  readonly errors: ProviderErrorDetail[] = [];
  finished = 0;
  private readonly translator: OpenAITranslator;

  constructor(quirks: Partial<OpenAIQuirks> = {}, host = '127.0.0.1:8000') {
    this.translator = new OpenAITranslator(
      {
        messageFields: [],
        capabilities: openAIAdapter.completion!('m', { model: 'm', messages: [] }).capabilities,
        ...quirks,
      },
      {
        request: { model: 'openai/m', messages: [], stream_options: { include_usage: true } },
        providerOptions: {},
        provider: 'openai',
        host,
        model: 'm',
        dropParams: false,
        droppedParams: [],
      },
    );
  }

  /** @returns whether it counts as content */
  event(data: unknown, event?: string): boolean {
    const text = typeof data === 'string' ? data : JSON.stringify(data);
    return this.translator.event({ data: text, event }, this);
  }

  push(chunk: ChatCompletionChunk, text?: string): void {
    this.chunks.push(chunk);
    this.texts.push(text);
  }

  usage(): void {}

  finish(): void {
    this.finished++;
  }

  fail(error: ProviderErrorDetail): void {
    this.errors.push(error);
  }

  end(): boolean {
    return this.translator.end();
  }

  assembled() {
    const assembler = new ChunkAssembler();
    for (const chunk of this.chunks) assembler.push(chunk);
    return assembler.completion();
  }
}

interface Delta {
  index?: number | null;
  id?: string | null;
  type?: string;
  function?: { name?: string | null; arguments?: string };
}

const calls = (...tool_calls: Delta[]) => chunkOf({ tool_calls });
const call = (id: string, name: string, args: string) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
});

describe('OpenAITranslator', () => {
  let recorder: Recorder;

  beforeEach(() => {
    recorder = new Recorder();
  });

  describe('passes the text of a chunk on', () => {
    it.each([
      ['text', chunkOf({ content: 'a' })],
      ['a finish reason', chunkOf({}, 'stop')],
      ['usage with no choices', { ...chunkOf({}), choices: [], usage: { total_tokens: 1 } }],
      [
        'fields that are not OpenAI’s',
        chunkOf({ content: 'a', thinking: { a: 1 } }, null, { x_groq: { id: 'x' } }),
      ],
      ['tool calls that count from 0', calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } })],
      ['reasoning under its own name', chunkOf({ reasoning_content: 'a' })],
    ])('%s', (_what, chunk) => {
      // Written as no serializer of this process would write it.
      const text = ` ${JSON.stringify(chunk, null, 1).replaceAll('\n', ' ')}`;
      expect(recorder.event(text)).toBe(true);
      expect(recorder.texts).toEqual([text]);
      expect(recorder.chunks).toEqual([chunk]);
    });
  });

  describe('passes no text on when the chunk is not what came', () => {
    it.each([
      [
        'no index of a choice',
        {},
        { choices: [{ delta: { content: 'a' } }] },
        { index: 0, delta: { content: 'a' } },
      ],
      [
        'no delta',
        {},
        { choices: [{ index: 0, finish_reason: 'stop' }] },
        { index: 0, delta: {}, finish_reason: 'stop' },
      ],
      ['a delta of null', {}, { choices: [{ index: 0, delta: null }] }, { index: 0, delta: {} }],
      [
        'reasoning under another name',
        {},
        { choices: [{ index: 0, delta: { reasoning: 'a' } }] },
        { index: 0, delta: { reasoning: 'a', reasoning_content: 'a' } },
      ],
      [
        'a tool call without an index',
        {},
        { choices: [{ index: 0, delta: { tool_calls: [{ id: 'a' }] } }] },
        { index: 0, delta: { tool_calls: [{ id: 'a', index: 0 }] } },
      ],
      [
        'tool calls that count from 1',
        {},
        { choices: [{ index: 0, delta: { tool_calls: [{ index: 1, id: 'a' }] } }] },
        { index: 0, delta: { tool_calls: [{ index: 0, id: 'a' }] } },
      ],
    ])('%s', (_what, own, chunk, choice) => {
      recorder = new Recorder(own);
      recorder.event(chunk);
      expect(recorder.texts).toEqual([undefined]);
      expect(recorder.chunks).toEqual([
        { object: 'chat.completion.chunk', choices: [{ finish_reason: null, ...choice }] },
      ]);
    });
  });

  describe('puts tool calls together', () => {
    const a = call('a', 'f', '{"x":1}');
    const b = call('b', 'g', '{"y":2}');
    const cases: readonly (readonly [name: string, events: object[], expected: object[]])[] = [
      [
        'that are counted',
        [
          calls({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }),
          calls({ index: 0, function: { arguments: '{"x"' } }),
          calls({ index: 0, function: { arguments: ':1}' } }),
          calls({ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{"y":2}' } }),
        ],
        [a, b],
      ],
      [
        'that are counted and interleaved',
        [
          calls(
            { index: 0, id: 'a', function: { name: 'f', arguments: '' } },
            { index: 1, id: 'b', function: { name: 'g', arguments: '' } },
          ),
          calls({ index: 1, function: { arguments: '{"y"' } }, { index: 0, function: { arguments: '{"x"' } }),
          calls({ index: 0, function: { arguments: ':1}' } }, { index: 1, function: { arguments: ':2}' } }),
        ],
        [a, b],
      ],
      [
        'with index 0 throughout',
        [
          calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
          calls({ index: 0, function: { arguments: ':1}' } }),
          calls({ index: 0, id: 'b', function: { name: 'g', arguments: '{"y"' } }),
          calls({ index: 0, function: { arguments: ':2}' } }),
        ],
        [a, b],
      ],
      [
        'with index 0 throughout, interleaved by their ids',
        [
          calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
          calls({ index: 0, id: 'b', function: { name: 'g', arguments: '{"y"' } }),
          calls({ index: 0, id: 'a', function: { arguments: ':1}' } }),
          calls({ index: 0, id: 'b', function: { arguments: ':2}' } }),
        ],
        [a, b],
      ],
      [
        'without an index',
        [
          calls({ id: 'a', function: { name: 'f', arguments: '{"x"' } }),
          calls({ function: { arguments: ':1}' } }),
          calls({ id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
        ],
        [a, b],
      ],
      [
        'without an index on what follows the first piece',
        [
          calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
          calls({ function: { arguments: ':1}' } }),
          calls({ index: 1, id: 'b', function: { name: 'g', arguments: '{"y"' } }),
          calls({ index: null, id: null, function: { arguments: ':2}' } }),
        ],
        [a, b],
      ],
      [
        'whose id, type and name come with each piece',
        [
          calls({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"x"' } }),
          calls({ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: ':1}' } }),
          calls({ index: 1, id: 'b', type: 'function', function: { name: 'g', arguments: '{"y":2}' } }),
        ],
        [a, b],
      ],
      [
        'whose id and name are empty on what follows the first piece',
        [
          calls({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
          calls({ index: 0, id: '', function: { name: '', arguments: ':1}' } }),
        ],
        [a],
      ],
      [
        'whose id comes late',
        [
          calls({ index: 0, function: { name: 'f', arguments: '{"x"' } }),
          calls({ index: 0, id: 'a', function: { arguments: ':1}' } }),
        ],
        [a],
      ],
      [
        'that are counted and share an id',
        [
          calls(
            { index: 0, id: 'f', function: { name: 'f', arguments: '1' } },
            { index: 1, id: 'f', function: { name: 'f', arguments: '2' } },
          ),
        ],
        [call('f', 'f', '1'), call('f', 'f', '2')],
      ],
      [
        'that count from 1',
        [
          calls({ index: 1, id: 'a', function: { name: 'f', arguments: '{"x"' } }),
          calls({ index: 2, id: 'b', function: { name: 'g', arguments: '{"y":2}' } }),
          calls({ index: 1, function: { arguments: ':1}' } }),
        ],
        [a, b],
      ],
      [
        'of a custom tool',
        [
          chunkOf({ tool_calls: [{ index: 0, id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }] }),
          chunkOf({ tool_calls: [{ index: 0, custom: { input: 'y' } }] }),
        ],
        [{ id: 'a', type: 'custom', custom: { name: 'f', input: 'xy' } }],
      ],
      [
        'of a call with no arguments',
        [calls({ index: 0, id: 'a', function: { name: 'f', arguments: '' } })],
        [call('a', 'f', '')],
      ],
    ];

    it.each(cases)('%s', (_name, events, expected) => {
      for (const event of events) recorder.event(event);
      const [choice] = recorder.assembled().choices;
      expect(choice!.message.tool_calls).toEqual(expected);
      for (const { choices } of recorder.chunks) {
        for (const { index } of choices[0]!.delta.tool_calls!) {
          expect(index).toBeGreaterThanOrEqual(0);
          expect(index).toBeLessThan(expected.length);
        }
      }
    });

    it('that have neither index nor id, by their names', () => {
      recorder.event(calls({ function: { name: 'f', arguments: '1' } }));
      recorder.event(calls({ function: { name: 'g', arguments: '2' } }, { function: { arguments: '3' } }));
      expect(recorder.assembled().choices[0]!.message.tool_calls).toEqual([
        { id: expect.stringMatching(/^call_/), type: 'function', function: { name: 'f', arguments: '1' } },
        { id: expect.stringMatching(/^call_/), type: 'function', function: { name: 'g', arguments: '23' } },
      ]);
    });

    it('of each choice apart', () => {
      const of = (index: number, delta: Delta) => ({ choices: [{ index, delta: { tool_calls: [delta] } }] });
      recorder.event(of(1, { index: 0, id: 'b', function: { name: 'g', arguments: '{"y"' } }));
      recorder.event(of(0, { index: 0, id: 'a', function: { name: 'f', arguments: '{"x"' } }));
      recorder.event(of(1, { index: 0, function: { arguments: ':2}' } }));
      recorder.event(of(0, { index: 0, function: { arguments: ':1}' } }));
      expect(recorder.assembled().choices.map(({ index, message }) => [index, message.tool_calls])).toEqual([
        [0, [a]],
        [1, [b]],
      ]);
    });

    /** How a server names the call that a piece is of. */
    const dialects: readonly (readonly [
      name: string,
      interleaves: boolean,
      name: (piece: Piece) => Delta,
    ])[] = [
      ['index', true, ({ call: index, first, id }) => ({ index, ...(first && { id }) })],
      ['index from 5', true, ({ call: index, first, id }) => ({ index: index + 5, ...(first && { id }) })],
      ['index and id', true, ({ call: index, id }) => ({ index, id })],
      ['id', true, ({ id }) => ({ id })],
      ['id under index 0', true, ({ id }) => ({ index: 0, id })],
      ['id once, under index 0', false, ({ first, id }) => ({ index: 0, ...(first && { id }) })],
      ['id once', false, ({ first, id }) => (first ? { id } : {})],
      ['index once', false, ({ call: index, first, id }) => (first ? { index, id } : {})],
    ];
    interface Piece {
      call: number;
      id: string;
      first: boolean;
    }

    it.each(dialects)('however they are cut, told apart by %s', (_name, interleaves, named) => {
      const originals = fc
        .array(
          fc.record({ name: fc.string({ minLength: 1 }), pieces: fc.array(fc.string(), { maxLength: 6 }) }),
          {
            minLength: 1,
            maxLength: 5,
          },
        )
        .map((list) => list.map((one, index) => ({ ...one, id: `call_${index}` })));
      fc.assert(
        fc.property(
          originals,
          fc.infiniteStream(fc.nat()),
          fc.infiniteStream(fc.boolean()),
          (list, order, together) => {
            const recording = new Recorder();
            const left = list.map(({ pieces }) => ['', ...pieces]);
            const begun = new Set<number>();
            let deltas: Delta[] = [];
            while (left.some((pieces) => pieces.length > 0)) {
              // A call begins only after the one before it, as servers have it.
              const open = [...left.keys()].filter(
                (at) => left[at]!.length > 0 && (begun.has(at) || at === 0 || begun.has(at - 1)),
              );
              const at = interleaves ? open[order.next().value! % open.length]! : open[0]!;
              const first = !begun.has(at);
              begun.add(at);
              const args = left[at]!.shift()!;
              const { id, name } = list[at]!;
              deltas.push({
                ...named({ call: at, id, first }),
                function: first ? { name, arguments: args } : { arguments: args },
              });
              if (together.next().value) continue;
              recording.event(calls(...deltas));
              deltas = [];
            }
            if (deltas.length > 0) recording.event(calls(...deltas));
            expect(recording.assembled().choices[0]!.message.tool_calls).toEqual(
              list.map(({ id, name, pieces }) => call(id, name, pieces.join(''))),
            );
          },
        ),
      );
    });
  });

  describe('takes for an error', () => {
    const detail = (message: string, rest: object = {}) => expect.objectContaining({ message, ...rest });
    it.each([
      [
        'OpenAI’s',
        { error: { message: 'no', type: 'server_error', code: 'c' } },
        undefined,
        detail('no', { code: 'c' }),
      ],
      ['a text', { error: 'no' }, undefined, detail('no')],
      ['one without a message', { error: { code: 500 } }, undefined, detail('{"error":{"code":500}}')],
      [
        'one beside choices',
        { ...chunkOf({ content: '' }, 'error'), error: { code: 502, message: 'no' } },
        undefined,
        detail('no', { status: 502 }),
      ],
      [
        'one of vLLM',
        { object: 'error', message: 'no', code: 400 },
        undefined,
        detail('no', { status: 400 }),
      ],
      ['one in a list', [{ error: { message: 'no' } }], undefined, detail('no')],
      ['an event of that name', { message: 'no' }, 'error', detail('no')],
    ])('%s', (_what, data, event, expected) => {
      recorder.event(data, event);
      expect(recorder.errors).toEqual([expected]);
      expect(recorder.chunks).toEqual([]);
    });

    it('not a field of null', () => {
      recorder.event(chunkOf({ content: 'a' }, null, { error: null }));
      expect(recorder.errors).toEqual([]);
      expect(recorder.chunks).toHaveLength(1);
    });
  });

  it.each([['null'], ['1'], ['"text"'], ['{"choices":['], ['<html>']])('refuses %s', (data) => {
    expect(() => recorder.event(data)).toThrow(SyntaxError);
  });

  it('takes an object without choices for a sign of life', () => {
    expect(recorder.event({ type: 'ping' })).toBe(false);
    expect(recorder.chunks).toEqual([]);
  });

  it('gives usage that comes without choices an empty list of them', () => {
    expect(recorder.event({ id: 'x', usage: { total_tokens: 1 } })).toBe(true);
    expect(recorder.chunks).toEqual([
      { id: 'x', object: 'chat.completion.chunk', usage: { total_tokens: 1 }, choices: [] },
    ]);
    expect(recorder.texts).toEqual([undefined]);
  });

  it('ends at [DONE]', () => {
    expect(recorder.event('[DONE]')).toBe(true);
    expect(recorder.finished).toBe(1);
  });

  describe('knows without [DONE] whether the stream is whole', () => {
    const of = (index: number, finish_reason: string | null) => ({
      choices: [{ index, delta: {}, finish_reason }],
    });
    it.each([
      ['nothing came', [], false],
      ['no finish reason', [of(0, null)], false],
      ['a finish reason', [of(0, null), of(0, 'stop')], true],
      ['usage after the finish reason', [of(0, 'stop'), { choices: [], usage: {} }], true],
      ['an empty piece after the finish reason', [of(0, 'stop'), of(0, null)], true],
      ['one of two choices is open', [of(0, null), of(1, null), of(0, 'stop')], false],
      ['both choices are finished', [of(0, null), of(1, null), of(1, 'length'), of(0, 'stop')], true],
    ])('%s', (_what, events, whole) => {
      const own = ['api.openai.com', 'eu.api.openai.com', 'api.openai.com:8443'].map(
        (host) => new Recorder({}, host),
      );
      const others = [
        recorder,
        new Recorder({}, 'my-api.openai.com.example'),
        new Recorder({}, 'notapi.openai.com'),
      ];
      for (const one of [...own, ...others]) {
        for (const event of events) one.event(structuredClone(event));
      }
      expect(others.map((one) => one.end())).toEqual([whole, whole, whole]);
      expect(own.map((one) => one.end())).toEqual([false, false, false]);
    });
  });
});
