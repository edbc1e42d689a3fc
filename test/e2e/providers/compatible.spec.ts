import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { LlmHandler, LlmService } from '../../../lib/index.js';
import { hasRecordings, recordingsOf, type Recording } from '../../support/recordings.js';
import { startReplay, type Replay } from '../../support/replay.js';

const FOLDERS: Readonly<Record<string, string>> = {
  openai: 'openai',
  groq: 'groq',
  deepseek: 'deepseek',
  perplexity: 'perplexity',
  xai: 'xai',
};

/** Text of a recorded OpenAI stream or document, put together without the library. */
function textOf({ events, document }: Recording): string {
  if (events === undefined) return document.choices[0].message.content ?? '';
  return events.map((event) => event.choices?.[0]?.delta?.content ?? '').join('');
}

(hasRecordings ? describe : describe.skip)('recorded exchanges in the OpenAI format', () => {
  let replay: Replay;
  const agent = new Agent();
  const llm = new LlmService(new LlmHandler({ session: agent }));

  beforeAll(async () => {
    replay = await startReplay();
  });
  afterAll(async () => {
    await agent.destroy();
    await replay.close();
  });

  const cases = Object.entries(FOLDERS).flatMap(([provider, folder]) =>
    recordingsOf(folder, 'openai')
      .filter(
        (recording) =>
          recording.status === 200 && (recording.events ?? recording.document)?.choices !== undefined,
      )
      .concat(
        recordingsOf(folder, 'openai').filter((recording) =>
          recording.events?.some((event) => event?.choices),
        ),
      )
      .map((recording) => [recording.name, provider, recording] as const),
  );

  it.each(cases)('%s', async (_name, provider, recording) => {
    replay.play(recording);
    const request = { model: `${provider}/m`, messages: [{ role: 'user' as const, content: 'Hi' }] };
    const options = { apiKey: 'key', baseURL: `${replay.origin}/v1` };
    const completion = recording.streamed
      ? await (await llm.completion({ ...request, stream: true }, options)).final()
      : await llm.completion(request, options);
    expect(completion.choices[0]!.message.content ?? '').toBe(textOf(recording));
  });
});
