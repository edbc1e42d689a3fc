import { describe, expect, it } from '@jest/globals';
import { ProviderRegistry } from '../../../lib/catalog.js';
import { excerptOf } from '../../../lib/errors/http-error.js';
import type { ChatRequest } from '../../../lib/index.js';
import { createWireDecoder } from '../../../lib/wire/create-wire-decoder.js';
import { awsMessage } from '../../support/framing.js';

/** Of eight times the input, linear work takes eight times as long; quadratic work takes sixty-four times. */
const FACTOR = 8;
const MOST = 12;

/** Less than this is noise, of the machine and of the compiler. */
const NOISE_MS = 4;

/** CPU time, the least of several runs: others may use the machine, too. */
function cost(run: () => void): number {
  let least = Infinity;
  for (let time = 0; time < 5; time++) {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** Whatever becomes of the input, only the time counts. */
function passed(run: () => unknown): void {
  try {
    run();
  } catch {
    // Refused: that is an answer, too.
  }
}

function expectLinear(size: number, prepare: (size: number) => () => unknown): void {
  const small = prepare(size);
  const large = prepare(size * FACTOR);
  cost(() => passed(small));
  const before = Math.max(
    cost(() => passed(small)),
    NOISE_MS,
  );
  expect(cost(() => passed(large)) / before).toBeLessThan(MOST);
}

const registry = new ProviderRegistry([], 'openai');
const MODELS = [
  'openai/m',
  'openai/responses/gpt-5',
  'anthropic/claude-sonnet-4-5',
  'gemini/gemini-2.5-flash',
  'gemini/gemini-1.5-flash',
  'bedrock/anthropic.claude-3',
  'cohere/command-a',
  'mistral/mistral-large',
  'ollama/llama3',
  'deepseek/m',
];

function formatOf(name: string, request: Omit<ChatRequest, 'model'>) {
  const { adapter, model } = registry.route(name);
  const whole = { ...request, model: name };
  const chat = adapter.operations?.chat ?? adapter.completion;
  const format = chat!(model, whole);
  const context = {
    request: whole,
    providerOptions: {},
    provider: adapter.provider,
    model,
    dropParams: true,
    droppedParams: [],
  };
  return { adapter, format, context };
}

const list = <Item>(size: number, make: (index: number) => Item): Item[] =>
  Array.from({ length: size }, (_, index) => make(index));

const call = (id: string, name = 'f') => ({
  id,
  type: 'function' as const,
  function: { name, arguments: '{}' },
});

const REQUESTS: Readonly<Record<string, (size: number) => Omit<ChatRequest, 'model'>>> = {
  'files of one name': (size) => ({
    messages: [
      {
        role: 'user',
        content: list(size, () => ({ type: 'file', file: { file_data: 'aGk=', filename: 'a.pdf' } })),
      },
    ],
  }),
  'text and results of tools in turn': (size) => ({
    messages: list(size, (index) =>
      index % 2 === 0
        ? { role: 'user', content: 'x' }
        : { role: 'tool', content: 'y', tool_call_id: `call_${index}` },
    ),
  }),
  'calls of tools': (size) => ({
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content: null, tool_calls: list(size, (index) => call(`call ${index}`)) },
      ...list(size, (index) => ({ role: 'tool' as const, content: 'y', tool_call_id: `call ${index}` })),
    ],
  }),
  'schemas of all kinds in one': (size) => ({
    messages: [{ role: 'user', content: 'x' }],
    tools: [
      {
        type: 'function',
        function: {
          name: 'f',
          parameters: {
            type: 'object',
            allOf: list(size, (index) => ({ [`x${index}`]: 1, title: `${index}` })),
          },
        },
      },
    ],
  }),
  'a long address': (size) => ({
    messages: [
      {
        role: 'user',
        content: [{ type: 'image_url', image_url: { url: `data:${';x'.repeat(size * 50)},%` } }],
      },
    ],
  }),
};

const WORDS = [
  'model ',
  'prompt ',
  'signature ',
  'blocked by ',
  'input token count',
  '<',
  'security token ',
  ':',
  '#',
];

