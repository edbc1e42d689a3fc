import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { installPacked, projectDir, run } from './support/packed.js';

const dir = join(projectDir, 'test/packaging/fixtures/sdks');
const node = join(dir, 'node_modules/node/bin/node');
const inCI = !['', 'false', '0', undefined].includes(process.env['CI']);
const SDKS = ['openai', 'anthropic', 'google', 'ai-sdk', 'langchain'];

describe('the SDKs of others over the session, on Node 24 with undici 8', () => {
  const test = existsSync(node) || inCI ? it : it.skip;

  test('complete, stream and stop through sessionFetch(), and stats() counts them', async () => {
    await installPacked(dir);
    const { code, output } = await run(node, ['--no-warnings', 'main.js'], dir);
    expect({ code, output }).toEqual({ code: 0, output: expect.any(String) });
    const counted = { completed: 'Hello', streamed: 'Hello', started: 3, succeeded: 2, aborted: 1 };
    expect(JSON.parse(output)).toEqual({
      results: Object.fromEntries(SDKS.map((name) => [name, counted])),
      globalFetch: true,
    });
  });

  test("read the UI message stream, which useChat()'s transport takes", async () => {
    await installPacked(dir);
    const { code, output } = await run(node, ['--no-warnings', 'ui-messages.js'], dir);
    expect({ code, output }).toEqual({ code: 0, output: expect.any(String) });
    expect(JSON.parse(output)).toEqual([
      { type: 'step-start' },
      { type: 'reasoning', text: 'Hm', state: 'done' },
      { type: 'text', text: 'Hello', state: 'done' },
      { type: 'tool-find', input: { a: 1 }, state: 'input-available' },
    ]);
  });
});
