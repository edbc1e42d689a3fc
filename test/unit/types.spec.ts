import { describe, expect, it } from '@jest/globals';
import { Injectable } from '@nestjs/common';
import { ConfigService, registerAs } from '@nestjs/config';
import type OpenAI from 'openai';
import type {
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionCreateParamsStreaming,
} from 'openai/resources/chat/completions';
import type { Agent, Dispatcher, EnvHttpProxyAgent, MockAgent, Pool, ProxyAgent, RetryAgent } from 'undici';
import {
  LlmModule,
  type CallOptions,
  type ChatCompletion,
  type ChatCompletionChunk,
  type ChatMessage,
  type ChatRequest,
  type ChatStream,
  type EmbeddingRequest,
  type EmbeddingResponse,
  type HttpInterceptor,
  type HttpSession,
  type LlmModuleOptions,
  type LlmOptionsFactory,
  type LlmService,
  type ResultMeta,
} from '../../lib/index.js';

// `tsc --noEmit` is the test: what is here compiles, and what has `@ts-expect-error` over it does not.

/** Compiles when `Given` can stand where `Wanted` is asked for. */
type Fits<Given extends Wanted, Wanted> = Given;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

@Injectable()
class Factory implements LlmOptionsFactory {
  createLlmOptions(): LlmModuleOptions {
    return {};
  }
}

class Database {
  readonly url = 'db';
}

/** Never called. */
export function forRootAsync(): void {
  LlmModule.forRootAsync({ useFactory: () => ({}) });
  LlmModule.forRootAsync({ useFactory: async () => ({ defaults: { model: 'openai/x' } }) });
  LlmModule.forRootAsync({ useClass: Factory });
  LlmModule.forRootAsync({ useExisting: Factory, imports: [] });
  LlmModule.forRootAsync({ ...registerAs('llm', (): LlmModuleOptions => ({})).asProvider() });
  LlmModule.forRootAsync({ name: 'a', isGlobal: true, ...registerAs('llm', () => ({})).asProvider() });

  // The factory's arguments have the types of what is injected.
  LlmModule.forRootAsync({
    inject: [ConfigService, Database],
    useFactory: (config: ConfigService, database: Database) => ({
      defaults: { model: config.getOrThrow<string>(database.url) },
    }),
  });
  LlmModule.forRootAsync({
    inject: [Factory, { token: Database, optional: true }, 'TOKEN', Symbol('x')],
    useFactory: (factory, database, token, other) => {
      const inferred: Same<typeof factory, Factory> = true;
      const optional: Same<typeof database, Database | undefined> = true;
      return {
        defaults: {
          model: `${factory.createLlmOptions().defaults?.model}${database?.url}${token}${other}${inferred}${optional}`,
        },
      };
    },
  });
  LlmModule.forRootAsync({
    inject: [Database],
    // @ts-expect-error the injected value is a Database
    useFactory: (config: ConfigService) => ({ defaults: { model: config.get<string>('x') } }),
  });
  LlmModule.forRootAsync({
    inject: [{ token: Database, optional: true }],
    // @ts-expect-error an optional one may be undefined
    useFactory: (database: Database) => ({ defaults: { model: database.url } }),
  });
  LlmModule.forRootAsync({
    inject: [Database],
    // @ts-expect-error nothing is injected for the second argument
    useFactory: (database: Database, config: ConfigService) => ({
      defaults: { model: database.url + config.get('x') },
    }),
  });
  // @ts-expect-error no options at all
  LlmModule.forRootAsync({});
  // @ts-expect-error a name is not enough
  LlmModule.forRootAsync({ name: 'a' });
  // @ts-expect-error two strategies
  LlmModule.forRootAsync({ useFactory: () => ({}), useClass: Factory });
  // @ts-expect-error two strategies
  LlmModule.forRootAsync({ useExisting: Factory, useClass: Factory });
  // @ts-expect-error a class that makes no options
  LlmModule.forRootAsync({ useClass: Database });
  // @ts-expect-error options of the factory that do not exist
  LlmModule.forRootAsync({ useFactory: () => ({ defaults: { model: 5 } }) });
}

/** Never called. */
export function sessions(agent: Agent, dispatcher: HttpSession): void {
  LlmModule.forRoot();
  LlmModule.forRoot({ session: { useValue: agent }, name: 'a', isGlobal: true });
  LlmModule.forRoot({ session: { useExisting: 'AGENT' } });
  LlmModule.forRoot({ session: { useFactory: () => agent } });
  LlmModule.forRoot({
    session: { inject: [ConfigService], useFactory: async (_config: ConfigService) => agent },
  });
  // @ts-expect-error no way to get a session
  LlmModule.forRoot({ session: {} });
  // @ts-expect-error two ways to get a session
  LlmModule.forRoot({ session: { useValue: agent, useExisting: 'AGENT' } });
  // @ts-expect-error no session
  LlmModule.forRoot({ session: { useValue: { request() {} } } });
  // @ts-expect-error the session itself, not a provider of it
  LlmModule.forRoot({ session: dispatcher });
  // @ts-expect-error an option that does not exist
  LlmModule.forRoot({ htpp: {} });
}

