import type { FormatContext, ProviderRequest } from '../format-context.interface.js';
import type { Model } from './models.interface.js';

/** A part of a provider's list of models. */
export interface ModelsPage {
  /** With the provider's own names. */
  readonly models: readonly Model[];
  /** Where the next part begins; absent on the last one. */
  readonly next?: string;
}

/** How a provider lists its models. */
export interface ModelsFormat {
  /** @param after the `next` of the page before; `undefined` for the first one */
  request(after: string | undefined, context: FormatContext): ProviderRequest;
  /** @returns `undefined` when `body` is not a list of models */
  response(body: unknown): ModelsPage | undefined;
}