describe.each(MODELS)('%s takes linear time', (name) => {
  it.each(Object.keys(REQUESTS))('to translate %s', (kind) => {
    expectLinear(1000, (size) => {
      const { format, context } = formatOf(name, REQUESTS[kind]!(size));
      return () => format.request(context.request, context);
    });
  });

  it.each(WORDS)('to read an error of many times "%s"', (word) => {
    const { adapter } = formatOf(name, { messages: [] });
    expectLinear(4000, (size) => {
      const message = word.repeat(size);
      const documents = [
        { message, __type: message },
        { error: { message, code: message, type: message } },
        { error: message },
      ];
      return () =>
        documents.forEach((document) =>
          [400, 403, 404, 500].map((status) => adapter.readError(document, status)),
        );
    });
  });
});

describe('a stream takes linear time', () => {
  const choice = (delta: object) => ({ choices: [{ index: 0, delta }] });
  const EVENTS: Readonly<Record<string, (index: number) => [string, object]>> = {
    'ids of tool calls under one index': (index) => [
      'openai/m',
      choice({ tool_calls: [{ index: 0, id: `call_${index}`, function: { name: 'f', arguments: '' } }] }),
    ],
    'blanks in front of thinking': () => ['deepseek/m', choice({ content: ' ' })],
    'pieces of thinking': () => ['deepseek/m', choice({ content: '<think' })],
    'citations of Gemini': (index) => [
      'gemini/gemini-2.5-flash',
      {
        candidates: [
          {
            index: 0,
            content: { parts: [{ text: 'x' }] },
            citationMetadata: { citations: [{ uri: `https://a.test/${index}` }] },
          },
        ],
      },
    ],
    'citations of Claude': (index) => [
      'anthropic/claude-sonnet-4-5',
      index === 0
        ? { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
        : {
            type: 'content_block_delta',
            index: 0,
            delta: { type: 'citations_delta', citation: { url: 'u' } },
          },
    ],
    'names of tools of Bedrock': (index) => [
      'bedrock/anthropic.claude-3',
      { contentBlockIndex: index, start: { toolUse: { toolUseId: 'one', name: 'f' } } },
    ],
  };

  it.each(Object.keys(EVENTS))('to translate %s', (kind) => {
    expectLinear(3000, (size) => {
      const events = list(size, (index) => JSON.stringify(EVENTS[kind]!(index)[1]));
      const { format, context } = formatOf(EVENTS[kind]!(0)[0], {
        messages: [{ role: 'user', content: 'x' }],
      });
      return () => {
        const translator = format.translator(context);
        const sink = { push: () => {}, finish: () => {}, fail: () => {} };
        for (const data of events) translator.event({ event: 'contentBlockStart', data }, sink as never);
      };
    });
  });

  it.each(['sse', 'ndjson', 'aws-event-stream'] as const)('to decode %s in pieces of any size', (framing) => {
    for (const piece of [1, 100]) {
      expectLinear(20_000, (size) => {
        const body =
          framing === 'aws-event-stream'
            ? awsMessage({ ':event-type': 'contentBlockDelta' }, { text: 'x'.repeat(size) })
            : Buffer.from(framing === 'sse' ? `data: ${'x'.repeat(size)}\n\n` : `"${'x'.repeat(size)}"\n`);
        const pieces = list(Math.ceil(body.length / piece), (index) =>
          body.subarray(index * piece, (index + 1) * piece),
        );
        return () => {
          const decoder = createWireDecoder(framing, () => {}, 1 << 24);
          for (const one of pieces) decoder.push(one);
          decoder.end();
        };
      });
    }
  });
});

describe('the names and excerpts of errors take linear time', () => {
  it.each(['<', '<script', '<style>', '< >', ' ', 'a<b', '</script'])('of many times "%s"', (word) => {
    expectLinear(8000, (size) => () => excerptOf(word.repeat(size), ['secret-of-mine']));
  });

  it('of an unknown prefix', () => {
    expectLinear(20_000, (size) => () => registry.route(`${'a'.repeat(size)}/x`));
  });
});
