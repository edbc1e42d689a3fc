import { generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  createHttpSession,
  LlmError,
  LlmHandler,
  LlmService,
  type CallOptions,
  type HttpSession,
} from '../../lib/index.js';
import { BUILT_IN_ADAPTERS } from '../../lib/catalog.js';
import { everythingOf, MESSAGES, withEnv } from '../support/llm.js';
import { wireOf } from '../support/provider-wires.js';
import { startUpstream, type Answer, type ReceivedRequest, type Upstream } from '../support/upstream.js';

/** Every credential of these tests has it in it, and nothing else has. */
const CANARY = 'CANARY';
const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});

/** What must be seen nowhere: the marked texts, in any of their forms, and a private key by any line of it. */
const LEAK = new RegExp(
  [
    CANARY,
    Buffer.from(`:${CANARY}`).toString('base64').slice(2, 9),
    'assertion=eyJ',
    ...privateKey
      .split('\n')
      .slice(1, -2)
      .map((line) => line.replace(/[+/]/g, '\\$&')),
  ].join('|'),
);

/** All of a request, as a gateway that is being debugged would print it. */
function echoOf({ method, path, headers, body }: ReceivedRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return `${method} ${path}\n${lines.join('\n')}\n\n${text}`;
}

const oneLine = (text: string) => text.replaceAll('\n', ' ');

/** Answers that repeat the request, in all the places that an answer has. */
const ECHOES: Readonly<Record<string, Answer>> = {
  ...Object.fromEntries(
    [401, 500].map(
      (status) =>
        [
          `a text with ${status}`,
          (request, response) =>
            void response.writeHead(status, { 'content-type': 'text/plain' }).end(echoOf(request)),
        ] satisfies [string, Answer],
    ),
  ),
  'an error document': (request, response) => {
    const echo = echoOf(request);
    const error = { message: echo, type: echo, code: echo, param: echo, status: echo };
    const body = { ...error, error, Output: error, __type: echo, detail: echo };
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  },
  headers: (request, response) => {
    const echo = oneLine(echoOf(request)).slice(0, 8000);
    const names = ['x-request-id', 'request-id', 'x-amzn-requestid', 'location', 'x-ratelimit-limit'];
    response.writeHead(302, Object.fromEntries(names.map((name) => [name, echo]))).end();
  },
  'a page with 200': (request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${echoOf(request)}</p>`);
  },
  'a document of another format': (request, response) => {
    const body = { choices: echoOf(request), error: { message: echoOf(request) } };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  },
  'a stream of another format': (request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'x-request-id': oneLine(echoOf(request)),
    });
    response.end(`data: ${oneLine(echoOf(request))}\n\n`);
  },
  'a stream that breaks': (request, response) => {
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'x-request-id': oneLine(echoOf(request)),
    });
    response.write(': ping\n\n', () => response.destroy());
  },
};

let upstream: Upstream;
let session: HttpSession | undefined;
beforeAll(async () => {
  upstream = await startUpstream();
});
afterAll(() => upstream.close());
afterEach(async () => {
  await session?.destroy();
  session = undefined;
});

const WHOLE = { depth: 5, maxArrayLength: Infinity, maxStringLength: Infinity } as const;

/** Everything that can be seen of a call that fails, and of what made it. `raw` is not: that is what the provider sent. */
async function seenOf(
  llm: LlmService,
  handler: LlmHandler,
  model: string,
  options: CallOptions,
): Promise<string> {
  const seen: string[] = [];
  for (const call of [
    () => llm.completion({ model, messages: MESSAGES }, options),
    async () => {
      const stream = await llm.completion({ model, messages: MESSAGES, stream: true }, options);
      seen.push(inspect(stream, WHOLE), JSON.stringify(stream), inspect(stream.meta, WHOLE));
      seen.push(inspect(llm, WHOLE), inspect(handler, WHOLE), JSON.stringify([llm, handler]));
      await stream.final();
    },
    () => llm.embedding({ model, input: 'a' }, options),
  ]) {
    try {
      await call();
      throw new Error('the call did not fail');
    } catch (error) {
      expect(error).toBeInstanceOf(LlmError);
      seen.push(everythingOf(error), String((error as LlmError).requestId));
    }
  }
  seen.push(inspect(llm, WHOLE), inspect(handler, WHOLE));
  return seen.join('\n');
}

/** Fails with the place that leaked, not with all that was seen. */
function expectNoLeak(seen: string): void {
  const at = seen.search(LEAK);
  expect(at === -1 ? 'nothing' : seen.slice(Math.max(0, at - 150), at + 60)).toBe('nothing');
}

interface Source {
  readonly provider: string;
  readonly options: Record<string, unknown>;
  readonly call?: CallOptions;
  readonly env?: Record<string, string>;
  readonly proxy?: string;
}

/** Credentials from every place that they may come from. @param base of the provider */
function sourcesOf(base: string): Record<string, Source> {
  const key = `k-${CANARY}-0123456789`;
  const baseURL = `${base}/v1`;
  const google = { token_uri: `${base}/token` };
  const user = {
    type: 'authorized_user',
    client_id: 'c',
    client_secret: `${CANARY}s`,
    refresh_token: `${CANARY}r`,
  };
  const account = { type: 'service_account', client_email: 'a@b', private_key: privateKey };
  const vertex = { project: 'p', baseURL };
  const aws = { region: 'us-east-1', baseURL: base };
  const plain = { apiKey: 'k-0123456789', baseURL };
  const ofContainer = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${base}/credentials`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: key,
  };
  return {
    'a key function': { provider: 'openai', options: { apiKey: () => key, baseURL } },
    'a key of the call': { provider: 'openai', options: plain, call: { apiKey: key } },
    'a header of any name': { provider: 'openai', options: { ...plain, headers: { 'x-team': key } } },
    'a header of the call': { provider: 'openai', options: plain, call: { headers: { 'x-pat': key } } },
    'a cookie': { provider: 'openai', options: { ...plain, headers: { cookie: `a=b; c=${key}` } } },
    'basic authentication': {
      provider: 'openai',
      options: {
        ...plain,
        headers: { authorization: `Basic ${Buffer.from(`u:${key}`).toString('base64')}` },
      },
    },
    'the query of a base URL': {
      provider: 'gemini',
      options: { apiKey: 'k-0123456789', baseURL: `${baseURL}?key=${key}%2B%2F&x=1` },
    },
    'a proxy': {
      provider: 'openai',
      options: plain,
      proxy: base.replace('//', `//user:${CANARY}%2Fpassword@`),
    },
    'a token function of Azure': { provider: 'azure', options: { tokenProvider: () => key, baseURL } },
    'a refresh token of Google': {
      provider: 'vertex_ai',
      options: { ...vertex, credentials: { ...user, ...google } },
    },
    'a service account of Google': {
      provider: 'vertex_ai',
      options: { ...vertex, credentials: { ...account, ...google } },
    },
    'an access token of Google': { provider: 'vertex_ai', options: { ...vertex, accessToken: key } },
    'keys of AWS': {
      provider: 'bedrock',
      options: { ...aws, accessKeyId: 'AKIA0', secretAccessKey: key, sessionToken: `${key}-session` },
    },
    'a container of AWS': { provider: 'bedrock', options: aws, env: ofContainer },
    ...Object.fromEntries(
      BUILT_IN_ADAPTERS.map(({ provider }) => [
        `the key of ${provider}`,
        { provider, options: { ...wireOf(provider).options, ...apiKeyOf(provider, key), baseURL } },
      ]),
    ),
  };
}

