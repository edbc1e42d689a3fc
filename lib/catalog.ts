import { toUSVString } from 'node:util';
import { BadRequestError, LlmConfigurationError, UnknownProviderError } from './errors/errors.js';
import { anthropicAdapter } from './providers/anthropic/anthropic.adapter.js';
import { azureAdapter } from './providers/azure/azure.adapter.js';
import { azureAIAdapter } from './providers/azure/azure-ai.adapter.js';
import { bedrockAdapter } from './providers/bedrock/bedrock.adapter.js';
import { bedrockMantleAdapter } from './providers/bedrock/mantle.adapter.js';
import { sagemakerAdapter } from './providers/bedrock/sagemaker.adapter.js';
import { cohereAdapter } from './providers/cohere/cohere.adapter.js';
import { COMPATIBLE_PROVIDERS } from './providers/compatible.js';
import { geminiAdapter } from './providers/gemini/gemini.adapter.js';
import { huggingfaceAdapter } from './providers/huggingface/huggingface.adapter.js';
import { codestralAdapter, mistralAdapter } from './providers/mistral/mistral.adapter.js';
import { nearNames } from './providers/kit/near-names.js';
import { ollamaAdapter } from './providers/ollama/ollama.adapter.js';
import { compatibleAdapter } from './providers/compatible.adapter.js';
import { openAIAdapter } from './providers/openai/openai.adapter.js';
import type { ProviderAdapter } from './providers/provider-adapter.interface.js';
import { snowflakeAdapter } from './providers/snowflake/snowflake.adapter.js';
import { vertexAdapter } from './providers/vertex/vertex.adapter.js';
import { watsonxAdapter } from './providers/watsonx/watsonx.adapter.js';

/** A model name, taken apart. */
export interface Route {
  readonly adapter: ProviderAdapter;
  /** The model's name at the provider. */
  readonly model: string;
}

/** The providers of this package by their prefix. */
export const BUILT_IN_ADAPTERS: readonly ProviderAdapter[] = [
  openAIAdapter,
  azureAdapter,
  azureAIAdapter,
  geminiAdapter,
  vertexAdapter,
  anthropicAdapter,
  bedrockAdapter,
  bedrockMantleAdapter,
  sagemakerAdapter,
  cohereAdapter,
  ollamaAdapter,
  mistralAdapter,
  codestralAdapter,
  huggingfaceAdapter,
  snowflakeAdapter,
  watsonxAdapter,
  ...Object.entries(COMPATIBLE_PROVIDERS).map(([provider, data]) => compatibleAdapter(provider, data)),
];

/** Further prefixes, LiteLLM's, of providers that are here once. */
export const PROVIDER_ALIASES: Readonly<Record<string, string>> = {
  ai21: 'ai21_chat',
  aiohttp_openai: 'custom_openai',
  bedrock_converse: 'bedrock',
  cohere_chat: 'cohere',
  ollama_chat: 'ollama',
  'text-completion-openai': 'openai',
  vertex_ai_beta: 'vertex_ai',
};

/** Characters. The longest names are ARNs, which AWS bounds to this. */
const MAX_MODEL = 2048;

/** A name as a message may show it, whoever sent it. */
function shortened(name: string): string {
  return toUSVString(name.length > 100 ? `${name.slice(0, 100)}…` : name);
}

/** Finds the adapter that a model name belongs to. */
export class ProviderRegistry {
  private readonly adapters = new Map<string, ProviderAdapter>();

  /** @param own the user's adapters; one with the name of a built-in provider replaces it */
  constructor(
    own: readonly ProviderAdapter[],
    private readonly defaultProvider: string,
  ) {
    for (const adapter of [...BUILT_IN_ADAPTERS, ...own]) this.adapters.set(adapter.provider, adapter);
    if (this.find(defaultProvider) === undefined) {
      throw new LlmConfigurationError(`defaults.provider: ${this.unknown(defaultProvider)}`);
    }
  }

  get names(): readonly string[] {
    return [...this.adapters.keys()];
  }

  /** Whether it is the prefix of a provider. */
  has(prefix: string): boolean {
    return this.find(prefix) !== undefined;
  }

  /**
   * Splits `provider/model` at the first slash. A name without a slash is the default provider's.
   *
   * @throws {UnknownProviderError} when the prefix names no provider
   */
  route(model: unknown): Route {
    if (typeof model !== 'string' || model === '') {
      throw new BadRequestError('model is missing: name it as provider/model, or set defaults.model', {
        param: 'model',
      });
    }
    const slash = model.indexOf('/');
    const prefix = slash === -1 ? this.defaultProvider : model.slice(0, slash);
    const adapter = this.find(prefix);
    if (adapter === undefined)
      throw new UnknownProviderError(`model "${shortened(model)}": ${this.unknown(prefix)}`, {
        model: shortened(model),
      });
    if (model.length > MAX_MODEL || toUSVString(model) !== model) {
      throw new BadRequestError(
        `model "${shortened(model)}" is no name of a model: it is longer than ${MAX_MODEL} characters, or has half a character in it`,
        { param: 'model', model: shortened(model) },
      );
    }
    const name = model.slice(slash + 1);
    if (name === '')
      throw new BadRequestError(`model "${model}" has no name after its provider`, { param: 'model', model });
    return { adapter, model: name };
  }

  /** @throws {UnknownProviderError} */
  adapterOf(prefix: string): ProviderAdapter {
    const adapter = this.find(prefix);
    if (adapter === undefined) throw new UnknownProviderError(this.unknown(prefix));
    return adapter;
  }

  private find(prefix: string): ProviderAdapter | undefined {
    return this.adapters.get(prefix) ?? this.adapters.get(PROVIDER_ALIASES[prefix] ?? '');
  }

  private unknown(prefix: string): string {
    const near = nearNames(prefix, this.names);
    const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `known are ${this.names.join(', ')}`;
    return `there is no provider "${shortened(prefix)}"; ${hint} One of your own is registered under adapters.`;
  }
}
