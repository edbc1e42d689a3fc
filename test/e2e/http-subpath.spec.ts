import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post, UseInterceptors, type INestApplication } from '@nestjs/common';
import { LlmExceptionFilter, LlmModule, LlmService } from '../../lib/index.js';
import { ClientSignal, LlmStream, LlmStreamInterceptor } from '../../lib/http/index.js';
import { listen, PLATFORMS } from '../support/apps.js';
import { optionsFor } from '../support/llm.js';
import {
  answerStalled,
  chunkOf,
  eventOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

const messages = [{ role: 'user' as const, content: 'Hi' }];
const STREAMED = { model: 'openai/m', messages, stream: true as const };

@Controller()
class ChatController {
  constructor(private readonly llm: LlmService) {}

  @Post('chat')
  @UseInterceptors(LlmStreamInterceptor)
  chat(@Body() body: { stream?: boolean }, @ClientSignal() signal: AbortSignal) {
    return this.llm.completion({ model: 'openai/m', messages, stream: body.stream === true }, { signal });
  }

  @Get('events')
  @LlmStream({ format: 'event-source' })
  events(@ClientSignal() signal: AbortSignal) {
    return this.llm.completion(STREAMED, { signal });
  }

  @Post('ui')
  @LlmStream({ format: 'ui-message' })
  ui(@ClientSignal() signal: AbortSignal) {
    return this.llm.completion(STREAMED, { signal });
  }

  @Post('text')
  @LlmStream({ format: 'text' })
  text(@ClientSignal() signal: AbortSignal) {
    return this.llm.completion(STREAMED, { signal });
  }

  @Post('beating')
  @LlmStream({ heartbeatMs: 20 })
  beating(@ClientSignal() signal: AbortSignal) {
    return this.llm.completion(STREAMED, { signal });
  }
}

describe.each(PLATFORMS)('nestjs-llm/http on %s', (_name, makeAdapter) => {
  let upstream: Upstream;
  let app: INestApplication;
  let url: string;

  beforeEach(async () => {
    upstream = await startUpstream();
    ({ app, url } = await listen(
      makeAdapter,
      { imports: [LlmModule.forRoot(optionsFor(upstream))], controllers: [ChatController] },
      (made) => made.useGlobalFilters(new LlmExceptionFilter()),
    ));
  });

  afterEach(async () => {
    await app.close();
    await upstream.close();
  });

  const post = (path: string, body: object = {}, init: RequestInit = {}) =>
    fetch(`${url}/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      ...init,
    });

  it('answers with the stream that a handler returns, and leaves a document as it is', async () => {
    const response = await post('chat', { stream: true });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': expect.stringMatching(/^text\/event-stream/),
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    const text = await response.text();
    expect(text).toContain('"content":"Hello"');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(await (await post('chat')).json()).toMatchObject({
      choices: [{ message: { content: 'Hello, world' } }],
    });
  });

  it('has a status for what fails before the stream, and an event for what fails in it', async () => {
    upstream.answer((_request, response) =>
      sendJson(response, { error: { message: 'slow down' } }, 429, { 'retry-after': '120' }),
    );
    expect((await post('chat', { stream: true })).status).toBe(429);
    upstream.answer(({ socket }, response) => {
      sendEvents(response, [eventOf(chunkOf({ content: 'Hel' }))]);
      setTimeout(() => socket.destroy(), 20);
    });
    const broken = await post('chat', { stream: true });
    // NestJS's own status of a POST.
    expect(broken.status).toBe(201);
    expect(await broken.text()).toMatch(/"content":"Hel".*data: \{"error":.*\}\n\n$/s);
  });

  it.each(['before the answer', 'in a stalled stream'])(
    'stops the model when the client leaves %s',
    async (when) => {
      upstream.answer(when === 'before the answer' ? () => {} : answerStalled());
      const { hostname, port } = new URL(url);
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      const asked = upstream.nextRequest();
      socket.write(
        `POST /chat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{"stream":true}`,
      );
      const request = await asked;
      if (when !== 'before the answer') await once(socket, 'data');
      socket.destroy();
      await request.closed;
    },
  );

  it('writes comments in silence', async () => {
    upstream.answer(answerStalled([]));
    const abort = new AbortController();
    const response = await post('beating', {}, { signal: abort.signal });
    const reader = response.body!.getReader();
    let seen = '';
    while (!seen.includes(': keep-alive\n\n')) {
      const { value } = await reader.read();
      seen += new TextDecoder().decode(value);
    }
    abort.abort();
    await reader.read().catch(() => {});
  });

  it('ends an EventSource by an event, and does not answer it twice', async () => {
    const text = await (await fetch(`${url}/events`)).text();
    expect(text).toMatch(/^id: 1\ndata: \{/);
    expect(text).toMatch(/event: done\ndata: \[DONE\]\n\n$/);
    const again = await fetch(`${url}/events`, { headers: { 'last-event-id': '2' } });
    expect({ status: again.status, body: await again.text() }).toEqual({ status: 204, body: '' });
    expect(upstream.requests).toHaveLength(1);
  });

  it('writes the text alone', async () => {
    const response = await post('text');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(await response.text()).toBe('Hello, world');
  });

  it('writes the UI message stream: reasoning, text and tools', async () => {
    upstream.answer((_request, response) => {
      sendEvents(
        response,
        [
          chunkOf({ role: 'assistant', reasoning_content: 'Hm' }),
          chunkOf({ content: 'Let me ' }),
          chunkOf({ content: 'look' }),
          chunkOf({
            tool_calls: [
              { index: 0, id: 'c1', type: 'function', function: { name: 'find', arguments: '{"a"' } },
            ],
          }),
          chunkOf({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
          chunkOf({}, 'tool_calls'),
        ]
          .map((chunk) => eventOf(chunk))
          .concat('data: [DONE]\n\n'),
      );
      response.end();
    });
    const response = await post('ui');
    expect(response.headers.get('x-vercel-ai-ui-message-stream')).toBe('v1');
    const events = (await response.text())
      .trim()
      .split('\n\n')
      .map((event) => event.slice('data: '.length));
    expect(events.at(-1)).toBe('[DONE]');
    const parts = events.slice(0, -1).map((event) => JSON.parse(event) as { type: string });
    expect(parts.map(({ type }) => type)).toEqual([
      'start',
      'start-step',
      'reasoning-start',
      'reasoning-delta',
      'reasoning-end',
      'text-start',
      'text-delta',
      'text-delta',
      'text-end',
      'tool-input-start',
      'tool-input-delta',
      'tool-input-delta',
      'tool-input-available',
      'finish-step',
      'finish',
    ]);
    expect(parts.find(({ type }) => type === 'tool-input-available')).toMatchObject({
      toolCallId: 'c1',
      toolName: 'find',
      input: { a: 1 },
    });
  });
});
