import { inspect } from 'node:util';
import {
  LlmError,
  LlmHandler,
  LlmService,
  type LlmModuleOptions,
  type LlmOptions,
  type ProviderOptions,
} from '../../lib/index.js';
import type { Upstream } from './upstream.js';

/** A key that no answer, message or log may show. */
export const TEST_KEY = 'sk-test-0123456789abcdef';

export const MESSAGES = [{ role: 'user' as const, content: 'Hi' }];

/** A request to `openai`. */
export const REQUEST = { model: 'openai/test-model', messages: MESSAGES };

/** The same as a stream. */
export const STREAMED = { ...REQUEST, stream: true as const };

/** Options whose provider `openai` is the upstream of the test. */
export function optionsFor(
  upstream: Pick<Upstream, 'baseURL'>,
  provider: ProviderOptions = {},
  rest: LlmModuleOptions = {},
): LlmModuleOptions {
  return {
    ...rest,
    providers: {
      ...rest.providers,
      openai: { apiKey: TEST_KEY, baseURL: upstream.baseURL, ...provider },
    },
  };
}

/** A service outside of NestJS. Closing ends its handler at once. */
export interface StandaloneLlm extends LlmService {
  close(): Promise<void>;
}

export function createLlm(options: LlmOptions, handler = new LlmHandler()): StandaloneLlm {
  return Object.assign(new LlmService(handler, options), { close: () => handler.close(0) });
}

/** The typed error that a call fails with. A call that succeeds, or fails with anything else, fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<LlmError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof LlmError) return error;
    throw new Error('the call failed with something that is no LlmError', { cause: error });
  }
  throw new Error('the call did not fail');
}

/** All that a log, a serializer or a person may see of an error: messages, stacks, JSON and fields of it and its causes. */
export function everythingOf(error: unknown): string {
  const seen: string[] = [];
  for (let at = error; at !== undefined && at !== null; at = (at as { cause?: unknown }).cause) {
    seen.push(inspect(at), JSON.stringify(at));
    if (!(at instanceof Error)) break;
    seen.push(at.message, String(at.stack));
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== 'cause') seen.push(`${name}=${JSON.stringify((at as never)[name])}`);
    }
  }
  return seen.join('\n');
}

/** Runs with these environment variables; `undefined` unsets one. */
export async function withEnv<Result>(
  variables: Readonly<Record<string, string | undefined>>,
  run: () => Result | Promise<Result>,
): Promise<Result> {
  const before = { ...process.env };
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  try {
    return await run();
  } finally {
    for (const name of Object.keys(variables)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}
