import { describe, expect, it } from '@jest/globals';
import { ProviderRegistry } from '../../../lib/catalog.js';
import { excerptOf } from '../../../lib/errors/http-error.js';
import type { ChatRequest } from '../../../lib/index.js';
import { ChunkAssembler } from '../../../lib/operations/chat/chunk-assembler.js';
import { readCompletion } from '../../../lib/operations/chat/read-completion.js';
import { joinEmbeddings, splitInputs } from '../../../lib/operations/embeddings/embedding-batches.js';
import { readEmbeddings } from '../../../lib/operations/embeddings/read-embeddings.js';
import { createWireDecoder } from '../../../lib/wire/create-wire-decoder.js';
import { JsonSeries } from '../../../lib/wire/json-series.js';
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
  // What else the machine does shows in one measurement, what the code does in each.
  let least = Infinity;
  for (let time = 0; time < 3 && least >= MOST; time++) {
    const before = Math.max(
      cost(() => passed(small)),
      NOISE_MS,
    );
    least = Math.min(least, cost(() => passed(large)) / before);
  }
  expect(least).toBeLessThan(MOST);
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
    'arguments of Gemini by their paths': (index) => [
      'vertex_ai/gemini-2.5-flash',
      {
        candidates: [
          {
            index: 0,
            content: {
              parts: [
                {
                  functionCall: {
                    ...(index === 0 && { name: 'f' }),
                    partialArgs: [{ jsonPath: `$.a['b'][${index}].c`, stringValue: 'x' }],
                    willContinue: true,
                  },
                },
              ],
            },
          },
        ],
      },
    ],
    'items of Responses': (index) => [
      'openai/responses/gpt-5',
      {
        type: 'response.output_item.added',
        output_index: index,
        item: {
          type: 'function_call',
          id: `fc_${index}`,
          call_id: `call_${index}`,
          name: 'f',
          arguments: '',
        },
      },
    ],
    'texts of Responses': (index) => [
      'openai/responses/gpt-5',
      index === 0
        ? {
            type: 'response.output_item.added',
            output_index: 0,
            item: { type: 'message', id: 'msg_1', role: 'assistant', content: [] },
          }
        : {
            type: 'response.output_text.delta',
            output_index: 0,
            content_index: index,
            item_id: 'msg_1',
            delta: 'x',
          },
    ],
    'calls of Ollama': (index) => [
      'ollama/llama3',
      {
        message: {
          role: 'assistant',
          content: 'x',
          tool_calls: [{ function: { name: 'f', arguments: { index } } }],
        },
        done: false,
      },
    ],
    'texts of Cohere': (index) => [
      'cohere/command-a',
      { type: 'content-delta', index, delta: { message: { content: { type: 'text', text: 'x' } } } },
    ],
    'calls of Cohere': (index) => [
      'cohere/command-a',
      {
        type: 'tool-call-start',
        index,
        delta: {
          message: {
            tool_calls: { id: `call_${index}`, type: 'function', function: { name: 'f', arguments: '' } },
          },
        },
      },
    ],
    'citations of Cohere': (index) => [
      'cohere/command-a',
      {
        type: 'citation-start',
        index,
        delta: { message: { citations: { start: index, end: index + 1, text: 'x', sources: [] } } },
      },
    ],
    'parts of Mistral': (index) => [
      'mistral/mistral-large',
      choice({
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'x' }] },
          { type: 'reference', reference_ids: [index] },
        ],
      }),
    ],
    'choices without end': (index) => ['openai/m', { choices: [{ index, delta: { content: 'x' } }] }],
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
        for (const data of events) {
          const { type = 'contentBlockStart' } = JSON.parse(data) as { type?: string };
          translator.event({ event: type, data }, sink as never);
        }
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