// Every dispatcher of undici is a session, and its interceptors go in.
export type Dispatchers = [
  Fits<Agent, HttpSession>,
  Fits<Pool, HttpSession>,
  Fits<ProxyAgent, HttpSession>,
  Fits<EnvHttpProxyAgent, HttpSession>,
  Fits<MockAgent, HttpSession>,
  Fits<RetryAgent, HttpSession>,
  Fits<ReturnType<Agent['compose']>, HttpSession>,
  Fits<Dispatcher, HttpSession>,
];
// @ts-expect-error global fetch is no session
export type FetchIsNone = Fits<typeof fetch, HttpSession>;
export const interceptor: HttpInterceptor = (dispatch) => (options, handler) => dispatch(options, handler);

// The shapes are OpenAI's: answers in both directions, requests in one, for ours take the values of tomorrow, too.
type Create = OpenAI.Chat.ChatCompletionCreateParams;
export type Shapes = [
  Fits<Create, ChatRequest>,
  Fits<ChatCompletionCreateParamsNonStreaming, ChatRequest>,
  Fits<ChatCompletionCreateParamsStreaming, ChatRequest>,
  Fits<OpenAI.Chat.ChatCompletionMessageParam, ChatMessage>,
  Fits<OpenAI.Chat.ChatCompletion, ChatCompletion>,
  Fits<ChatCompletion, OpenAI.Chat.ChatCompletion>,
  Fits<OpenAI.Chat.ChatCompletionChunk, ChatCompletionChunk>,
  Fits<ChatCompletionChunk, OpenAI.Chat.ChatCompletionChunk>,
  Fits<OpenAI.EmbeddingCreateParams, EmbeddingRequest>,
  Fits<EmbeddingRequest, OpenAI.EmbeddingCreateParams>,
  Fits<OpenAI.CreateEmbeddingResponse, EmbeddingResponse>,
  Fits<EmbeddingResponse, OpenAI.CreateEmbeddingResponse>,
  // An answer's message goes back into the next request.
  Fits<ChatCompletion['choices'][number]['message'], ChatMessage>,
];

/** Never called. */
export async function calls(llm: LlmService, messages: ChatMessage[], streamed: boolean): Promise<unknown[]> {
  const whole = await llm.completion({ model: 'openai/x', messages });
  const isWhole: Same<typeof whole, ChatCompletion & { readonly meta: ResultMeta }> = true;
  const explicit = await llm.completion({ model: 'openai/x', messages, stream: false });
  const isExplicit: Same<typeof explicit, typeof whole> = true;
  const stream = await llm.completion({ model: 'openai/x', messages, stream: true });
  const isStream: Same<typeof stream, ChatStream> = true;
  const either = await llm.completion({ model: 'openai/x', messages, stream: streamed });
  const isEither: Same<typeof either, typeof whole | ChatStream> = true;
  await llm.completion({ messages });

  const floats = await llm.embedding({ model: 'openai/x', input: 'a' });
  const areFloats: Same<(typeof floats)['data'][number]['embedding'], number[]> = true;
  const base64 = await llm.embedding({ model: 'openai/x', input: 'a', encoding_format: 'base64' });
  const isBase64: Same<(typeof base64)['data'][number]['embedding'], string> = true;

  const options: CallOptions = { timeout: { total: 5 }, dropParams: true };
  // @ts-expect-error options are not fields of the body
  await llm.completion({ model: 'openai/x', messages, timeout: { total: 5 } });
  // @ts-expect-error options are not fields of the body
  await llm.completion({ model: 'openai/x', messages, signal: AbortSignal.abort() });
  // @ts-expect-error options are not fields of the body
  await llm.embedding({ model: 'openai/x', input: 'a', apiKey: 'x' });
  // @ts-expect-error fields of the body are no options
  await llm.completion({ model: 'openai/x', messages }, { temperature: 1 });
  // @ts-expect-error only completions fall back
  await llm.embedding({ model: 'openai/x', input: 'a' }, { fallbacks: ['openai/y'] });
  await llm.completion(
    { model: 'a/x', messages },
    { ...options, fallbacks: ['b/y', { model: 'c/z', n: 1 }] },
  );
  // @ts-expect-error a role that does not exist
  await llm.completion({ model: 'openai/x', messages: [{ role: 'robot', content: '' }] });
  return [isWhole, isExplicit, isStream, isEither, areFloats, isBase64];
}

describe('types', () => {
  it('are checked by the compiler; the functions that hold them are there', () => {
    expect([forRootAsync, sessions, calls].every((one) => typeof one === 'function')).toBe(true);
  });
});
