import type { FakeOperation, WireName } from '../fake-request.interface.js';
import type { CompleteAnswer } from './complete-answer.js';

/** What formats read of a body, which may also be a text. */
export interface WireBody {
  readonly model?: string;
  readonly model_id?: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly input?: string | readonly unknown[];
  readonly inputs?: readonly unknown[];
  readonly texts?: readonly unknown[];
  readonly text?: readonly unknown[];
  readonly requests?: readonly unknown[];
  readonly instances?: readonly unknown[];
  readonly encoding_format?: string;
  readonly taskType?: string;
  readonly inputType?: string;
}

/** What of a request tells its format, its model and whether it is streamed. */
export interface WireRequest {
  readonly method: string;
  /** Without the query. */
  readonly pathname: string;
  /** Parsed where it is JSON. */
  readonly body: WireBody | undefined;
}

/** A part of a streamed body. */
export interface WirePart {
  readonly bytes: Buffer;
  /** Whether it carries a piece of the answer, rather than what the format has around it. */
  readonly isPiece: boolean;
}

/** How a provider answers. */
export interface Wire {
  readonly name: WireName;
  readonly operation: FakeOperation;
  readonly matches: (request: WireRequest) => boolean;
  readonly model: (request: WireRequest) => string | undefined;
  readonly isStream: (request: WireRequest) => boolean;
  /** The document of an answer that is not streamed. */
  whole(answer: CompleteAnswer, request: WireRequest, model: string): unknown;
  /** The body of a streamed one. */
  stream?(answer: CompleteAnswer, request: WireRequest, model: string): WirePart[];
  /** Of a streamed answer. */
  readonly contentType?: string;
  /** The document of an error. */
  readonly error: (status: number, code: string, message: string) => object;
}
