import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLlm, failureOf, optionsFor, REQUEST, STREAMED, type StandaloneLlm } from '../support/llm.js';
import {
  answerText,
  chunkOf,
  completionOf,
  eventOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

let upstream: Upstream;
let llm: StandaloneLlm;

beforeEach(async () => {
  upstream = await startUpstream();
  llm = createLlm(optionsFor(upstream, { retry: { maxRetries: 1, baseDelay: 1 } }));
});
afterEach(async () => {
  await llm.close();
  await upstream.close();
});

/** Errors that come with 200, and the status that each stands for. */
const ERRORS: readonly (readonly [string, object, number])[] = [
  ['a code and no message', { error: { code: 502 } }, 502],
  ['a code as text', { error: { code: '503', message: 'down' } }, 503],
  ["OpenAI's type", { error: { message: 'slow', type: 'rate_limit_error' } }, 429],
  ["OpenAI's code", { error: { message: 'failed', code: 'server_error' } }, 500],
  ['an overload', { error: { message: 'busy', type: 'overloaded_error' } }, 503],
];

/** The same inside of a choice, as OpenRouter has it. */
const inChoice = (error: object) => ({
  ...completionOf('', {}),
  choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'error', ...error }],
});

describe.each(ERRORS)('an error in an answer of success: %s', (_what, error, status) => {
  it.each([
    ['at the top', error],
    ['in a choice', inChoice(error)],
  ])('is its status, and tried again, %s', async (_where, body) => {
    let failures = 1;
    upstream.answer((request, response) => {
      if (failures-- > 0) sendJson(response, body);
      else void answerText()(request, response);
    });
    const { meta } = await llm.completion(REQUEST);
    expect(meta.attempts).toHaveLength(2);
    upstream.answer((_request, response) => sendJson(response, body));
    expect(await failureOf(llm.completion(REQUEST))).toMatchObject({ status });
  });

  it.each([
    ['at the top', error],
    ['in a choice', { ...chunkOf({}), choices: [{ index: 0, delta: { content: '' }, ...error }] }],
  ])('is its status, and tried again before any content of a stream, %s', async (_where, event) => {
    let failures = 1;
    upstream.answer((request, response) => {
      if (failures-- > 0) {
        sendEvents(response, [eventOf(chunkOf({ role: 'assistant' })), eventOf(event)]);
        response.end();
      } else void answerText()(request, response);
    });
    const stream = await llm.completion(STREAMED);
    expect((await stream.final()).choices[0]!.message.content).toBe('Hello, world');
    expect(stream.meta.attempts).toHaveLength(2);

    upstream.answer((_request, response) => {
      sendEvents(response, [eventOf(chunkOf({ content: 'Hel' })), eventOf(event)]);
      response.end();
    });
    const before = upstream.requests.length;
    expect(await failureOf((await llm.completion(STREAMED)).final())).toMatchObject({ status });
    expect(upstream.requests).toHaveLength(before + 1);
  });
});
