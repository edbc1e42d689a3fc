import type { LlmError } from '../../errors/llm.error.js';
import type { OperationCall, OperationDeployment } from '../operation.interface.js';
import type { CompletionFormat } from './chat-format.interface.js';
import type { ChatRequest } from './chat-request.interface.js';
import type { FetchMedia } from './inline-media.js';
import type { StreamTarget } from './stream-target.js';

/** A call for a completion. */
export interface ChatCall extends OperationCall<ChatRequest> {
  readonly deployment: OperationDeployment & {
    readonly operations: { readonly chat?: (model: string, request: ChatRequest) => CompletionFormat };
  };
  /** The stream that the call has made, and that another model may take over. */
  stream: StreamTarget | undefined;
  /** Asked when a stream breaks: whether another model takes over. */
  readonly takeOver: ((error: LlmError) => boolean) | undefined;
  /** Fetches images and documents by URL; `undefined` where the options do not allow it. */
  readonly fetchMedia: FetchMedia | undefined;
}
