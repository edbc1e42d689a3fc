import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  createHttpSession,
  LlmHandler,
  LlmService,
  ProxyError,
  type HttpSession,
} from '../../../lib/index.js';
import { failureOf, REQUEST } from '../../support/llm.js';

let proxy: Server;
let received: Buffer[];
let session: HttpSession | undefined;
beforeEach(async () => {
  received = [];
  proxy = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      received.push(data);
      if (received.length === 1) socket.write(Buffer.from([5, 2]));
      else socket.destroy();
    });
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
});
afterEach(async () => {
  await session?.destroy();
  proxy.close();
  await once(proxy, 'close');
});

async function failureBy(credentials: string, host: string): Promise<ProxyError> {
  const { port } = proxy.address() as AddressInfo;
  session = await createHttpSession({ proxy: `socks5://${credentials}@127.0.0.1:${port}` });
  const openai = { apiKey: 'a-key', baseURL: `https://${host}/v1` };
  const options = { providers: { openai }, defaults: { retry: { maxRetries: 0 } } };
  const error = await failureOf(new LlmService(new LlmHandler({ session }), options).completion(REQUEST));
  expect(error).toBeInstanceOf(ProxyError);
  return error as ProxyError;
}

const LONG = 'p'.repeat(256);

it.each([
  ['the user name', `${LONG}:secret`, 'host.invalid'],
  ['the password', `user:${LONG}`, 'host.invalid'],
  // Each is two bytes.
  ['the password', `user:${'%C3%A4'.repeat(128)}`, 'host.invalid'],
  ['the name of the host', 'user:secret', `${'h.'.repeat(128)}invalid`],
])('SOCKS5 has no room for %s of more than 255 bytes: nothing is sent', async (what, credentials, host) => {
  const error = await failureBy(credentials, host);
  expect(error).toMatchObject({ code: 'proxy_field_too_long', phase: 'connect', retryable: false });
  expect(error.message).toContain(what);
  expect(error.message).not.toContain(LONG);
  expect(received).toHaveLength(0);
});

it('SOCKS5 has room for 255 bytes', async () => {
  await failureBy(`user:${'p'.repeat(255)}`, 'host.invalid');
  expect(received[1]).toHaveLength(1 + 1 + 4 + 1 + 255);
});
