import {
  LlmHandler,
  LlmService,
  type CompletionOptions,
  type LlmError,
  type LlmOptions,
  type RouterDeployment,
  type RouterOptions,
} from '../../lib/index.js';
import { MESSAGES } from './llm.js';
import { sendJson, startUpstream, type Upstream } from './upstream.js';

/** How a deployment of the test answers. */
export interface Mode {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly code?: string;
}

/** Several deployments on one loopback port, told apart by the first segment of their path. */
export interface Deployments {
  readonly upstream: Upstream;
  /** How each answers, by its id; with 200 where nothing is said. */
  readonly modes: Record<string, Mode | undefined>;
  /** Requests that each has had. */
  hits(): Record<string, number>;
  /** An entry of a group. */
  entry(id: string, options?: Partial<RouterDeployment>): RouterDeployment;
  close(): Promise<void>;
}

/** A request to the group `chat`. */
export const ROUTED = { model: 'chat', messages: MESSAGES, max_tokens: 10 };

/** What each answer counts. */
export const USAGE = {
  prompt_tokens: 30,
  completion_tokens: 12,
  total_tokens: 42,
  prompt_tokens_details: { cached_tokens: 10 },
};

export const placeOf = (path: string): string => path.split('/')[1]!;

export async function startDeployments(): Promise<Deployments> {
  const modes: Record<string, Mode | undefined> = {};
  const upstream = await startUpstream(({ path, body }, response) => {
    const { status = 200, headers, code } = modes[placeOf(path)] ?? {};
    for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
    if (status !== 200) return sendJson(response, { error: { message: 'no', type: 'e', code } }, status);
    if (body.stream === true) {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const chunk = (delta: object, more: object = {}) =>
        `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`;
      response.write(chunk({ role: 'assistant', content: placeOf(path) }));
      response.end(`${chunk({}, { choices: [], usage: USAGE })}data: [DONE]\n\n`);
      return;
    }
    sendJson(response, {
      id: 'x',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: placeOf(path) } }],
      usage: USAGE,
    });
  });
  return {
    upstream,
    modes,
    hits() {
      const counts: Record<string, number> = {};
      for (const { path } of upstream.requests) counts[placeOf(path)] = (counts[placeOf(path)] ?? 0) + 1;
      return counts;
    },
    entry: (id, options = {}) => ({
      id,
      model: 'openai/m',
      apiKey: `key-${id}`,
      baseURL: `${upstream.origin}/${id}/v1`,
      ...options,
    }),
    close: () => upstream.close(),
  };
}

/** A service with one group, `chat`. */
export function routedLlm(
  chat: readonly RouterDeployment[],
  router: Partial<RouterOptions> = {},
  options: LlmOptions = {},
) {
  const handler = new LlmHandler();
  const llm = new LlmService(handler, { ...options, router: { models: { chat }, ...router } });
  return Object.assign(llm, { close: () => handler.close(0) });
}

/** Makes `count` calls, eight at a time; `answered` by those of each place, `failed` by the error's name. */
export async function callMany(
  llm: LlmService,
  count: number,
  options: (index: number) => CompletionOptions = () => ({}),
) {
  const answered: Record<string, number> = {};
  const failed: Record<string, number> = {};
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      try {
        const { choices } = await llm.completion(ROUTED, options(index));
        const at = choices[0]!.message.content!;
        answered[at] = (answered[at] ?? 0) + 1;
      } catch (error) {
        const { name } = error as LlmError;
        failed[name] = (failed[name] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return { answered, failed };
}