/** Answers, read whole. */
const ANSWERS: Readonly<Record<string, (size: number) => object>> = {
  'openai/m': (size) => ({
    choices: list(size, (index) => ({
      index,
      finish_reason: 'tool_calls',
      message: { role: 'assistant', content: 'x', tool_calls: [call(`call ${index}`)] },
    })),
  }),
  'deepseek/m': (size) => ({
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: '<think>'.repeat(size) + '</think'.repeat(size),
          tool_calls: list(size, () => call('the same')),
        },
      },
    ],
  }),
  'openai/responses/gpt-5': (size) => ({
    id: 'resp_1',
    status: 'completed',
    output: list(size, (index) =>
      index % 2 === 0
        ? { type: 'function_call', id: `fc_${index}`, call_id: 'call', name: 'f', arguments: '{}' }
        : {
            type: 'message',
            role: 'assistant',
            content: [
              { type: 'output_text', text: 'x', annotations: [{ type: 'url_citation', url: `u${index}` }] },
            ],
          },
    ),
  }),
  'anthropic/claude-sonnet-4-5': (size) => ({
    type: 'message',
    role: 'assistant',
    content: list(size, (index) =>
      index % 2 === 0
        ? { type: 'tool_use', id: `id ${index}`, name: 'f', input: {} }
        : { type: 'text', text: 'x', citations: [{ type: 'char_location', cited_text: `${index}` }] },
    ),
    stop_reason: 'tool_use',
    usage: { input_tokens: 1, output_tokens: 1 },
  }),
  'gemini/gemini-2.5-flash': (size) => ({
    candidates: [
      {
        content: {
          parts: list(size, (index) =>
            index % 2 === 0 ? { functionCall: { name: 'f', args: {} } } : { text: 'x' },
          ),
        },
        finishReason: 'STOP',
        citationMetadata: { citations: list(size, (index) => ({ uri: `https://a.test/${index}` })) },
      },
    ],
  }),
  'bedrock/anthropic.claude-3': (size) => ({
    output: {
      message: {
        role: 'assistant',
        content: list(size, (index) =>
          index % 2 === 0 ? { toolUse: { toolUseId: `id ${index}`, name: 'f', input: {} } } : { text: 'x' },
        ),
      },
    },
    stopReason: 'tool_use',
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  }),
  'cohere/command-a': (size) => ({
    finish_reason: 'COMPLETE',
    message: {
      role: 'assistant',
      content: list(size, () => ({ type: 'text', text: 'x' })),
      tool_calls: list(size, (index) => call(`call ${index}`)),
      citations: list(size, (index) => ({ start: index, end: index + 1, text: 'x', sources: [] })),
    },
  }),
  'mistral/mistral-large': (size) => ({
    choices: [
      {
        index: 0,
        finish_reason: 'stop',
        message: {
          role: 'assistant',
          content: list(size, (index) =>
            index % 2 === 0
              ? { type: 'text', text: 'x' }
              : { type: 'thinking', thinking: [{ type: 'text', text: 'x' }] },
          ),
        },
      },
    ],
  }),
  'ollama/llama3': (size) => ({
    message: {
      role: 'assistant',
      content: 'x'.repeat(size),
      tool_calls: list(size, (index) => ({ function: { name: 'f', arguments: { index } } })),
    },
    done: true,
    done_reason: 'stop',
  }),
};

describe('a whole answer takes linear time to read', () => {
  it.each(Object.keys(ANSWERS))('from %s', (name) => {
    expectLinear(2000, (size) => {
      const { format, context } = formatOf(name, { messages: [{ role: 'user', content: 'x' }] });
      const text = JSON.stringify(ANSWERS[name]!(size));
      return () => readCompletion(format.response(JSON.parse(text), context), { toolCalls: Infinity });
    });
  });
});

/** Embeddings, as each provider answers them. */
const EMBEDDINGS: Readonly<Record<string, (size: number) => object>> = {
  'openai/e': (size) => ({ data: list(size, (index) => ({ index: size - index - 1, embedding: [1] })) }),
  'mistral/e': (size) => ({ data: list(size, (index) => ({ index, embedding: [1] })) }),
  'gemini/e': (size) => ({ embeddings: list(size, () => ({ values: [1] })) }),
  'vertex_ai/e': (size) => ({ predictions: list(size, () => ({ embeddings: { values: [1] } })) }),
  'bedrock/amazon.titan-embed-text-v2': (size) => ({
    embedding: list(size, () => 1),
    inputTextTokenCount: 1,
  }),
  'cohere/e': (size) => ({ embeddings: { float: list(size, () => [1]) } }),
  'ollama/e': (size) => ({ embeddings: list(size, () => [1]) }),
};

