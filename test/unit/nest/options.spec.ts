import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { LlmConfigurationError, LlmModule, LlmService, type LlmModuleOptions } from '../../../lib/index.js';
import { everythingOf, failureOf } from '../../support/llm.js';

const SECRET = 'sk-hidden-4711';

function start(options: unknown, name?: string): Promise<unknown> {
  return Test.createTestingModule({
    imports: [LlmModule.forRootAsync({ name, useFactory: () => options as LlmModuleOptions })],
  }).compile();
}

const wrong: readonly (readonly [options: unknown, message: RegExp])[] = [
  // Unknown keys, with the names that they may be a slip of.
  [{ provider: {} }, /provider is not known; did you mean providers\?/],
  [{ htpp: {} }, /htpp is not known; did you mean http\?/],
  [{ http: { limitperhost: 5 } }, /http\.limitperhost is not known; did you mean limitPerHost\?/],
  [{ http: { keepAliveTimout: 5 } }, /http\.keepAliveTimout is not known; did you mean keepAliveTimeout\?/],
  [
    { providers: { ollama_chat: {} } },
    /providers\.ollama_chat is not known: it is ollama, whose options it has/,
  ],
  [{ media: { fetch: false } }, /media\.fetch has to be true or a list of hosts/],
  [{ media: { fetch: ['https://a.example/x'] } }, /media\.fetch\S* (has to be|is of)/],
  [{ media: { fetch: true, maxByte: 5 } }, /media\.maxByte is not known; did you mean maxBytes\?/],
  [{ providers: { opnai: {} } }, /providers\.opnai is not known; did you mean openai\?/],
  [
    { providers: { openai: { apikey: SECRET } } },
    /providers\.openai\.apikey is not known; did you mean apiKey\?/,
  ],
  [
    { providers: { openai: { baseUrl: 'http://a' } } },
    /providers\.openai\.baseUrl is not known; did you mean baseURL\?/,
  ],
  [
    { providers: { openai: { timeout: { firstbyte: 1 } } } },
    /providers\.openai\.timeout\.firstbyte is not known; did you mean firstByte\?/,
  ],
  [{ providers: { groq: { organization: 'x' } } }, /providers\.groq\.organization is not known/],
  [{ defaults: { timeouts: {} } }, /defaults\.timeouts is not known; did you mean timeout\?/],
  [{ defaults: { retry: { retries: 1 } } }, /defaults\.retry\.retries is not known/],
  [{ shutdown: { grace: 1 } }, /shutdown\.grace is not known; did you mean graceMs\?/],
  // Values.
  [{ http: 5 }, /http is of the wrong type/],
  [{ http: { limitPerHost: 0 } }, /http\.limitPerHost has to be 1 or more/],
  [{ http: { limitPerHost: 1.5 } }, /http\.limitPerHost has to be a whole number/],
  [{ http: { keepAliveTimeout: '60' } }, /http\.keepAliveTimeout has to be a number of milliseconds/],
  [{ http: { keepAliveTimeout: 0 } }, /http\.keepAliveTimeout has to be 1 or more milliseconds/],
  [{ http: { connectTimeout: -1 } }, /http\.connectTimeout has to be 0 or more milliseconds/],
  [{ http: { connectTimeout: Infinity } }, /http\.connectTimeout has to be a finite number/],
  [{ http: { connectTimeout: NaN } }, /http\.connectTimeout has to be a number/],
  [{ http: { connector: 'x' } }, /http\.connector has to be an object of connect options or a connector/],
  [{ http: { interceptors: {} } }, /http\.interceptors has to be a list/],
  [{ http: { interceptors: [1] } }, /http\.interceptors\.0 has to be an interceptor function/],
  [{ providers: 'openai' }, /providers is of the wrong type/],
  [{ providers: { openai: SECRET } }, /providers\.openai is of the wrong type/],
  [
    { providers: { openai: { apiKey: '' } } },
    /providers\.openai\.apiKey has to be a string that is not empty/,
  ],
  [{ providers: { openai: { apiKey: [SECRET] } } }, /providers\.openai\.apiKey has to be a string/],
  [
    { providers: { openai: { apiKey: `${SECRET}\n` } } },
    /providers\.openai\.apiKey has a blank, a line break/,
  ],
  [
    { providers: { openai: { baseURL: `//u:${SECRET}@h` } } },
    /providers\.openai\.baseURL has to be an absolute http or https URL/,
  ],
  [
    { providers: { openai: { baseURL: `https://u:${SECRET}@h/v1` } } },
    /providers\.openai\.baseURL has credentials/,
  ],
  [
    { providers: { openai: { baseURL: 'ftp://h/v1' } } },
    /providers\.openai\.baseURL has to be an absolute http or https URL/,
  ],
  [{ providers: { openai: { baseURL: '' } } }, /providers\.openai\.baseURL is an empty string/],
  [
    { providers: { openai: { headers: { 'x-a': 5 } } } },
    /providers\.openai\.headers\.x-a has to be a string/,
  ],
  [
    { providers: { openai: { headers: { 'x-a': `${SECRET}\r\nx-b: c` } } } },
    /providers\.openai\.headers\.x-a has a line break/,
  ],
  [{ providers: { openai: { headers: [SECRET] } } }, /providers\.openai\.headers has to be an object/],
  [
    { providers: { openai: { timeout: 5 } } },
    /providers\.openai\.timeout has to be an object with queue, connect/,
  ],
  [
    { providers: { openai: { retry: { maxRetries: -1 } } } },
    /providers\.openai\.retry\.maxRetries has to be 0 or more/,
  ],
  [{ providers: { openai: { retry: 3 } } }, /providers\.openai\.retry has to be an object with maxRetries/],
  [{ adapters: {} }, /adapters has to be a list/],
  [{ adapters: [undefined] }, /adapters\.0 is missing/],
  [{ adapters: [{ provider: 'own' }] }, /adapters\.0\.connect is missing/],
  [{ adapters: [{ provider: 'own', connect: 1 }] }, /adapters\.0\.connect has to be a function/],
  [{ defaults: { model: '' } }, /defaults\.model is an empty string/],
  [{ defaults: { dropParams: 'yes' } }, /defaults\.dropParams has to be true or false/],
  [{ defaults: { headers: { 'x-a': 'b\nc' } } }, /defaults\.headers\.x-a has a line break/],
  [{ defaults: { provider: 'opnai' } }, /defaults\.provider.*did you mean openai\?/],
  [{ defaults: { timeout: { total: 'x' } } }, /defaults\.timeout\.total has to be a number of milliseconds/],
  [{ shutdown: { graceMs: -1 } }, /shutdown\.graceMs has to be 0 or more/],
  [{ shutdown: { graceMs: 2 ** 31 } }, /shutdown\.graceMs has to be 2147483647 milliseconds/],
  // Options that are no object.
  [undefined, /options is missing/],
  [null, /options is of the wrong type/],
  ['openai', /options is of the wrong type/],
  [42, /options is of the wrong type/],
];

