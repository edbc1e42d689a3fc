import type { INestApplication } from '@nestjs/common';
import type { HttpConfig } from '../../../../sample-app/config/http.config.js';
import { createApp } from '../../../../sample-app/create-app.js';
import { TEST_KEY } from '../../../support/llm.js';
import type { Upstream } from '../../../support/upstream.js';

export const ADAPTERS = ['express', 'fastify'] as const;

/** All that the sample, or the library under it, reads from the environment here. */
const VARIABLES = [
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'OPENAI_API_BASE',
  'LLM_MODEL',
  'LLM_MODELS',
  'LLM_HTTP_ADAPTER',
  'BODY_LIMIT_MB',
  'ALLOWED_HOSTS',
  'REQUEST_TIMEOUT_S',
  'HOST',
  'PORT',
] as const;

export type SampleEnvironment = Partial<Record<(typeof VARIABLES)[number], string>>;

export interface Sample {
  readonly app: INestApplication;
  readonly url: string;
  /** Posts JSON; a text goes as it is. */
  post(path: string, body: unknown, signal?: AbortSignal): Promise<Response>;
  /** Closes the application and gives the environment back. */
  close(): Promise<void>;
}

/** Boots the sample on a free port, with these environment variables and none of the machine's own. */
export async function startSample(http: Partial<HttpConfig>, env: SampleEnvironment = {}): Promise<Sample> {
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  const restore = (): void => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  for (const name of VARIABLES) {
    const value = env[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  try {
    const app = await createApp(http, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    return {
      app,
      url,
      post: (path, body, signal) =>
        fetch(url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
          signal,
        }),
      async close() {
        await app.close();
        restore();
      },
    };
  } catch (error) {
    restore();
    throw error;
  }
}

/** The environment in which the test's upstream is OpenAI. */
export function openAIAt({ baseURL }: Pick<Upstream, 'baseURL'>): SampleEnvironment {
  return { OPENAI_API_KEY: TEST_KEY, OPENAI_BASE_URL: baseURL };
}

export interface PageEvent {
  readonly type: string;
  readonly data: any;
}

/** The events of a chat stream that has ended. */
export async function eventsIn(response: Response): Promise<PageEvent[]> {
  const blocks = (await response.text()).split('\n\n').map((block) => block.trim());
  return blocks.filter(Boolean).map((block) => ({
    type: /^event: (.*)$/m.exec(block)![1]!,
    data: JSON.parse(/^data: (.*)$/m.exec(block)![1]!),
  }));
}

/** The text of all deltas. */
export function textOf(events: readonly PageEvent[]): string {
  return events
    .filter(({ type }) => type === 'delta')
    .map(({ data }) => data.content ?? '')
    .join('');
}