describe('embeddings take linear time', () => {
  it.each(Object.keys(EMBEDDINGS))('to ask %s for, to read and to join', (name) => {
    const { adapter, model } = registry.route(name);
    expectLinear(4000, (size) => {
      const request = { model: name, input: list(size, (index) => `text ${index}`) };
      const format = (adapter.operations?.embeddings ?? adapter.embedding)!(model, request);
      const context = {
        request,
        providerOptions: {},
        provider: adapter.provider,
        model,
        dropParams: true,
        droppedParams: [],
      };
      const text = JSON.stringify(EMBEDDINGS[name]!(size));
      return () => {
        for (const batch of splitInputs(request, format.maxInputs))
          format.request(batch, { ...context, request: batch });
        const response = readEmbeddings(format.response(JSON.parse(text), context))!;
        const meta = { attempts: [] } as never;
        return joinEmbeddings([
          { response, meta },
          { response, meta },
        ]);
      };
    });
  });
});

describe('what all streams go through takes linear time', () => {
  const chunkOf = (choices: object[]) => ({
    id: '1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices,
  });
  const CHUNKS: Readonly<Record<string, (index: number) => object>> = {
    'pieces of a text': () => chunkOf([{ index: 0, delta: { content: 'x' } }]),
    'pieces of arguments': (index) =>
      chunkOf([
        {
          index: 0,
          delta: { tool_calls: [{ index: index % 50, id: 'c', function: { name: 'f', arguments: 'x' } }] },
        },
      ]),
    'tool calls': (index) =>
      chunkOf([
        {
          index: 0,
          // As many as the limits of an instance let through by default.
          delta: {
            tool_calls: [
              { index: index % 128, id: `c${index % 128}`, function: { name: 'f', arguments: 'x' } },
            ],
          },
        },
      ]),
    choices: (index) => chunkOf([{ index, delta: { content: 'x' } }]),
    'fields of its own': (index) => chunkOf([{ index: 0, delta: { [`field${index}`]: 'x' } }]),
    'lists that grow': (index) => chunkOf([{ index: 0, delta: { annotations: [{ index }] } }]),
  };

  it.each(Object.keys(CHUNKS))('to assemble %s', (kind) => {
    // Fewer fit into the processor's cache, which makes the small input cheaper than its share.
    expectLinear(10_000, (size) => () => {
      const assembler = new ChunkAssembler();
      for (let index = 0; index < size; index++) assembler.push(CHUNKS[kind]!(index) as never);
      return assembler.completion();
    });
  });

  const TEXTS: Readonly<Record<string, (index: number, size: number) => string>> = {
    'that are alike': (index) => `{"a":{"b":"x${index}"},"n":${index}}`,
    'of many shapes': (index) => `{"f${index}":1,"a":{"b":"x"},"n":1}`,
    'of escapes': (index) => `{"a":{"b":"${'\\\\\\"'.repeat(index % 200)}"},"n":1}`,
  };

  it.each(Object.keys(TEXTS))('to parse a series of texts %s', (kind) => {
    expectLinear(5000, (size) => {
      const texts = list(size, (index) => TEXTS[kind]!(index, size));
      return () => {
        const series = new JsonSeries([['a', 'b'], ['n']]);
        for (const text of texts) series.parse(text);
      };
    });
  });

  it('to parse a series of long texts', () => {
    expectLinear(20_000, (size) => {
      const texts = list(20, (index) => `{"a":{"b":"${'\\"'.repeat(size + index)}"},"n":1}`);
      return () => {
        const series = new JsonSeries([['a', 'b'], ['n']]);
        for (const text of texts) series.parse(text);
      };
    });
  });
});
