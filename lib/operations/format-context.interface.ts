/** What the translation of one call may need to know. It is read field by field: a spread of it may have none of them. */
export interface FormatContext<Request = unknown> {
  /** The request as the caller made it. */
  readonly request: Request;
  /** The provider's options, as the module has them. */
  readonly providerOptions: Readonly<Record<string, unknown>>;
  /** Headers of this call alone. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly provider: string;
  /** Host that the request goes to, with its port where that is not the scheme's own. */
  readonly host?: string;
  /** The model's name at the provider, without the prefix. */
  readonly model: string;
  readonly dropParams: boolean;
  /** Names of the request fields that were left out; a format adds to it. */
  readonly droppedParams: string[];
}

/** A translated request. */
export interface ProviderRequest {
  /** Default `POST`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Appended to the base URL. */
  readonly path: string;
  /** `null` for none: then there is no `content-type` either. */
  readonly body: string | Buffer | null;
  /** Besides `content-type: application/json`, `accept` and the connection's; one of the same name is over these. */
  readonly headers?: Readonly<Record<string, string>>;
}
