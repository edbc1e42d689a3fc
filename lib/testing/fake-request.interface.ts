/** Wire formats by the provider, or the API, that they are known for. */
export type WireName =
  | 'openai'
  | 'responses'
  | 'anthropic'
  | 'gemini'
  | 'bedrock'
  | 'ollama'
  | 'cohere'
  | 'huggingface'
  | 'snowflake'
  | 'watsonx';

export type FakeOperation = 'chat' | 'embeddings' | 'models';

/**
 * A request as a {@link FakeHttpSession} got it: plain data, for any runner's assertions.
 *
 * @publicApi
 */
export interface FakeRequest {
  readonly method: string;
  readonly origin: string;
  /** With the query; what is a credential there is `***`. */
  readonly path: string;
  /** Without the values of credentials, which are `***`. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body, parsed where it is JSON. `undefined` without one. */
  // oxlint-disable-next-line typescript/no-explicit-any -- each provider's own, for a test to look into
  readonly body: any;
  /** The wire format, told by the path. `undefined` of one that no built-in provider has. */
  readonly wire: WireName | undefined;
  readonly operation: FakeOperation | undefined;
  /** The prefix of the model. `undefined` of a request that another library sent. */
  readonly provider: string | undefined;
  /** The model as the request names it to its provider. */
  readonly model: string | undefined;
  readonly stream: boolean;
  /** Whether the caller gave it up. */
  aborted: boolean;
}
