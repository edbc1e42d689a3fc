import type { HttpReply } from '../../transport/exchange/http-request.interface.js';
import { CallMeta, type CountedTokens } from '../call-meta.js';
import type { OperationCall } from '../operation.interface.js';
import type { ResultMeta } from '../result-meta.js';
import type { PartialChatCompletion } from './chat-completion.interface.js';

/**
 * What is known about a stream, while it runs and when it has ended, whole or not.
 *
 * @publicApi
 */
export interface StreamMeta extends ResultMeta {
  /** What has arrived, put together. Not enumerable: an answer's text does not get into a log by itself. */
  readonly partial: PartialChatCompletion;
}

/** What a stream has brought. */
export interface Brought extends CountedTokens {
  answer(): PartialChatCompletion;
}

/** The metadata of a stream. */
export class StreamCallMeta extends CallMeta implements StreamMeta {
  // Private to the language: `util.inspect` would show the answer's text.
  readonly #brought: Brought;

  constructor(call: OperationCall<unknown>, reply: HttpReply, brought: Brought) {
    super(call, reply, brought);
    this.#brought = brought;
  }

  get partial(): PartialChatCompletion {
    return this.#brought.answer();
  }
}
