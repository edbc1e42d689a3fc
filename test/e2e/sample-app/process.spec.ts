import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { compileLib, type CompiledLib, type RunningScript } from '../../support/compiled-lib.js';
import { MESSAGES, TEST_KEY } from '../../support/llm.js';
import { answerStalled, startUpstream, type Upstream } from '../../support/upstream.js';
import { ADAPTERS } from './support/sample.js';

const MAIN = "import './sample-app/main.js';\n";

/** None of the machine's own settings, and a port that the system chooses. */
const BARE = {
  OPENAI_API_KEY: '',
  OPENAI_BASE_URL: '',
  LLM_MODEL: '',
  LLM_MODELS: '',
  HOST: '',
  PORT: '0',
  NO_COLOR: '1',
};

// A process takes its time to start where other work runs beside it.
jest.setTimeout(60_000);

describe('the process of the sample', () => {
  let compiled: CompiledLib;
  let upstream: Upstream;
  let running: RunningScript | undefined;

  beforeAll(async () => {
    compiled = compileLib(['sample-app']);
    upstream = await startUpstream();
  });

  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await running?.left;
    running = undefined;
  });

  afterAll(async () => {
    compiled.remove();
    await upstream.close();
  });

  async function start(env: Record<string, string>): Promise<{ script: RunningScript; url: string }> {
    const script = compiled.start(MAIN, { ...BARE, ...env });
    running = script;
    await script.printed('Open http');
    return { script, url: /Open (http:\S+)/.exec(script.output())![1]! };
  }

  const chat = (url: string) =>
    fetch(`${url}/chat/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ messages: MESSAGES }),
    });

  it.each(ADAPTERS)('on %s says what it runs with, and never a key', async (adapter) => {
    const { script, url } = await start({
      LLM_HTTP_ADAPTER: adapter,
      OPENAI_API_KEY: TEST_KEY,
      OPENAI_BASE_URL: upstream.baseURL,
    });
    expect(script.output()).toContain('model openai/gpt-4o-mini, a real provider; session: Agent');
    upstream.answer((_request, response) => {
      response.writeHead(401).end(JSON.stringify({ error: { message: `no such key: ${TEST_KEY}` } }));
    });
    const response = await chat(url);
    expect(response.status).toBe(401);
    expect(await response.text()).not.toContain(TEST_KEY);
    expect(script.output()).not.toContain(TEST_KEY);
  });

  it.each(ADAPTERS)('on %s ends at SIGTERM while a stream is stalled', async (adapter) => {
    upstream.answer(answerStalled());
    const incoming = upstream.nextRequest();
    const { script, url } = await start({
      LLM_HTTP_ADAPTER: adapter,
      OPENAI_API_KEY: TEST_KEY,
      OPENAI_BASE_URL: upstream.baseURL,
    });
    const response = await chat(url);
    const reading = response.text();
    const { closed } = await incoming;
    script.child.kill('SIGTERM');
    expect(await reading).toContain('session_closed');
    await closed;
    expect(await script.left).toBe('SIGTERM');
    expect(script.output()).not.toMatch(/ERROR|WARN/);
  });

  it('ends at SIGTERM while the embedded upstream streams', async () => {
    const { script, url } = await start({});
    expect(script.output()).toContain('answered by the embedded upstream');
    const response = await chat(url);
    await response.body!.getReader().read();
    script.child.kill('SIGTERM');
    expect(await script.left).toBe('SIGTERM');
    expect(script.output()).not.toMatch(/ERROR|WARN/);
  });

  it.each([
    ['a port that is no number', { PORT: 'http' }, 'PORT is "http": it has to be a whole number'],
    [
      'an unknown adapter',
      { LLM_HTTP_ADAPTER: 'koa' },
      'LLM_HTTP_ADAPTER is "koa": it has to be express or fastify',
    ],
    ['a port that is taken', {}, 'set PORT to another one'],
  ])('leaves with advice about %s', async (_what, env, advice) => {
    running = compiled.start(MAIN, { ...BARE, PORT: String(upstream.port), ...env });
    expect(await running.left).toBe(1);
    expect(running.output()).toContain(advice);
  });
});
