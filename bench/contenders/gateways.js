/** Servers that take OpenAI's request and send an OpenAI-shaped provider's answer on. Each listens on a free port. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, createServer as createNetServer } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { nestGateway } from './nest-gateway.js';
import { providerOptions } from './provider-options.js';

async function bodyOf(message) {
  const parts = [];
  for await (const part of message) parts.push(part);
  return Buffer.concat(parts);
}

async function serve(handle) {
  const server = createServer((message, response) => {
    handle(message, response).catch((error) => response.destroy(error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: server.address().port, headers: {} };
}

/** Bytes in, bytes out: what any gateway on undici costs. */
async function bareProxy({ undici, agent, row, baseURL }) {
  return serve(async (message, response) => {
    const { statusCode, headers, body } = await undici.request(baseURL + row.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: message.headers.authorization },
      body: await bodyOf(message),
      dispatcher: agent,
    });
    response.writeHead(statusCode, { 'content-type': headers['content-type'] });
    await pipeline(body, response);
  });
}

async function nestjsLlm({ agent, row, baseURL }) {
  const { LlmHandler, LlmService } = await import('../../dist/esm/index.js');
  const llm = new LlmService(new LlmHandler({ session: agent }), {
    providers: providerOptions(row, baseURL),
  });
  return serve(async (message, response) => {
    const request = JSON.parse(await bodyOf(message));
    const result = await llm.completion(request);
    if (request.stream !== true) {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(result));
      return;
    }
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    await pipeline(result.toReadable(), response);
  });
}

async function freePort() {
  const server = createNetServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function accepts(port) {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await sleep(50);
  }
}

async function portkey({ baseURL }) {
  const port = await freePort();
  process.argv.push('--headless', `--port=${port}`);
  process.env.NODE_ENV = 'production';
  await import('@portkey-ai/gateway/build/start-server.js');
  await accepts(port);
  return { port, headers: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': baseURL } };
}

export const gateways = {
  direct: { title: 'no gateway', packages: [], listen: undefined },
  'bare-proxy': { title: 'node:http + undici.request', packages: ['undici'], listen: bareProxy },
  'nestjs-llm': {
    title: 'node:http + nestjs-llm, toReadable()',
    packages: ['nestjs-llm'],
    listen: nestjsLlm,
  },
  'nestjs-llm-controller': {
    title: 'NestJS controller on Express + nestjs-llm',
    packages: ['nestjs-llm', '@nestjs/platform-express'],
    listen: nestGateway,
  },
  portkey: { title: '@portkey-ai/gateway', packages: ['@portkey-ai/gateway'], listen: portkey },
};
