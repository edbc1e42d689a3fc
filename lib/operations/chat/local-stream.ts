import { inspect } from 'node:util';
import { LlmError } from '../../errors/llm.error.js';
import { isError } from '../../errors/redact.js';
import { plainMeta, type ResultMeta } from '../result-meta.js';
import type { StreamMeta } from './stream-meta.js';
import type { ChatCompletion, PartialChatCompletion } from './chat-completion.interface.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import { saysSomething } from './chunk-assembler.js';
import type { ChunkSource } from './chunk-queue.js';
import { StreamTarget } from './stream-target.js';
import { toChunk } from './whole-answer.js';

/** Who answered, where nobody says so. */
const PROVIDER = 'application';

/** The application's own source says how much there is. */
const UNLIMITED = { eventSize: Infinity, toolCalls: Infinity, responseSize: Infinity };

/** The metadata of a stream that did not come from a socket, as far as they are not given. */
class LocalStreamMeta implements StreamMeta {
  readonly provider: string = PROVIDER;
  readonly deployment: string = PROVIDER;
  readonly origin: string = '';
  readonly requestId: string | undefined = undefined;
  readonly attempts: ResultMeta['attempts'] = [];
  readonly timings: { firstContent?: number; total?: number } = {};
  readonly rateLimit: ResultMeta['rateLimit'] = {};
  readonly droppedParams: readonly string[] = [];
  // Private to the language: `util.inspect` would show the answer's text.
  readonly #target: StreamTarget;
  readonly #given: Partial<ResultMeta>;

  constructor(target: StreamTarget, given: Partial<ResultMeta>) {
    this.#target = target;
    this.#given = given;
    const { provider, deployment, origin, requestId, attempts, rateLimit, droppedParams } = given;
    this.provider = provider ?? PROVIDER;
    this.deployment = deployment ?? this.provider;
    this.origin = origin ?? '';
    this.requestId = requestId;
    this.attempts = attempts ?? [];
    this.rateLimit = rateLimit ?? {};
    this.droppedParams = droppedParams ?? [];
  }

  get model(): string {
    return this.#given.model ?? this.partial.model;
  }

  get usage(): ResultMeta['usage'] {
    return this.#target.usage ?? this.#given.usage;
  }

  get partial(): PartialChatCompletion {
    return this.#target.answer();
  }

  toJSON(): ResultMeta {
    return plainMeta(this);
  }

  [inspect.custom](): object {
    return this.toJSON();
  }
}

/** Leads the chunks of an async iterable into the queue of a `ChatStream`. */
class IterableSource implements ChunkSource {
  private readonly iterator: AsyncIterator<ChatCompletionChunk>;
  private readonly startedAt = performance.now();
  private paused = false;
  /** Goes on after a pause. */
  private wake: (() => void) | undefined;

  constructor(
    source: AsyncIterable<ChatCompletionChunk>,
    private readonly target: StreamTarget,
    private readonly timings: LocalStreamMeta['timings'],
  ) {
    this.iterator = source[Symbol.asyncIterator]();
  }

  async run(): Promise<void> {
    const { queue } = this.target;
    try {
      while (queue.state === 'open') {
        if (this.paused) await new Promise<void>((resolve) => (this.wake = resolve));
        if (queue.state !== 'open') break;
        const result = await this.iterator.next();
        if (queue.state !== 'open') break;
        if (result.done === true) return queue.end();
        this.push(result.value);
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.timings.total = performance.now() - this.startedAt;
    }
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wake?.();
  }

  /** A source has no time limit. */
  consumed(): void {}

  cancel(): void {
    this.wake?.();
    this.leave();
  }

  private push(chunk: ChatCompletionChunk): void {
    const { target } = this;
    target.assembler.push(chunk);
    if (!target.hasContent && saysSomething(chunk)) {
      target.hasContent = true;
      this.timings.firstContent = performance.now() - this.startedAt;
    }
    target.onChunk?.(chunk);
    target.queue.push(chunk);
    target.queue.flush();
  }

  private fail(thrown: unknown): void {
    this.leave();
    const { provider, model } = this.target.meta;
    const what = isError(thrown) ? `: ${thrown.message}` : '';
    const error =
      thrown instanceof LlmError
        ? thrown
        : new LlmError(`${provider}: the source of the stream failed${what}`, {
            provider,
            model: `${provider}/${model}`,
            phase: 'body',
            cause: thrown,
          });
    this.target.failFinally(error);
  }

  /** What the source does as it is left changes nothing for the consumer, who has gone. */
  private leave(): void {
    const { iterator } = this;
    void (async () => iterator.return?.())().catch(() => {});
  }
}

/** @returns what a `ChatStream` of the application's own chunks reads */
export function localTarget(
  source: ChatCompletion | AsyncIterable<ChatCompletionChunk>,
  given: Partial<ResultMeta>,
): StreamTarget {
  const target = new StreamTarget(UNLIMITED);
  const meta = new LocalStreamMeta(target, given);
  target.meta = meta;
  const chunks = Symbol.asyncIterator in source ? source : inOnePiece(source);
  const upstream = new IterableSource(chunks, target, meta.timings);
  target.queue.attach(upstream);
  void upstream.run();
  return target;
}

async function* inOnePiece(completion: ChatCompletion): AsyncGenerator<ChatCompletionChunk> {
  yield toChunk(completion);
}
