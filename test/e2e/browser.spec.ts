import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  Controller,
  Header,
  Inject,
  Post,
  RequestMethod,
  Res,
  Sse,
  StreamableFile,
  type INestApplication,
  type MessageEvent,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { map, type Observable } from 'rxjs';
import {
  LlmExceptionFilter,
  LlmModule,
  LlmService,
  type ChatCompletionChunk,
  type ChatStream,
} from '../../lib/index.js';
import { listen, PLATFORMS } from '../support/apps.js';
import { optionsFor, REQUEST, STREAMED } from '../support/llm.js';
import {
  answerEndless,
  answerStalled,
  answerText,
  chunkOf,
  eventOf,
  eventsOf,
  sendEvents,
  sendJson,
  startUpstream,
  type Upstream,
} from '../support/upstream.js';

const toMessage = (data: ChatCompletionChunk): MessageEvent => ({ data });

/** Express's response, or Fastify's around it. */
type AnyResponse = ServerResponse | { readonly raw: ServerResponse; hijack(): void };

/** A stream of the provider passed on to a browser, in each way that NestJS has. */
@Controller()
class StreamingController {
  constructor(@Inject(LlmService) private readonly llm: LlmService) {}

  @Sse('sse-of-observable', { method: RequestMethod.POST })
  observable(): Observable<MessageEvent> {
    return this.llm.completion$(REQUEST).pipe(map(toMessage));
  }

  @Sse('sse-of-promise', { method: RequestMethod.POST })
  async promise(): Promise<Observable<MessageEvent>> {
    const stream = await this.llm.completion(STREAMED);
    return stream.toObservable().pipe(map(toMessage));
  }

  @Post('streamable-file')
  async file(): Promise<StreamableFile> {
    const stream = await this.llm.completion(STREAMED);
    return new StreamableFile(stream.toReadable(), { type: 'text/event-stream' });
  }

  @Post('readable')
  @Header('content-type', 'text/event-stream')
  async readable(): Promise<Readable> {
    return (await this.llm.completion(STREAMED)).toReadable();
  }

  @Post('chat-stream')
  chatStream(): Promise<ChatStream> {
    return this.llm.completion(STREAMED);
  }

  @Post('pipeline')
  async pipeline(@Res() target: AnyResponse): Promise<void> {
    const stream = await this.llm.completion(STREAMED);
    if ('hijack' in target) target.hijack();
    const response = 'raw' in target ? target.raw : target;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    await pipeline(stream.toReadable(), response).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    });
  }
}

const OPENAI_BYTES = ['streamable-file', 'readable', 'pipeline'];
/** Those that await the upstream's headers, so that its error can be their own status. */
const AWAITING = ['sse-of-promise', 'chat-stream', ...OPENAI_BYTES];
const WAYS = ['sse-of-observable', ...AWAITING];

