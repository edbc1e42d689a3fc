import type { ChatStream, StreamMeta } from '../index.js';
import { unwrap, type CompiledSchema } from './compiled-schema.js';
import { pieceOf, type OutputMode } from './output-request.js';
import { PartialJson } from './partial-json.js';
import { readOutput, type ParsedOutput } from './read-output.js';

/** A value of which any part may be missing yet. */
export type PartialOutput<Output> = Output extends readonly (infer Item)[]
  ? PartialOutput<Item>[]
  : Output extends object
    ? { [Key in keyof Output]?: PartialOutput<Output[Key]> }
    : Output;

/**
 * A value as it grows. A loop is given one object, which is the same each time and goes on to grow: a copy is the
 * application's to make, where it needs one. It is not checked before its end.
 *
 * @publicApi
 */
export class OutputStream<Output>
  implements AsyncIterableIterator<PartialOutput<Output>, undefined>, AsyncDisposable
{
  private readonly json = new PartialJson();

  /** @internal */
  constructor(
    private readonly stream: ChatStream,
    private readonly schema: CompiledSchema<Output>,
    private readonly mode: OutputMode,
  ) {}

  get meta(): StreamMeta {
    return this.stream.meta;
  }

  /** The value so far; `undefined` before it has begun. */
  get partial(): PartialOutput<Output> | undefined {
    return unwrap(this.json.value, this.schema) as PartialOutput<Output> | undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Resolves when the value has grown, or the stream has ended. */
  async next(): Promise<IteratorResult<PartialOutput<Output>, undefined>> {
    for (;;) {
      const { value: chunk, done } = await this.stream.next();
      if (done === true) return { value: undefined, done: true };
      const changed = this.json.push(pieceOf(chunk, this.mode));
      if (changed && this.partial !== undefined) return { value: this.partial, done: false };
    }
  }

  /** Leaves the stream: closes the upstream at once. */
  return(): Promise<IteratorReturnResult<undefined>> {
    return this.stream.return();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stream[Symbol.asyncDispose]();
  }

  /**
   * The whole value, checked. Reads the stream itself when no loop does.
   *
   * @throws {LlmOutputError} as `parse()` does
   * @throws {LlmError} what the stream fails with
   */
  async final(): Promise<ParsedOutput<Output>> {
    const completion = await this.stream.final();
    return { data: await readOutput(completion, this.schema, this.mode), completion };
  }
}
