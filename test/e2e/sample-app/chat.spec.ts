import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusService, type Status } from '../../../sample-app/status/status.service.js';
import { MESSAGES, TEST_KEY } from '../../support/llm.js';
import {
  answerText,
  chunkOf,
  completionOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../../support/upstream.js';
import { ADAPTERS, eventsIn, openAIAt, startSample, textOf, type Sample } from './support/sample.js';

describe.each(ADAPTERS)('the chat routes on %s', (adapter) => {
  let upstream: Upstream;
  let sample: Sample;

  beforeAll(async () => {
    upstream = await startUpstream();
    sample = await startSample({ adapter }, { ...openAIAt(upstream), LLM_MODELS: 'openai/other, ollama/x' });
  });

  beforeEach(() => upstream.answer(answerText()));

  afterAll(async () => {
    await sample.close();
    await upstream.close();
  });

  it('answers with a clean completion of the default model', async () => {
    const response = await sample.post('/chat', { messages: MESSAGES });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual(completionOf('Hello, world'));
    const { headers, body } = upstream.requests.at(-1)!;
    expect(headers.authorization).toBe(`Bearer ${TEST_KEY}`);
    expect(body).toEqual({ model: 'gpt-4o-mini', messages: MESSAGES });
  });

  it('asks for the model that the page chose', async () => {
    await sample.post('/chat', { messages: MESSAGES, model: 'openai/other' });
    expect(upstream.requests.at(-1)!.body.model).toBe('other');
  });

  it('streams who answers, each piece, and how long each phase took', async () => {
    const response = await sample.post('/chat/stream', { messages: MESSAGES });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    const events = await eventsIn(response);
    expect(events.map(({ type }) => type)).toEqual(['start', 'delta', 'delta', 'delta', 'done']);
    expect(events[0]!.data).toMatchObject({
      provider: 'openai',
      model: 'gpt-4o-mini',
      origin: upstream.origin,
      session: 'Agent',
    });
    expect(textOf(events)).toBe('Hello, world');
    const { finishReason, timings: all } = events.at(-1)!.data;
    // On a busy machine it may wait for its connection.
    const { queued: _queued, ...timings } = all;
    expect(finishReason).toBe('stop');
    expect(timings).toEqual({
      connected: expect.any(Number),
      firstByte: expect.any(Number),
      firstContent: expect.any(Number),
      total: expect.any(Number),
    });
  });

  it('streams reasoning apart from the answer', async () => {
    upstream.answer((_request, response) => {
      sendEvents(response, [eventOf(chunkOf({ reasoning_content: 'Hm.' })), ...eventsOf(['Yes'])]);
      response.end();
    });
    const events = await eventsIn(await sample.post('/chat/stream', { messages: MESSAGES }));
    const deltas = events.filter(({ type }) => type === 'delta').map(({ data }) => data);
    expect(deltas).toEqual([{ reasoning: 'Hm.' }, { content: 'Yes' }]);
  });

  it.each(['/chat', '/chat/stream'])('%s keeps the status of an upstream that refuses', async (path) => {
    upstream.answer((_request, response) =>
      sendJson(response, { error: { message: 'Slow down', type: 'requests', code: 'rate_limit' } }, 429, {
        'retry-after': '120',
      }),
    );
    const response = await sample.post(path, { messages: MESSAGES });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('120');
    expect(await response.json()).toMatchObject({ error: { code: 'rate_limit' } });
  });

  it('ends a stream that breaks with an error event', async () => {
    upstream.answer((_request, response) => {
      sendEvents(response, eventsOf(['Hello']).slice(0, 2));
      response.socket!.end();
    });
    const events = await eventsIn(await sample.post('/chat/stream', { messages: MESSAGES }));
    expect(textOf(events)).toBe('Hello');
    expect(events.at(-1)).toEqual({
      type: 'error',
      data: {
        error: {
          code: 'stream_interrupted',
          phase: 'body',
          message: expect.stringContaining(`127.0.0.1:${upstream.port}`),
        },
      },
    });
  });

  it.each([
    ['no messages', { messages: [] }, 'messages: has to hold one message at least'],
    ['messages that are no list', { messages: 'Hi' }, 'messages: has to be an array of chat messages'],
    ['messages that are missing', {}, 'messages: is missing'],
    ['a field that is not known', { messages: MESSAGES, temperature: 2 }, 'temperature: is not known here'],
    ['a role that is not known', { messages: [{ role: 'tool', content: '' }] }, 'messages.0.role: '],
  ])('refuses %s', async (_what, body, message) => {
    const before = upstream.requests.length;
    for (const path of ['/chat', '/chat/stream']) {
      const response = await sample.post(path, body);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        statusCode: 400,
        message: [expect.stringContaining(message)],
      });
    }
    expect(upstream.requests).toHaveLength(before);
  });

  it('refuses a request without a body', async () => {
    const response = await fetch(`${sample.url}/chat`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ message: [expect.stringContaining('JSON object')] });
  });

  it('tells its state', async () => {
    const before = (await (await fetch(`${sample.url}/api/status`)).json()) as Status;
    await sample.post('/chat', { messages: MESSAGES });
    const response = await fetch(`${sample.url}/api/status`);
    const status = (await response.json()) as Status;
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(status).toMatchObject({
      mode: 'real',
      model: 'openai/gpt-4o-mini',
      models: ['openai/gpt-4o-mini', 'openai/other', 'ollama/x'],
      session: {
        kind: 'Agent',
        owner: 'LlmModule',
        origins: { [upstream.origin]: { connected: expect.any(Number), running: 0, pending: 0 } },
      },
    });
    expect(status.stats.calls.succeeded).toBe(before.stats.calls.succeeded + 1);
  });

  it('says at the start what it talks to', () => {
    expect(sample.app.get(StatusService).describe('http://127.0.0.1:3000')).toBe(
      'Open http://127.0.0.1:3000 - model openai/gpt-4o-mini, a real provider; session: Agent, made by LlmModule',
    );
  });
});