describe.each(PLATFORMS)('on %s', (_platform, makeAdapter) => {
  let upstream: Upstream;
  let app: INestApplication;
  let url: string;

  beforeEach(async () => {
    upstream = await startUpstream();
    ({ app, url } = await listen(
      makeAdapter,
      {
        imports: [LlmModule.forRoot(optionsFor(upstream, { retry: { maxRetries: 0 } }))],
        controllers: [StreamingController],
      },
      (made) => made.useGlobalFilters(new LlmExceptionFilter()),
    ));
  });

  afterEach(async () => {
    await app.close();
    await upstream.close();
  });

  /** What a browser does, with its socket at hand. */
  async function post(way: string): Promise<{ response: IncomingMessage; leave: () => void }> {
    const request = httpRequest(`${url}/${way}`, { method: 'POST', agent: false });
    request.on('error', () => {});
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.on('error', () => {});
    return { response, leave: () => request.destroy() };
  }

  /** Reads to the end, which a connection that breaks off is, too. */
  async function textOf(response: IncomingMessage): Promise<{ text: string; whole: boolean }> {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    // Not by once() of events: it rejects when the connection breaks off.
    await new Promise((resolve) => response.once('close', resolve));
    return { text, whole: response.complete };
  }

  async function untilHello(response: IncomingMessage): Promise<void> {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => (text += part));
    while (!text.includes('Hello')) await once(response, 'data');
  }

  async function untilIdle(): Promise<void> {
    const llm = app.get(LlmService);
    while (llm.stats().calls.active > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  describe.each([
    ['goes on sending', answerEndless()],
    ['has stalled', answerStalled()],
  ])('when the upstream %s', (_how, answer) => {
    it.each(WAYS)('%s: a browser that leaves closes it', async (way) => {
      upstream.answer(answer);
      const received = upstream.nextRequest();
      const { response, leave } = await post(way);
      await untilHello(response);
      leave();
      await (
        await received
      ).closed;
      await untilIdle();
      expect(app.get(LlmService).stats().calls).toMatchObject({ aborted: 1, failed: 0, succeeded: 0 });
      upstream.answer(answerText());
      expect(await textOf((await post(way)).response)).toMatchObject({ whole: true });
    });
  });

  it('sse-of-observable: a browser that leaves before the first byte closes the upstream', async () => {
    upstream.answer(() => {});
    const received = upstream.nextRequest();
    const request = httpRequest(`${url}/sse-of-observable`, { method: 'POST', agent: false });
    request.on('error', () => {});
    request.end();
    const { closed } = await received;
    request.destroy();
    await closed;
    await untilIdle();
  });

  it.each(OPENAI_BYTES)('%s: the browser gets the bytes of OpenAI', async (way) => {
    const { response } = await post(way);
    expect(response.headers['content-type']).toMatch(/^text\/event-stream/);
    expect(await textOf(response)).toEqual({
      text: eventsOf(['Hello', ', ', 'world']).join(''),
      whole: true,
    });
  });

  it.each([
    ['sse-of-observable', /^text\/event-stream/, /^data: (.*)$/gm],
    ['sse-of-promise', /^text\/event-stream/, /^data: (.*)$/gm],
    ['chat-stream', /^application\/x-ndjson/, /^(.+)$/gm],
  ])('%s: the browser gets each chunk', async (way, type, lines) => {
    const { response } = await post(way);
    expect(response.headers['content-type']).toMatch(type);
    const { text, whole } = await textOf(response);
    const chunks = [...text.matchAll(lines)].map(([, json]) => JSON.parse(json!) as object);
    expect(chunks).toEqual([
      chunkOf({ role: 'assistant', content: '' }),
      ...['Hello', ', ', 'world'].map((content) => chunkOf({ content })),
      chunkOf({}, 'stop'),
    ]);
    expect(whole).toBe(true);
  });

  describe('the upstream refuses', () => {
    const refuse = () =>
      upstream.answer((_request, response) =>
        sendJson(response, { error: { message: 'slow down', type: 'requests' } }, 429, {
          'retry-after': '7',
        }),
      );

    it.each(AWAITING)('%s: the browser gets the status', async (way) => {
      refuse();
      const { response } = await post(way);
      expect(response.statusCode).toBe(429);
      expect(response.headers['retry-after']).toBe('7');
      expect(JSON.parse((await textOf(response)).text)).toMatchObject({ error: { type: 'requests' } });
      expect(app.get(LlmService).stats().calls).toMatchObject({ active: 0, failed: 1 });
    });

    it('sse-of-observable: the browser gets an event, for the status is out before the call has failed', async () => {
      const received = upstream.nextRequest();
      upstream.answer(() => {});
      const { response } = await post('sse-of-observable');
      expect(response.statusCode).toBeLessThan(300);
      const refusal = await received;
      sendJson(refusal.response, { error: { message: 'slow down' } }, 429);
      expect((await textOf(response)).text).toContain('event: error');
    });
  });

  describe('the upstream breaks off', () => {
    beforeEach(() =>
      upstream.answer((_request, response) => {
        sendEvents(response, [eventOf(chunkOf({ content: 'Hello' }))]);
        response.end();
      }),
    );

    it.each([
      ...OPENAI_BYTES.map(
        (way) => [way, /data: \{"error":\{.*"code":"stream_interrupted"\}\}\n\n$/] as const,
      ),
      ['sse-of-observable', /event: error\n/] as const,
      ['sse-of-promise', /event: error\n/] as const,
    ])('%s: the browser is told', async (way, told) => {
      const { text } = await textOf((await post(way)).response);
      expect(text).toContain('Hello');
      expect(text).toMatch(told);
      expect(text).not.toContain('[DONE]');
    });

    it('chat-stream: the browser’s connection breaks off, too', async () => {
      const { text, whole } = await textOf((await post('chat-stream')).response);
      expect(text).toContain('Hello');
      expect(whole).toBe(false);
    });
  });
});
