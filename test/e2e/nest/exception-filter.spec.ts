import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, UseFilters, type INestApplication } from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator } from '@nestjs/core';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { GraphQLObjectType, GraphQLSchema, GraphQLString, graphql } from 'graphql';
import { firstValueFrom } from 'rxjs';
import { WebSocket } from 'undici';
import {
  APIConnectionError,
  APIError,
  APITimeoutError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  LlmConfigurationError,
  LlmError,
  LlmExceptionFilter,
  RateLimitError,
  toHttpStatus,
} from '../../../lib/index.js';
import { PLATFORMS, listen } from '../../support/apps.js';
import { collectLogs, type LogCollector } from '../../support/logs.js';

/** What the provider of each test said, and what of it nobody outside is to learn. */
const REFUSED_KEY = () =>
  new AuthenticationError(
    'openai (llm-proxy.internal:8443) answered 401: Incorrect API key, set OPENAI_API_KEY; keys are at https://keys.example',
    { status: 401, provider: 'openai', code: 'invalid_api_key', requestId: 'req-7' },
  );
const SECRET = /internal|8443|OPENAI_API_KEY|keys\.example/;

const TOLD = {
  message: "openai: the provider did not accept this server's credentials",
  type: 'api_error',
  param: null,
  code: 'upstream_authentication',
};

let thrown: () => Error;

@Controller()
class FailingController {
  @Get('fail')
  fail(): never {
    throw thrown();
  }

  @Get('own')
  @UseFilters(LlmExceptionFilter)
  own(): never {
    throw thrown();
  }

  @MessagePattern('fail')
  message(): never {
    throw thrown();
  }
}

let logs: LogCollector;

/** Once the application, which logs nothing itself, has started. */
async function start(...how: Parameters<typeof listen>): Promise<{ app: INestApplication; url: string }> {
  const started = await listen(...how);
  logs = collectLogs();
  return started;
}

beforeEach(() => {
  thrown = REFUSED_KEY;
});

afterEach(() => logs.restore());

describe.each(PLATFORMS)('over HTTP on %s', (_platform, makeAdapter) => {
  let app: INestApplication;

  afterEach(() => app.close());

  async function ask(filter: LlmExceptionFilter, path = 'fail'): Promise<Response> {
    const listening = await start(makeAdapter, { controllers: [FailingController] }, (made) =>
      made.useGlobalFilters(filter),
    );
    app = listening.app;
    return fetch(`${listening.url}/${path}`, { headers: { connection: 'close' } });
  }

  it('a refused key of ours is 502, says neither host nor key, and is logged once with the request id', async () => {
    const response = await ask(new LlmExceptionFilter());
    expect(response.status).toBe(502);
    expect(response.headers.get('x-request-id')).toBe('req-7');
    expect(await response.json()).toEqual({ error: TOLD });
    const errors = logs.entries.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]!.text).toContain('llm-proxy.internal:8443');
    expect(errors[0]!.text).toContain('req-7');
  });

  it('a gateway may pass the 401 on, and a development server tell all', async () => {
    const response = await ask(new LlmExceptionFilter({ passAuthentication: true, details: true }));
    expect(response.status).toBe(401);
    expect(await response.json()).toEqual({
      error: { ...TOLD, message: REFUSED_KEY().message, code: 'invalid_api_key' },
    });
    expect(logs.entries).toEqual([]);
  });

  it('is made by Nest, too, which has no options for it', async () => {
    const response = await ask(new LlmExceptionFilter({ details: true }), 'own');
    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ error: TOLD });
  });

  it('says what is wrong with a request, without the addresses', async () => {
    thrown = () =>
      new BadRequestError(
        'openai (10.0.0.7:8443) answered 400: no such file, says gpu-1:8000 at http://10.0.0.8/v1',
        {
          status: 400,
          provider: 'openai',
          param: 'messages',
        },
      );
    const response = await ask(new LlmExceptionFilter());
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: {
        message: 'openai: no such file, says [address] at [address]',
        type: 'invalid_request_error',
        param: 'messages',
        code: 'invalid_request',
      },
    });
    expect(logs.entries).toEqual([]);
  });

  it.each([
    [1_200, '2'],
    [0, '0'],
    [Infinity, '86400'],
    [1e300, '86400'],
    [-5, null],
    [NaN, null],
  ])('Retry-After of %s ms is %s', async (retryAfterMs, header) => {
    thrown = () => new RateLimitError('slower', { status: 429, retryAfterMs, requestId: 'a\nb' });
    const response = await ask(new LlmExceptionFilter());
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe(header);
    expect(response.headers.get('x-request-id')).toBeNull();
  });

  it.each([600, 999, 302, 101])('the status %d of an upstream is 502', async (status) => {
    thrown = () => new APIError(`openai (a:1) answered ${status}: no`, { status });
    expect((await ask(new LlmExceptionFilter())).status).toBe(502);
  });
});

