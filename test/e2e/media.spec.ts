import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LlmHandler, LlmService, type HttpDispatchOptions, type LlmOptions } from '../../lib/index.js';
import { DEFAULT_RETRY, DEFAULT_TIMEOUT } from '../../lib/deployments/defaults.js';
import { mediaFetch, type Resolve } from '../../lib/deployments/media/media-fetch.js';
import type { MediaOptions } from '../../lib/deployments/media/media-options.interface.js';
import { failureOf, TEST_KEY } from '../support/llm.js';
import { wireOf } from '../support/provider-wires.js';
import { RecordingSession, type WireAnswer } from '../support/recording-session.js';

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const PDF = Buffer.from('%PDF-1.7 test');

const asDataURL = (type: string, bytes: Buffer): string => `data:${type};base64,${bytes.toString('base64')}`;

describe('images by URL', () => {
  let server: Server;
  let host: string;
  let handler: LlmHandler;
  let requests: IncomingMessage[];
  let answer: (request: IncomingMessage, response: ServerResponse) => void;

  beforeAll(async () => {
    server = createServer((request, response) => {
      requests.push(request);
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  beforeEach(() => {
    requests = [];
    answer = (_request, response) => void response.end(PNG);
    handler = new LlmHandler();
  });
  afterEach(() => handler.close(0));

  /** Fetches as a call would, with names that lead where the test says. */
  function fetching(
    options: MediaOptions,
    names: Readonly<Record<string, readonly string[]>> = {},
    retries = 0,
  ) {
    const resolve: Resolve = (name) =>
      name in names ? Promise.resolve(names[name]!) : Promise.reject(new Error(`ENOTFOUND ${name}`));
    const call = {
      provider: 'ollama',
      model: 'ollama/llava',
      timeout: DEFAULT_TIMEOUT,
      retry: { ...DEFAULT_RETRY, maxRetries: retries },
      startedAt: performance.now(),
    };
    return mediaFetch(handler, options, call, resolve);
  }

  it.each([
    ['image/png', PNG],
    ['image/jpeg', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['image/gif', Buffer.from('GIF89a....')],
    ['image/webp', Buffer.from('RIFF0000WEBPVP8 ')],
    ['application/pdf', PDF],
  ])('of the type %s are known by their bytes', async (type, bytes) => {
    answer = (_request, response) => void response.setHeader('content-type', 'text/plain').end(bytes);
    const url = await fetching({ fetch: [host] })(`http://${host}/a?b=c`);
    expect(url).toBe(asDataURL(type, bytes));
    expect(requests[0]!.url).toBe('/a?b=c');
    expect(requests[0]!.headers.authorization).toBeUndefined();
  });

  it.each([
    ['a page', Buffer.from('<html>secrets</html>')],
    ['an SVG, which is a page', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['nothing', Buffer.alloc(0)],
  ])('that are %s are refused, whatever the server calls them', async (_name, bytes) => {
    answer = (_request, response) => void response.setHeader('content-type', 'image/png').end(bytes);
    const error = await failureOf(fetching({ fetch: [host] })(`http://${host}/`));
    expect(error).toMatchObject({ name: 'BadRequestError', code: 'media_refused', param: 'messages' });
    expect(error.message).not.toContain('secrets');
  });

  it.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://127.0.0.1.:80/',
    'http://0.0.0.0/',
    'http://10.0.0.8/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[64:ff9b::7f00:1]/',
    'http://localhost/',
    'http://private.example/',
    'http://half.example/',
    'http://six.example/',
  ])('at %s are refused, and nothing is sent', async (url) => {
    const names = {
      localhost: ['127.0.0.1', '::1'],
      'private.example': ['192.168.0.5'],
      'half.example': ['93.184.216.34', '10.0.0.1'],
      'six.example': ['fd12::1'],
    };
    const session = new RecordingSession(() => ({ headers: {}, body: PNG }));
    handler = new LlmHandler({ session });
    for (const fetch of [true, ['*.example', 'images.example.com']] as const) {
      const error = await failureOf(fetching({ fetch }, names)(url));
      expect(error).toMatchObject({ name: 'BadRequestError', code: 'media_refused' });
    }
    expect(session.requests).toEqual([]);
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://localhost/',
    'http://[::1]/',
    'http://metadata.example/',
    'file:///etc/passwd',
    'http://user:secret@93.184.216.34/',
  ])('that redirect to %s are refused there', async (location) => {
    answer = (_request, response) => void response.writeHead(302, { location }).end();
    const names = { localhost: ['127.0.0.1'], 'metadata.example': ['169.254.169.254'] };
    for (const fetch of [[host], [host, '*.example']]) {
      const error = await failureOf(fetching({ fetch }, names)(`http://${host}/`));
      expect(error).toMatchObject({ name: 'BadRequestError', code: 'media_refused' });
      expect(error.message).not.toContain('secret');
    }
    expect(requests).toHaveLength(2);
  });

  it('follow redirects, three at the most', async () => {
    answer = (request, response) => {
      const left = Number(request.url!.slice(1));
      if (left > 0) response.writeHead(307, { location: `/${left - 1}` }).end();
      else response.end(PNG);
    };
    const fetch = fetching({ fetch: [host] });
    expect(await fetch(`http://${host}/3`)).toBe(asDataURL('image/png', PNG));
    const error = await failureOf(fetch(`http://${host}/4`));
    expect(error).toMatchObject({ code: 'media_unavailable' });
    expect(error.message).toContain('redirects more than 3 times');
  });

  it('are connected to at the address that was checked, under the name of their host', async () => {
    const session = new RecordingSession(() => ({ headers: {}, body: PNG }));
    handler = new LlmHandler({ session });
    const names = {
      'images.example': ['2606:4700::1111', '93.184.216.34'],
      'six.example': ['2606:4700::1111'],
    };
    const fetch = fetching({ fetch: true }, names);
    await fetch('https://images.example/a.png');
    await fetch('https://six.example:8443/a.png');
    const sent = session.requests.map(({ origin, path, headers }) => ({
      origin,
      path,
      host: headers['host'],
    }));
    expect(sent).toEqual([
      { origin: 'https://93.184.216.34', path: '/a.png', host: 'images.example' },
      { origin: 'https://[2606:4700::1111]:8443', path: '/a.png', host: 'six.example:8443' },
    ]);
  });

  it('are refused when they are larger than allowed', async () => {
    answer = (_request, response) => void response.end(Buffer.concat([PNG, Buffer.alloc(100)]));
    const error = await failureOf(fetching({ fetch: [host], maxBytes: 50 })(`http://${host}/`));
    expect(error).toMatchObject({ name: 'BadRequestError', code: 'media_refused' });
    expect(error.message).toContain('larger than 50 bytes');
  });

  it('are asked for again when their store is away for a moment, and say so when it stays away', async () => {
    answer = (_request, response) => {
      if (requests.length < 2) response.writeHead(503, { 'retry-after': '0' }).end();
      else response.end(PNG);
    };
    await fetching({ fetch: [host] }, {}, 1)(`http://${host}/`);
    expect(requests).toHaveLength(2);
    answer = (_request, response) => void response.writeHead(404).end();
    const error = await failureOf(fetching({ fetch: [host] })(`http://${host}/a.png?token=secret`));
    expect(error).toMatchObject({ name: 'BadRequestError', code: 'media_unavailable' });
    expect(error.message).toContain(`http://${host}/a.png`);
    expect(error.message).toContain('404');
    expect(error.message).not.toContain('secret');
  });

  it('whose host has no address say so', async () => {
    const error = await failureOf(fetching({ fetch: true })('https://nowhere.example/'));
    expect(error).toMatchObject({ code: 'media_unavailable' });
  });

  const PROVIDERS = [
    ['bedrock', 'anthropic.claude-sonnet-4-5-20250929-v1:0', wireOf('bedrock').options],
    ['vertex_ai', 'claude-sonnet-4-5', wireOf('vertex_ai').options],
    ['snowflake', 'claude-sonnet-4-5', wireOf('snowflake').options],
    ['bedrock_mantle', 'anthropic.claude-opus-4-7', wireOf('bedrock_mantle').options],
    ['ollama', 'llava', { baseURL: 'http://127.0.0.1:1' }],
  ] as const;

  function calling(provider: string, options: object, media?: MediaOptions) {
    const session = new RecordingSession((request): WireAnswer =>
      `${request.origin}` === `http://${host}`
        ? { headers: {}, body: PNG }
        : wireOf(provider).answer(request),
    );
    const all = { providers: { [provider]: options }, ...(media && { media }) } as LlmOptions;
    return { session, llm: new LlmService(new LlmHandler({ session }), all) };
  }

  const messagesOf = (url: string) => [
    {
      role: 'user' as const,
      content: [
        { type: 'text' as const, text: 'What is this?' },
        { type: 'image_url' as const, image_url: { url } },
        { type: 'image_url' as const, image_url: { url } },
      ],
    },
  ];

  it.each(PROVIDERS)(
    '%s has the bytes of, once fetched, over the session of the call',
    async (provider, model, options) => {
      const messages = messagesOf(`http://${host}/a.png`);
      const before = structuredClone(messages);
      const { session, llm } = calling(provider, options, { fetch: [host] });
      await llm.completion({ model: `${provider}/${model}`, messages });
      const stream = await llm.completion({ model: `${provider}/${model}`, messages, stream: true });
      await stream.final();
      expect(messages).toEqual(before);
      const [image, call, again] = session.requests as [HttpDispatchOptions, ...HttpDispatchOptions[]];
      expect(session.requests).toHaveLength(4);
      expect([image.method, image.path, again!.path]).toEqual(['GET', '/a.png', '/a.png']);
      expect(JSON.stringify(image.headers)).not.toContain(TEST_KEY);
      expect(String(call!.body).split(PNG.toString('base64'))).toHaveLength(3);
    },
  );

  it.each(PROVIDERS)(
    '%s refuses when nothing may be fetched, and says what may be done',
    async (provider, model, options) => {
      const { session, llm } = calling(provider, options);
      const messages = messagesOf(`http://${host}/a.png`);
      const error = await failureOf(llm.completion({ model: `${provider}/${model}`, messages }));
      expect(error).toMatchObject({ name: 'BadRequestError', param: 'messages' });
      expect(error.message).toContain('media.fetch');
      expect(session.requests).toEqual([]);
    },
  );

  it('of other hosts than the listed ones are refused by the call', async () => {
    const { session, llm } = calling('ollama', {}, { fetch: ['images.example.com'] });
    const error = await failureOf(
      llm.completion({ model: 'ollama/llava', messages: messagesOf('https://other.example.com/a.png') }),
    );
    expect(error).toMatchObject({ code: 'media_refused', provider: 'ollama', model: 'ollama/llava' });
    expect(session.requests).toEqual([]);
  });

  it('are left to a provider that fetches them itself', async () => {
    const { session, llm } = calling('openai', wireOf('openai').options, { fetch: [host] });
    await llm.completion({ model: 'openai/gpt-4o', messages: messagesOf(`http://${host}/a.png`) });
    expect(session.requests).toHaveLength(1);
    expect(String(session.requests[0]!.body)).toContain(`http://${host}/a.png`);
  });

  it('are twenty at the most', async () => {
    const { session, llm } = calling('ollama', {}, { fetch: [host] });
    const content = Array.from({ length: 21 }, (_, index) => ({
      type: 'image_url' as const,
      image_url: { url: `http://${host}/${index}` },
    }));
    const error = await failureOf(
      llm.completion({ model: 'ollama/llava', messages: [{ role: 'user', content }] }),
    );
    expect(error).toMatchObject({ code: 'media_refused' });
    expect(session.requests).toEqual([]);
  });
});
