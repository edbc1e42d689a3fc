import { afterEach, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import type { ChatCompletion } from '../../../lib/index.js';
import { EmbeddedUpstream } from '../../../sample-app/embedded/embedded-upstream.js';
import { StatusService } from '../../../sample-app/status/status.service.js';
import { ADAPTERS, eventsIn, startSample, textOf, type Sample } from './support/sample.js';

function asking(content: string): { messages: { role: string; content: string }[] } {
  return { messages: [{ role: 'user', content }] };
}

describe.each(ADAPTERS)('the embedded upstream on %s', (adapter) => {
  let sample: Sample;

  afterEach(() => sample.close());

  it('answers what was asked, when no key is set', async () => {
    sample = await startSample({ adapter });
    const ask = async (content: string): Promise<string> => {
      const response = await sample.post('/chat', asking(content));
      expect(response.status).toBe(200);
      const { choices } = (await response.json()) as ChatCompletion;
      return choices[0]!.message.content!;
    };
    expect(await ask('Hello there')).toMatch(/^Hello!/);
    expect(await ask('What is this page?')).toContain('nestjs-llm is a NestJS module');
    expect(await ask('what about the session')).toContain('undici Agent');
    expect(await ask('Tell me a joke')).toContain('walks into a bar');
    expect(await ask('show me some code')).toContain('```ts');
    expect((await ask('Write something long')).length).toBeGreaterThan(1500);
    expect(await ask('Do penguins have knees?')).toContain('"Do penguins have knees?"');
  });

  it('streams in pieces, over a real connection', async () => {
    sample = await startSample({ adapter });
    const events = await eventsIn(await sample.post('/chat/stream', asking('hello')));
    const { provider, model, origin } = events[0]!.data;
    expect({ provider, model }).toEqual({ provider: 'openai', model: 'embedded-demo' });
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(events.length).toBeGreaterThan(10);
    expect(textOf(events)).toMatch(/^Hello!.*stop\.$/);
    expect(events.at(-1)).toMatchObject({ type: 'done', data: { finishReason: 'stop' } });
  });

  it("serves OpenAI's client", async () => {
    sample = await startSample({ adapter });
    const client = new OpenAI({ baseURL: `${sample.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const models = await client.models.list();
    expect(models.data.map(({ id }) => id)).toEqual(['openai/embedded-demo']);
    const stream = await client.chat.completions.create({
      model: models.data[0]!.id,
      messages: [{ role: 'user', content: 'thanks' }],
      stream: true,
    });
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
    expect(text).toMatch(/^You are welcome/);
    const { data } = await client.embeddings.create({
      model: 'openai/any',
      input: ['one', 'two'],
      dimensions: 8,
    });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
    expect([...data[0]!.embedding]).not.toEqual([...data[1]!.embedding]);
    for (const value of data[0]!.embedding) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  });

  it('says so', async () => {
    sample = await startSample({ adapter });
    const status = await (await fetch(`${sample.url}/api/status`)).json();
    expect(status).toMatchObject({ mode: 'embedded', model: 'openai/embedded-demo' });
    expect(sample.app.get(StatusService).describe('http://127.0.0.1:3000')).toContain(
      'Open http://127.0.0.1:3000 - model openai/embedded-demo, answered by the embedded upstream',
    );
  });

  it('is closed with the application, while it streams', async () => {
    sample = await startSample({ adapter });
    const response = await sample.post('/chat/stream', asking('Write something long'));
    const reader = response.body!.getReader();
    const first = new TextDecoder().decode((await reader.read()).value);
    const { origin } = JSON.parse(/^data: (.*)$/m.exec(first)![1]!);
    const closing = sample.app.close();
    // Whole, or told of the shutdown, but not cut.
    while (!(await reader.read()).done);
    await closing;
    await expect(fetch(origin)).rejects.toThrow('fetch failed');
  });

  it('does not start when a model is named', async () => {
    sample = await startSample({ adapter }, { LLM_MODEL: 'ollama/llama3.2' });
    const status = await (await fetch(`${sample.url}/api/status`)).json();
    expect(status).toMatchObject({ mode: 'real', model: 'ollama/llama3.2', models: ['ollama/llama3.2'] });
    expect(sample.app.get(EmbeddedUpstream, { strict: false }).url).toBeUndefined();
  });
});

describe('the page', () => {
  let sample: Sample;

  afterEach(() => sample.close());

  it.each(ADAPTERS)('is served on %s with all its files', async (adapter) => {
    sample = await startSample({ adapter });
    const page = await fetch(sample.url);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    const html = await page.text();
    const files = [...html.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, file]) => file!);
    expect(files).toContain('/page/app.js');
    for (const file of files) expect((await fetch(sample.url + file)).status).toBe(200);
  });

  it.each(ADAPTERS)('gives no other file away on %s', async (adapter) => {
    sample = await startSample({ adapter });
    for (const file of ['nothing.js', '..%2fmain.ts', '..%2fpublic%2fapp.js', 'index.html', '.env']) {
      expect((await fetch(`${sample.url}/page/${file}`)).status).toBe(404);
    }
  });
});
