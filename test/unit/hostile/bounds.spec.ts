import { describe, expect, it } from '@jest/globals';
import {
  APIResponseValidationError,
  BadRequestError,
  LlmError,
  LlmHandler,
  LlmService,
  type HttpDispatchHandler,
  type HttpSession,
} from '../../../lib/index.js';
import { ChunkAssembler } from '../../../lib/operations/chat/chunk-assembler.js';
import { createWireDecoder } from '../../../lib/wire/create-wire-decoder.js';
import { failureOf, MESSAGES, TEST_KEY } from '../../support/llm.js';
import { RecordingSession } from '../../support/recording-session.js';

function answering(body: string, limits = {}): LlmService {
  const session = new RecordingSession(() => ({ headers: { 'content-type': 'application/json' }, body }));
  return new LlmService(new LlmHandler({ session }), {
    providers: { openai: { apiKey: TEST_KEY } },
    defaults: { limits, retry: { maxRetries: 0 } },
  });
}

const answerOf = (message: object, more = {}) =>
  JSON.stringify({
    id: '1',
    created: 1,
    model: 'm',
    choices: [{ index: 0, finish_reason: 'stop', message, ...more }],
  });

it.each(['tools', 'response_format'])(
  'a schema of %s that grows without bound with its references filled in is refused with its place',
  async (param) => {
    const level = (next: object) => ({ type: 'object', properties: { a: next, b: next } });
    const $defs = Object.fromEntries(
      Array.from({ length: 20 }, (_, at) => [`d${at}`, level({ $ref: `#/$defs/d${at + 1}` })]),
    );
    const schema = { ...level({ $ref: '#/$defs/d0' }), $defs };
    const llm = new LlmService(new LlmHandler(), { providers: { gemini: { apiKey: TEST_KEY } } });
    const asked =
      param === 'tools'
        ? { tools: [{ type: 'function' as const, function: { name: 'f', parameters: schema } }] }
        : {
            response_format: { type: 'json_schema' as const, json_schema: { name: 'n', schema } },
          };
    await expect(
      llm.completion({ model: 'gemini/gemini-1.5-flash', messages: MESSAGES, ...asked }),
    ).rejects.toMatchObject({ name: 'BadRequestError', provider: 'gemini', param });
  },
);

describe('a request of a wrong shape', () => {
  it.each([
    [{ messages: [null] }, 'messages[0]'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [{ messages: [{ role: 'assistant', tool_calls: [{}] }] }, 'messages[0].tool_calls[0].id'],
    [{ messages: MESSAGES, tools: 'x' }, 'tools'],
    [{ messages: MESSAGES, providerOptions: null }, 'providerOptions'],
    [{ messages: MESSAGES, temperature: 'hot' }, 'temperature'],
    [{ messages: MESSAGES, stop: [5] }, 'stop[0]'],
    [
      { messages: MESSAGES, metadata: JSON.parse('{"a":'.repeat(100_000) + '1' + '}'.repeat(100_000)) },
      'metadata',
    ],
  ])('is refused before anything is sent, with the place of the fault: %#', async (request, param) => {
    const session = new RecordingSession(() => ({ headers: {}, body: '' }));
    const llm = new LlmService(new LlmHandler({ session }), { providers: { openai: { apiKey: TEST_KEY } } });
    const error = await failureOf(llm.completion({ model: 'openai/m', ...request } as never));
    expect(error).toBeInstanceOf(BadRequestError);
    expect(error.param).toBe(param);
    expect(session.requests).toEqual([]);
  });
});

describe('an answer of a wrong shape', () => {
  it.each([
    ['content that is a number', answerOf({ content: 5 })],
    ['an index that is a text', answerOf({ content: 'x' }, { index: 'x' })],
    [
      'a name of a tool that is a number',
      answerOf({ tool_calls: [{ id: 'a', function: { name: 1, arguments: '' } }] }),
    ],
    ['nesting of 100,000 levels', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    [
      'a field nested 20,000 deep',
      answerOf({ content: 'x' }, { more: 'MORE' }).replace('"MORE"', '['.repeat(20_000) + ']'.repeat(20_000)),
    ],
  ])('fails typed: %s', async (_what, body) => {
    const error = await failureOf(answering(body).completion({ model: 'openai/m', messages: MESSAGES }));
    expect(error).toBeInstanceOf(APIResponseValidationError);
  });

  it('has no more tool calls than the limit', async () => {
    const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } };
    const body = answerOf({ content: null, tool_calls: [call, call, call] });
    const error = await failureOf(
      answering(body, { toolCalls: 2 }).completion({ model: 'openai/m', messages: MESSAGES }),
    );
    expect(error.code).toBe('too_many_tool_calls');
  });
});

describe('what a stream takes in memory is bounded', () => {
  it('by lines', () => {
    const decoder = createWireDecoder('sse', () => {}, 100_000);
    const lines = Buffer.from('data: x\n'.repeat(500));
    expect(() => {
      for (let read = 0; read < 10; read++) decoder.push(lines);
    }).toThrow(expect.objectContaining({ code: 'event_too_large' }));
  });

  it('by choices', () => {
    const assembler = new ChunkAssembler();
    expect(() => {
      for (let index = 0; index < 1000; index++)
        assembler.push({ choices: [{ index, delta: {}, finish_reason: null }] } as never);
    }).toThrow(expect.objectContaining({ code: 'too_many_choices' }));
  });

  it('by fields', () => {
    const assembler = new ChunkAssembler(128, 64_000);
    expect(() => {
      for (let index = 0; index < 2000; index++)
        assembler.push({
          choices: [{ index: 0, delta: { [`f${index}`]: 1 }, finish_reason: null }],
        } as never);
    }).toThrow(expect.objectContaining({ code: 'response_too_large' }));
  });
});

it.each([null, undefined, 'broken'])('a session that fails with %p is a typed failure', async (thrown) => {
  const session = {
    dispatch(_request: unknown, handler: HttpDispatchHandler): boolean {
      setImmediate(() => handler.onResponseError(null, thrown as never));
      return true;
    },
  } as HttpSession;
  const llm = new LlmService(new LlmHandler({ session }), {
    providers: { openai: { apiKey: TEST_KEY } },
    defaults: { retry: { maxRetries: 0 } },
  });
  expect(await failureOf(llm.completion({ model: 'openai/m', messages: MESSAGES }))).toBeInstanceOf(LlmError);
});
