import { BUILT_IN_ADAPTERS } from '../../lib/catalog.js';
import type { ChatCompletion, ChatRequest } from '../../lib/index.js';
import type { FormatContext } from '../../lib/providers/provider-adapter.interface.js';
import { normalizeRequest } from '../../lib/operations/chat/normalize-request.js';

/** What a call may set besides its request. */
export interface TranslationOptions {
  readonly dropParams?: boolean;
  readonly options?: Record<string, unknown>;
}

/** A request as a provider gets it. */
export interface Translated {
  /** The body's JSON. */
  readonly body: any;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Names of the fields that were left out. */
  readonly dropped: readonly string[];
  /** Reads a unary answer to the request. */
  readonly answer: (body: unknown) => ChatCompletion | undefined;
}

/**
 * Translates a request as a call does before it is sent.
 *
 * @throws what the call would reject with
 */
export function translate(
  request: ChatRequest,
  { dropParams = false, options = {} }: TranslationOptions = {},
): Translated {
  const slash = request.model.indexOf('/');
  const provider = request.model.slice(0, slash);
  const name = request.model.slice(slash + 1);
  const adapter = BUILT_IN_ADAPTERS.find((one) => one.provider === provider);
  if (adapter === undefined) throw new Error(`there is no provider ${provider}`);
  const { model } = adapter.locate?.(name) ?? { model: name };
  const clean = normalizeRequest(request);
  const context: FormatContext<ChatRequest> = {
    request: clean,
    providerOptions: options,
    provider,
    model,
    dropParams,
    droppedParams: [],
  };
  const format = adapter.completion?.(model, clean);
  if (format === undefined) throw new Error(`${provider} has no chat`);
  const { body, path, headers = {} } = format.request(clean, context);
  return {
    body: JSON.parse(String(body)),
    path,
    headers,
    dropped: context.droppedParams,
    answer: (answer) => format.response(answer, context),
  };
}