describe('toHttpStatus()', () => {
  it.each<[LlmError, number]>([
    [new InternalServerError('', { status: 529 }), 529],
    [new InternalServerError('', { status: 600 }), 502],
    [new AuthenticationError('no key'), 502],
    [new APITimeoutError('', 1), 504],
    [new APIConnectionError(''), 502],
    [new LlmConfigurationError(''), 500],
    [new LlmError(''), 502],
  ])('%#', (error, status) => {
    expect(toHttpStatus(error)).toBe(status);
  });
});

describe('in other contexts', () => {
  @WebSocketGateway()
  // Nest's global filters do not reach gateways.
  @UseFilters(LlmExceptionFilter)
  class FailingGateway {
    @SubscribeMessage('ask')
    ask(@MessageBody() _body: unknown): never {
      throw thrown();
    }
  }

  let app: INestApplication;

  afterEach(() => app.close());

  async function startAll(prepare: (made: INestApplication) => void = () => {}): Promise<string> {
    const made = await start(
      PLATFORMS[0]![1],
      {
        controllers: [FailingController],
        providers: [FailingGateway, { provide: APP_FILTER, useClass: LlmExceptionFilter }],
      },
      prepare,
    );
    app = made.app;
    return made.url;
  }

  it('a hybrid application answers HTTP and its RPC clients', async () => {
    const url = await startAll((made) => {
      made.useGlobalFilters(new LlmExceptionFilter());
      made.useWebSocketAdapter(new WsAdapter(made));
      made.connectMicroservice(
        { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } },
        { inheritAppConfig: true },
      );
    });
    const [service] = app.getMicroservices();
    await app.startAllMicroservices();
    const { port } = service!.unwrap<{ address(): { port: number } }>().address();
    const client = ClientProxyFactory.create({
      transport: Transport.TCP,
      options: { host: '127.0.0.1', port },
    });
    const answer = firstValueFrom(client.send('fail', {})).finally(() => client.close());
    const failure: unknown = await answer.catch((error: unknown) => error);
    expect(failure).toEqual({ status: 'error', statusCode: 502, ...TOLD });
    expect((await fetch(`${url}/fail`, { headers: { connection: 'close' } })).status).toBe(502);
    expect(logs.entries.filter(({ level }) => level === 'error')).toHaveLength(2);
  });

  it('a WebSocket client is told, and its connection lives on', async () => {
    const url = await startAll((made) => made.useWebSocketAdapter(new WsAdapter(made)));
    const socket = new WebSocket(url.replace('http', 'ws'));
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }));
    for (let turn = 0; turn < 2; turn++) {
      const answer = new Promise<string>((resolve) =>
        socket.addEventListener('message', ({ data }) => resolve(String(data)), { once: true }),
      );
      socket.send(JSON.stringify({ event: 'ask', data: { turn } }));
      const text = await answer;
      expect(JSON.parse(text)).toEqual({
        event: 'exception',
        data: { status: 'error', statusCode: 502, ...TOLD, cause: { pattern: 'ask', data: { turn } } },
      });
      expect(text).not.toMatch(SECRET);
    }
    socket.close();
  });

  it('a GraphQL client gets the code in the extensions', async () => {
    @Injectable()
    @UseFilters(LlmExceptionFilter)
    class Resolver {
      answer(): never {
        throw thrown();
      }
    }
    const made = await start(PLATFORMS[0]![1], { controllers: [FailingController], providers: [Resolver] });
    app = made.app;
    const resolver = app.get(Resolver);
    // As @nestjs/graphql makes its resolvers.
    const resolve = app
      .get(ExternalContextCreator)
      .create(
        resolver,
        () => resolver.answer(),
        'answer',
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
        'graphql',
      );
    const schema = new GraphQLSchema({
      query: new GraphQLObjectType({ name: 'Query', fields: { answer: { type: GraphQLString, resolve } } }),
    });
    const { message, ...extensions } = TOLD;
    const result = await graphql({ schema, source: '{ answer }' });
    expect(result.errors?.map((error) => error.toJSON())).toMatchObject([
      { message, extensions: { ...extensions, statusCode: 502 } },
    ]);
    expect(JSON.stringify(result)).not.toMatch(SECRET);
  });
});
