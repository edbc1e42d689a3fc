import type { ProviderErrorDetail } from '../errors/http-error.js';
import type { HeldSecrets } from '../errors/redact.js';
import type { HttpHeaders } from '../errors/http-headers.interface.js';
import type { ProviderOperations } from '../operations/provider-operations.interface.js';

export type * from '../operations/format-context.interface.js';
export type * from '../operations/provider-operations.interface.js';
export type * from '../operations/chat/chat-format.interface.js';
export type * from '../operations/embeddings/embedding-format.interface.js';
export type * from '../operations/models/models-format.interface.js';

/**
 * A key, or a function that gives one before each attempt.
 *
 * @publicApi
 */
export type ApiKey = string | (() => string | Promise<string>);

/** Where a provider is and who calls, as far as options say it. What is not given comes from the environment. */
export interface ConnectOptions {
  apiKey?: ApiKey | undefined;
  /** Base URL, with the version segment where the provider's has one. */
  baseURL?: string | undefined;
  /** Headers of every request to this provider. */
  headers?: Record<string, string> | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A request about to be sent, for a signature over it. */
export interface AuthorizableRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | null;
}

/** A request for credentials, such as an OAuth token: sent over the call's session, like everything else. */
export interface CredentialsRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds, over the call's own: for an address that answers at once or is not there at all. */
  readonly timeout?: { readonly connect?: number; readonly firstByte?: number; readonly total?: number };
  /** Over the call's own. */
  readonly retry?: { readonly maxRetries?: number };
  /** Told the headers of an answer of 400 or 403, which says what time it is, before the promise rejects. */
  readonly onRefused?: ((headers: HttpHeaders) => void) | undefined;
}

export interface CredentialsReply {
  readonly status: number;
  /** The body as text. */
  readonly body: string;
}

/** Sends a request for credentials. Rejects with a typed error when no answer comes. */
export type CredentialsExchange = (request: CredentialsRequest) => Promise<CredentialsReply>;

/** Makes the headers that prove who calls. */
export type Authorize = (
  request: AuthorizableRequest,
  exchange: CredentialsExchange,
) => Record<string, string> | Promise<Record<string, string>>;

/** An answer that refuses a request: 400, 401 or 403. */
export interface RefusedRequest {
  readonly status: number;
  /** Of the answer. */
  readonly headers: HttpHeaders;
  /** As they were sent. */
  readonly sentHeaders: Readonly<Record<string, string>>;
  /** What the error says, with its name where there is one. */
  readonly message: string;
}

/** Where a provider is and how to prove who calls. */
export interface ProviderConnection {
  /** Without a slash at the end. */
  readonly baseURL: string;
  /** Headers of every request, the credentials among them when they do not change. */
  readonly headers: Readonly<Record<string, string>>;
  /** Credentials that change: called before each attempt. */
  readonly authorize?: Authorize;
  /**
   * The provider refused a request: what `authorize` keeps may not be good any more.
   *
   * @returns whether other credentials may be had, so that the call is sent again: once, whatever its retries are
   */
  readonly reject?: (refused: RefusedRequest) => boolean;
  /** What `authorize` works with and never sends, such as a private key: it is not shown, whoever repeats it. */
  readonly held?: HeldSecrets;
  /** Options that the environment may hold, as formats are to see them: over `providers.<name>`. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The path of an operation, where it depends on the address that is called. Default the format's own. */
  readonly pathOf?: (path: string, model: string) => string;
}

/** A model whose name said where it is. */
export interface LocatedModel {
  /** The rest of the name. */
  readonly model: string;
  readonly options?: Readonly<Record<string, string>> | undefined;
}

/**
 * A provider: data and pure functions. It sees no socket, no timer and nothing of NestJS.
 *
 * @publicApi
 */
export interface ProviderAdapter {
  /** The prefix of its models, and its key under `providers`. */
  readonly provider: string;
  /** Option names under `providers.<name>` besides the common ones. */
  readonly optionNames?: readonly string[];
  /**
   * Where the provider is and how to prove who calls, from its options and the environment.
   *
   * @throws {AuthenticationError} when a key is missing, with the name of the variable that may hold it
   * @throws {LlmConfigurationError} when something else is missing or wrong
   */
  connect(options: ConnectOptions & Readonly<Record<string, unknown>>, env: Environment): ProviderConnection;
  /**
   * Finds what a model's name says of where the model is, such as a region before it.
   *
   * @param model the name behind the prefix
   * @returns the name without that, and the options that it stands for, over the user's; `undefined` for a name that says
   * nothing of the kind
   * @throws {BadRequestError} for a name that leads to what the provider has, and the adapter has not
   */
  locate?(model: string): LocatedModel | undefined;
  /** What the provider does. */
  readonly operations?: ProviderOperations;
  /** Short for `operations.chat`. */
  readonly completion?: ProviderOperations['chat'];
  /** Short for `operations.embeddings`. */
  readonly embedding?: ProviderOperations['embeddings'];
  /**
   * Reads an error out of a body, as JSON where it is that, otherwise as text.
   *
   * @returns `undefined` when the body holds no error of the provider's format
   */
  readError(body: unknown, status: number): ProviderErrorDetail | undefined;
}
