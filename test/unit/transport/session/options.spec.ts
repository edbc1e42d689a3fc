import { describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import {
  createHttpSession,
  development,
  highThroughput,
  LlmConfigurationError,
  LlmModule,
  production,
  type LlmModuleOptions,
} from '../../../../lib/index.js';
import { everythingOf } from '../../../support/llm.js';

async function startError(options: LlmModuleOptions): Promise<unknown> {
  try {
    const moduleRef = await Test.createTestingModule({ imports: [LlmModule.forRoot(options)] }).compile();
    await moduleRef.close();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('the options of the session', () => {
  it.each<[object, string]>([
    [{ http: { limit: -1 } }, 'http.limit has to be 1 or more'],
    [{ http: { limit: 1.5 } }, 'http.limit has to be a whole number'],
    [{ http: { limitPerHost: 0 } }, 'http.limitPerHost has to be 1 or more'],
    [{ http: { maxQueue: -1 } }, 'http.maxQueue has to be 0 or more'],
    [{ http: { dnsCacheTtl: -1 } }, 'http.dnsCacheTtl has to be 0 or more milliseconds'],
    [{ http: { maxConnectionAge: '1h' } }, 'http.maxConnectionAge has to be a number of milliseconds'],
    [{ http: { connectTimeout: '1s' } }, 'http.connectTimeout has to be a number of milliseconds'],
    [{ http: { keepAliveTimeout: 0 } }, 'http.keepAliveTimeout has to be 1 or more milliseconds'],
    [{ http: { proxy: true } }, 'http.proxy has to be'],
    [{ http: { proxy: 'htp://user:s3cret@proxy:1' } }, 'http.proxy is no proxy URL'],
    [{ http: { proxy: 'http://user:s3cret@proxy:port' } }, 'http.proxy is no proxy URL'],
    [{ http: { http2: 'yes' } }, 'http.http2 has to be true or false'],
    [{ http: { tls: { key: 7 } } }, 'http.tls.key has to be'],
    [{ http: { tls: { ca: [] } } }, 'http.tls.ca has to be'],
    [{ http: { tls: { minVersion: 'TLSv1.1' } } }, 'http.tls.minVersion has to be TLSv1.2 or TLSv1.3'],
    [{ http: { tls: { certificate: 's3cret' } } }, 'http.tls.certificate is not known'],
    [{ http: { tls: { cert: 's3cret-file', key: 's3cret' } } }, 'http.tls.cert is neither'],
    [{ http: { limits: 5 } }, 'http.limits is not known; did you mean limit?'],
    [{ warmUp: 'openai' }, 'warmUp has to be'],
    [{ defaults: { timeout: { queue: -1 } } }, 'defaults.timeout.queue has to be 0 or more'],
  ])('%j is refused at start: %s', async (options, message) => {
    const error = await startError(options);
    expect(error).toBeInstanceOf(LlmConfigurationError);
    expect((error as Error).message).toContain(message);
    expect(everythingOf(error).replaceAll('s3cret-file', '')).not.toContain('s3cret');
  });

  it.each([
    [{ limit: -1 }, 'http.limit '],
    [{ keepAliveTimeout: -1 }, 'http.keepAliveTimeout'],
    [{ connectTimeout: NaN }, 'http.connectTimeout'],
    [{ maxConnectionAge: -1 }, 'http.maxConnectionAge'],
    [{ dnsCacheTtl: -5 }, 'http.dnsCacheTtl'],
  ])('%j is refused without a module, too', async (options, name) => {
    const made = createHttpSession({ proxy: false, ...options });
    await expect(made).rejects.toThrow(LlmConfigurationError);
    await expect(made).rejects.toThrow(name);
  });

  it('may be everything at once', async () => {
    const session = await createHttpSession({
      limit: 10,
      limitPerHost: 5,
      maxQueue: 0,
      keepAliveTimeout: 1000,
      maxConnectionAge: 3_600_000,
      connectTimeout: 0,
      dnsCacheTtl: 0,
      proxy: 'socks5://127.0.0.1:1',
      tls: { verify: true, minVersion: 'TLSv1.3' },
      http2: false,
      connector: { localAddress: '127.0.0.1' },
      interceptors: [],
    });
    await session.destroy();
  });
});

describe('presets', () => {
  it('have the numbers that the README tells', () => {
    expect(development()).toEqual({ http: { limit: 50 }, defaults: { timeout: { total: 60_000 } } });
    expect(production()).toMatchObject({
      http: { limit: 1000, limitPerHost: 200, keepAliveTimeout: 60_000 },
      defaults: { timeout: { total: 300_000 } },
    });
    expect(highThroughput()).toMatchObject({
      http: { limit: 1000, limitPerHost: 200, dnsCacheTtl: 600_000, keepAliveTimeout: 60_000 },
      defaults: { timeout: { total: 300_000 } },
    });
  });

  it.each([development, production, highThroughput])('are options of the module: %p', async (preset) => {
    const { http } = preset();
    expect(await startError({ ...preset(), http: { ...http, proxy: false } })).toBeUndefined();
    // Each call gives objects of its own.
    expect(preset().http).not.toBe(preset().http);
  });
});