describe('options', () => {
  it.each(wrong)('%j are refused at start, by name', async (options, message) => {
    const error = await failureOf(start(options));
    expect(error).toBeInstanceOf(LlmConfigurationError);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^LlmModule options: |^defaults\.provider/);
    expect(everythingOf(error)).not.toContain(SECRET);
  });

  it('tells every problem at once', async () => {
    const { message } = await failureOf(
      start({ htpp: {}, providers: { openai: { apiKey: 5, baseURL: 'x' } }, shutdown: { graceMs: 'x' } }),
    );
    for (const key of ['htpp', 'providers.openai.apiKey', 'providers.openai.baseURL', 'shutdown.graceMs']) {
      expect(message).toContain(key);
    }
  });

  it('names the instance', async () => {
    const { message } = await failureOf(start({ htpp: {} }, 'batch'));
    expect(message).toMatch(/^LlmModule "batch" options: htpp is not known/);
  });

  it('are checked for forRoot, too', async () => {
    const compiled = Test.createTestingModule({
      imports: [LlmModule.forRoot({ shutdwon: {} } as LlmModuleOptions)],
    }).compile();
    expect(await failureOf(compiled)).toMatchObject({
      name: 'LlmConfigurationError',
      code: 'invalid_configuration',
      message: expect.stringContaining('did you mean shutdown?'),
    });
  });

  it.each<[string, LlmModuleOptions]>([
    ['nothing', {}],
    ['undefined values', { http: undefined, providers: { openai: { apiKey: undefined } }, defaults: {} }],
    [
      'everything',
      {
        http: {
          limitPerHost: 5,
          keepAliveTimeout: 1,
          connectTimeout: 0,
          connector: {},
          interceptors: [(dispatch) => dispatch],
        },
        providers: {
          openai: {
            apiKey: async () => SECRET,
            baseURL: 'https://example.test/v1?api-version=1',
            headers: { 'x-a': 'b' },
            organization: 'org',
            project: 'p',
            timeout: { connect: 1, firstByte: 2, idle: 3, total: 4 },
            retry: { maxRetries: 0, baseDelay: 0, maxDelay: 0, maxRetryAfter: 0 },
          },
          'nano-gpt': { apiKey: SECRET },
        },
        adapters: [
          { provider: 'own', connect: () => ({ baseURL: '', headers: {} }), readError: () => undefined },
        ],
        defaults: { model: 'own/x', provider: 'own', dropParams: true, headers: {}, timeout: {}, retry: {} },
        shutdown: { graceMs: 0 },
      },
    ],
    [
      'options of an own adapter',
      {
        adapters: [
          {
            provider: 'own',
            optionNames: ['region'],
            connect: () => ({ baseURL: '', headers: {} }),
            readError: () => undefined,
          },
        ],
        providers: { own: { region: 'x' } },
      },
    ],
  ])('%s is accepted', async (_name, options) => {
    const moduleRef = await Test.createTestingModule({ imports: [LlmModule.forRoot(options)] }).compile();
    expect(moduleRef.get(LlmService)).toBeInstanceOf(LlmService);
    await moduleRef.close();
  });

  it('of a class with getters are taken as they are', async () => {
    class Options implements LlmModuleOptions {
      get defaults(): LlmModuleOptions['defaults'] {
        return { model: 'groq/x' };
      }
    }
    const moduleRef = await Test.createTestingModule({
      imports: [LlmModule.forRootAsync({ useFactory: () => new Options() })],
    }).compile();
    // The default model is read: the call gets as far as its missing key.
    const error = await failureOf(
      moduleRef
        .get(LlmService)
        .completion({ messages: [{ role: 'user', content: 'x' }] }, { apiKey: 'bad key' }),
    );
    expect(error.message).toContain('groq');
    await moduleRef.close();
  });

  it('that a factory fails to give reject the start with its own error', async () => {
    const failure = new Error('vault is sealed');
    const compiled = Test.createTestingModule({
      imports: [LlmModule.forRootAsync({ useFactory: () => Promise.reject(failure) })],
    }).compile();
    await expect(compiled).rejects.toBe(failure);
  });
});
