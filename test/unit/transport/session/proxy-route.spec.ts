import { describe, expect, it } from '@jest/globals';
import { LlmConfigurationError, proxied } from '../../../../lib/index.js';
import { noProxy } from '../../../../lib/transport/session/proxy/no-proxy.js';
import { proxyRoute } from '../../../../lib/transport/session/proxy/proxy-route.js';
import { parseProxy, proxyAuthorization } from '../../../../lib/transport/session/proxy/proxy-server.js';

describe('NO_PROXY', () => {
  it.each([
    ['*', 'anything.test', '443', true],
    [' * ', 'anything.test', '443', true],
    ['', 'a.test', '443', false],
    ['a.test', 'a.test', '443', true],
    ['A.Test', 'a.test', '443', true],
    ['a.test', 'x.a.test', '443', true],
    ['a.test', 'xa.test', '443', false],
    ['a.test.', 'a.test', '443', true],
    ['a.test', 'a.test.', '443', true],
    ['.a.test', 'x.a.test', '443', true],
    ['.a.test', 'a.test', '443', false],
    ['*.a.test', 'x.y.a.test', '443', true],
    ['*.a.test', 'a.test', '443', false],
    ['a.test:8443', 'a.test', '8443', true],
    ['a.test:8443', 'a.test', '443', false],
    ['b.test, a.test', 'a.test', '443', true],
    ['b.test a.test', 'a.test', '443', true],
    ['b.test,,a.test,', 'a.test', '443', true],
    ['10.0.0.7', '10.0.0.7', '443', true],
    ['10.0.0.7', '10.0.0.70', '443', false],
    ['10.0.0.7:80', '10.0.0.7', '443', false],
    ['10.0.0.0/8', '10.200.3.4', '443', true],
    ['10.0.0.0/8', '11.0.0.1', '443', false],
    ['10.0.0.0/8:443', '10.1.1.1', '443', true],
    ['10.0.0.0/8', 'ten.test', '443', false],
    ['10.0.0.0/99', '10.0.0.0', '443', false],
    ['10.0.0.0/x', '10.0.0.0', '443', false],
    ['::1', '::1', '443', true],
    ['[::1]', '::1', '443', true],
    ['[::1]:443', '::1', '443', true],
    ['[::1]:443', '::1', '80', false],
    ['0:0:0:0:0:0:0:1', '::1', '443', true],
    ['fd00::/8', 'fd12::7', '443', true],
    ['fd00::/8', 'fe80::1', '443', false],
    ['[fd00::]/8', 'fd12::7', '443', true],
    ['0.0.0.0/0', '::1', '443', false],
  ])('%j and %s:%s: %s', (value, host, port, direct) => {
    expect(noProxy(value)(host, port)).toBe(direct);
  });
});

describe('a proxy URL', () => {
  it.each([
    ['http://proxy.test:3128', 'http://proxy.test:3128'],
    ['proxy.test:3128', 'http://proxy.test:3128'],
    ['127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://proxy.test', 'http://proxy.test:80'],
    ['https://proxy.test/', 'https://proxy.test:443'],
    ['socks5://proxy.test', 'socks5://proxy.test:1080'],
    ['socks5h://proxy.test:1', 'socks5://proxy.test:1'],
    ['SOCKS5://proxy.test:1', 'socks5://proxy.test:1'],
    ['http://user:secret@[::1]:3128', 'http://[::1]:3128'],
  ])('%s is %s', (value, label) => {
    expect(parseProxy(value, 'http.proxy').label).toBe(label);
  });

  it('has its credentials decoded', () => {
    const server = parseProxy('http://us%40er:p%3Ass%25@proxy.test:1', 'http.proxy');
    expect(server).toMatchObject({ username: 'us@er', password: 'p:ss%' });
    expect(Buffer.from(proxyAuthorization(server)!.slice(6), 'base64').toString()).toBe('us@er:p:ss%');
  });

  it.each([
    'htp://user:s3cret@proxy.test:3128',
    'http:/user:s3cret@proxy.test:3128',
    'http://user:s3cret@proxy.test:99999',
    'http://user:s3cret@proxy test:1',
    'http://user:s3cret%@proxy.test:1',
    'http://user:s3cret@proxy.test:1/path',
    'http://user:s3cret@proxy.test:1?x=1',
    'socks4://user:s3cret@proxy.test:1',
    'http://',
  ])('is refused, by the name of its option and without its value: %s', (value) => {
    let error: unknown;
    try {
      parseProxy(value, 'HTTPS_PROXY');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(LlmConfigurationError);
    expect(String(error)).toContain('HTTPS_PROXY is no proxy URL');
    expect(JSON.stringify(error) + String(error)).not.toContain('s3cret');
  });
});

describe('the environment', () => {
  const of = (env: Record<string, string>, target = 'https://api.test') => {
    const { protocol, hostname, port } = new URL(target);
    return proxyRoute('env', env)?.(protocol, hostname, port)?.source;
  };

  it('names a proxy by the scheme of the target, in lower case first', () => {
    expect(of({ HTTPS_PROXY: 'a:1', https_proxy: 'b:1' })).toBe('https_proxy');
    expect(of({ HTTPS_PROXY: 'a:1', https_proxy: '' })).toBe('HTTPS_PROXY');
    expect(of({ HTTP_PROXY: 'a:1' })).toBeUndefined();
    expect(of({ HTTP_PROXY: 'a:1' }, 'http://api.test')).toBe('HTTP_PROXY');
    expect(of({ ALL_PROXY: 'a:1' })).toBe('ALL_PROXY');
    expect(of({ ALL_PROXY: 'a:1', https_proxy: 'b:1' })).toBe('https_proxy');
    expect(of({})).toBeUndefined();
  });

  it('does not take a request header for a setting', () => {
    expect(of({ HTTP_PROXY: 'a:1', REQUEST_METHOD: 'GET' }, 'http://api.test')).toBeUndefined();
    expect(of({ http_proxy: 'a:1', REQUEST_METHOD: 'GET' }, 'http://api.test')).toBe('http_proxy');
  });

  it('takes the default port for NO_PROXY', () => {
    expect(of({ ALL_PROXY: 'a:1', NO_PROXY: 'api.test:443' })).toBeUndefined();
    expect(of({ ALL_PROXY: 'a:1', NO_PROXY: 'api.test:443' }, 'http://api.test')).toBe('ALL_PROXY');
    expect(of({ ALL_PROXY: 'a:1', no_proxy: '[::1]' }, 'https://[::1]:8443')).toBeUndefined();
  });

  it('refuses a value that is no proxy URL', () => {
    expect(() => proxyRoute('env', { https_proxy: 'htp://x' })).toThrow(/^https_proxy is no proxy URL/);
  });
});

it('leaves the connector alone where there is no proxy', () => {
  const connect = () => {};
  expect(proxied({ connect, env: {} })).toEqual({ connect, interceptors: [] });
  expect(proxied({ connect, proxy: false, env: { ALL_PROXY: 'a:1' } }).connect).toBe(connect);
});