/** Most have one under this name; the others' are among the sources above. */
function apiKeyOf(provider: string, key: string): object {
  return provider.startsWith('sagemaker') || provider === 'github_copilot' ? {} : { apiKey: key };
}

/** What AWS and Google look at outside of the options. */
const NO_ENV = {
  AWS_ACCESS_KEY_ID: undefined,
  AWS_SECRET_ACCESS_KEY: undefined,
  AWS_PROFILE: undefined,
  AWS_BEARER_TOKEN_BEDROCK: undefined,
  AWS_SHARED_CREDENTIALS_FILE: '/none',
  AWS_CONFIG_FILE: '/none',
  AWS_EC2_METADATA_DISABLED: 'true',
};

describe.each(Object.keys(ECHOES))('an address that repeats what it got, as %s,', (echo) => {
  it.each(Object.keys(sourcesOf('http://h')))('has shown nothing of %s', async (name) => {
    const { provider, options, call = {}, env, proxy } = sourcesOf(upstream.origin)[name]!;
    // A token is given, so that there is one to repeat; requests for tokens are repeated as well.
    let tokens = 0;
    upstream.answer((request, response) => {
      if (request.path !== '/token' || tokens++ % 2 === 1) return ECHOES[echo]!(request, response);
      response.writeHead(200).end(JSON.stringify({ access_token: `${CANARY}-token`, expires_in: 3600 }));
    });
    session = await createHttpSession({ proxy: proxy ?? false });
    const handler = new LlmHandler({ session });
    await withEnv({ ...NO_ENV, ...env }, async () => {
      const llm = new LlmService(handler, {
        providers: { [provider]: options },
        defaults: { retry: { maxRetries: 0 } },
      });
      expectNoLeak(await seenOf(llm, handler, `${provider}/test-model`, call));
    });
  });
});

it('the address has been given the credentials that it repeats', async () => {
  const echoes: string[] = [];
  upstream.answer((request, response) => {
    echoes.push(echoOf(request));
    response.writeHead(400).end();
  });
  const { provider, options } = sourcesOf(upstream.origin)['a header of any name']!;
  const llm = new LlmService(new LlmHandler(), { providers: { [provider]: options } });
  await llm.completion({ model: `${provider}/m`, messages: MESSAGES }).catch(() => {});
  expect(echoes[0]).toMatch(LEAK);
});
