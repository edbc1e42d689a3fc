import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { createHttpSession, LlmError, LlmHandler, LlmService, type HttpSession } from '../../../lib/index.js';
import { describeWith, startTinyproxy, temporaryDirectory, type Daemon } from '../../support/daemons.js';
import { startFaultServer, type FaultServer } from '../../support/fault-server.js';
import { FAULTS, succeed, type Fault, type Mode } from './faults.js';
import { FORMATS, SECRET, type WireFormat } from './formats.js';

const MODES: readonly Mode[] = ['unary', 'stream'];
/** What the faults come over: the formats differ above the transport, so one is enough for each of the others. */
const TRANSPORTS = ['plain', 'tls', "TLS in a proxy's tunnel"] as const;
type Transport = (typeof TRANSPORTS)[number];

/** Rows of the table that the run prints: fault by transport, format and mode. */
const table = new Map<string, Record<string, string>>();

/** One connection only: a slot that is not given back would stop the next call. */
function sessionFor(server: FaultServer, proxy: Daemon | undefined): Promise<HttpSession> {
  return createHttpSession({
    limitPerHost: 1,
    proxy: proxy === undefined ? false : `http://127.0.0.1:${proxy.port}`,
    ...(server.ca !== undefined && { tls: { ca: server.ca } }),
  });
}

describe.each(TRANSPORTS)('faults over %s', (transport: Transport) => {
  const isProxied = transport === TRANSPORTS[2];
  describeWith(isProxied ? ['openssl', 'tinyproxy'] : ['openssl'], 'of every kind', () =>
    matrix(transport, isProxied),
  );
});

function matrix(transport: Transport, isProxied: boolean): void {
  const directory = temporaryDirectory();
  let server: FaultServer;
  let other: FaultServer;
  let proxy: Daemon | undefined;

  beforeAll(async () => {
    server = await startFaultServer({ tls: transport !== 'plain' });
    other = await startFaultServer();
    if (isProxied) proxy = await startTinyproxy(directory);
  });
  afterAll(async () => {
    await proxy?.stop();
    await server.close();
    await other.close();
  });

  const formats = transport === 'plain' ? FORMATS : FORMATS.slice(0, 1);
  const cases = formats.flatMap((format) =>
    FAULTS.filter(({ needs }) => needs === undefined || format[needs] !== undefined).flatMap((fault) =>
      (fault.modes ?? MODES).map((mode) => [format.provider, mode, fault.name, fault, format] as const),
    ),
  );

  it.each(cases)('%s, %s: %s', async (_provider, mode, _name, fault, format) => {
    const expected = fault.expect(mode, format);
    const session = await sessionFor(server, proxy);
    const handler = new LlmHandler({ session });
    const llm = new LlmService(handler, {
      providers: { [format.provider]: { ...format.options, baseURL: `${server.origin}/v1` } },
      defaults: {
        retry: { baseDelay: 1, maxDelay: 1 },
        timeout: { connect: 1000, firstByte: 600, idle: 600, total: 1500, ...fault.timeout },
        limits: { responseSize: 2 * 1024 * 1024, eventSize: 1024 * 1024 },
      },
    });
    const signal = new AbortController().signal;
    try {
      server.script(fault.script(format, mode, other));
      if (fault.afterSuccess === true) await call(llm, format, mode, signal);
      const outcome: unknown = await call(llm, format, mode, signal).catch((error: unknown) => error);
      if (expected.error === undefined) {
        expect(outcome).toBe('Grüße');
      } else {
        expect(outcome).toBeInstanceOf(LlmError);
        expect(outcome).toMatchObject({
          name: expected.error,
          provider: format.provider,
          model: `${format.provider}/m`,
          ...(expected.code !== undefined && { code: expected.code }),
        });
        expect(expected.phase).toContain((outcome as LlmError).phase);
        expect((outcome as LlmError).attempts.length).toBeGreaterThan(0);
      }
      expect(server.requests()).toBe(expected.requests);
      expect(other.requests()).toBe(0);
      for (const printed of [inspect(outcome, { depth: 10 }), JSON.stringify(outcome), String(outcome)]) {
        expect(printed).not.toContain(SECRET);
      }
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      expect(llm.stats().calls.active).toBe(0);

      server.script(succeed(format, mode));
      expect(await call(llm, format, mode, signal)).toBe('Grüße');
      note(fault, transport, format, mode, expected.error ?? 'answered');
    } finally {
      await handler.close();
      await session.destroy();
    }
    await Promise.all(
      [...server.sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
    );
  });

  it('refused', async () => {
    const closed = await startFaultServer();
    await closed.close();
    const session = new Agent();
    const llm = new LlmService(new LlmHandler({ session }), {
      providers: { openai: { apiKey: SECRET, baseURL: closed.origin } },
      defaults: { retry: { baseDelay: 1, maxDelay: 1 } },
    });
    await expect(call(llm, FORMATS[0]!, 'unary')).rejects.toMatchObject({
      name: 'APIConnectionError',
      phase: 'connect',
      attempts: [{ phase: 'connect' }, { phase: 'connect' }, { phase: 'connect' }],
    });
    await session.destroy();
  });
}

afterAll(() => {
  console.table(Object.fromEntries(table));
});

async function call(
  llm: LlmService,
  { provider }: WireFormat,
  mode: Mode,
  signal?: AbortSignal,
): Promise<string> {
  const request = { model: `${provider}/m`, messages: [{ role: 'user' as const, content: 'Hi' }] };
  const completion =
    mode === 'unary'
      ? await llm.completion(request, { signal })
      : await (await llm.completion({ ...request, stream: true }, { signal })).final();
  return completion.choices[0]!.message.content ?? '';
}

function note(fault: Fault, transport: string, { provider }: WireFormat, mode: Mode, outcome: string): void {
  const row = table.get(fault.name) ?? {};
  row[`${provider} ${mode} ${transport}`] = outcome;
  table.set(fault.name, row);
}
