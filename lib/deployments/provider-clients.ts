import type { ChatRequest } from '../operations/chat/chat-request.interface.js';
import type { EmbeddingRequest } from '../operations/embeddings/embedding.interface.js';
import type { CallOptions } from '../calls/call-options.interface.js';
import type { LlmOptions } from '../nest/llm-module-options.interface.js';
import { DEFAULT_PROVIDER } from '../nest/llm.constants.js';
import type {
  FormatContext,
  ProviderAdapter,
  ProviderConnection,
} from '../providers/provider-adapter.interface.js';
import { ProviderRegistry } from '../catalog.js';
import { BadRequestError } from '../errors/errors.js';
import { AllowedModels } from './allowed-models.js';
import { connectProvider, createProviderClient, type ProviderClient } from './provider-client.js';

/** Where a call goes, and what its translation may need to know. */
export interface RoutedCall<Request> {
  readonly client: ProviderClient;
  readonly context: FormatContext<Request>;
}

const NO_OPTIONS = {};

/** The clients of an instance's providers: each is made at its first call, and shared by those without settings of their own. */
export class ProviderClients {
  private readonly registry: ProviderRegistry;
  private readonly allowed: AllowedModels | undefined;
  private readonly clients = new Map<string, ProviderClient>();
  /** Apart from the clients: the credentials that a connection keeps are good for calls with limits of their own. */
  private readonly connections = new Map<string, ProviderConnection>();

  constructor(private readonly options: LlmOptions) {
    this.registry = new ProviderRegistry(
      options.adapters ?? [],
      options.defaults?.provider ?? DEFAULT_PROVIDER,
    );
    this.allowed =
      options.allow &&
      new AllowedModels(options.allow, this.registry.names, (model) => this.registry.route(model));
  }

  /** Providers that are configured, or that the default model names. */
  get configured(): string[] {
    const { providers = {}, defaults = {} } = this.options;
    const names = new Set(Object.keys(providers));
    if (defaults.model !== undefined) names.add(this.registry.route(defaults.model).adapter.provider);
    return [...names];
  }

  /** Finds the provider of a request by its model, or the default one. */
  route<Request extends ChatRequest | EmbeddingRequest>(
    request: Request,
    options: CallOptions,
  ): RoutedCall<Request> {
    const { defaults, providers } = this.options;
    const route = this.registry.route(request.model ?? defaults?.model);
    const { adapter, model } = route;
    const { provider } = adapter;
    const own = request.providerOptions?.[provider];
    if (own !== undefined) checkOwnFields(own, provider);
    this.allowed?.check(route, request, own);
    return {
      client: this.clientOf(adapter, options),
      context: {
        request,
        options: providers?.[provider] ?? NO_OPTIONS,
        provider,
        model,
        dropParams: options.dropParams ?? defaults?.dropParams ?? false,
        droppedParams: [],
      },
    };
  }

  /**
   * @returns scheme, host and port of a provider
   * @throws {LlmError} when there is none of that name, or it is not configured
   */
  originOf(provider: string): string {
    return this.clientOf(this.registry.adapterOf(provider), {}).origin;
  }

  private clientOf(adapter: ProviderAdapter, options: CallOptions): ProviderClient {
    const { provider } = adapter;
    const { providers = {}, defaults = {} } = this.options;
    if (hasOwnSettings(options)) {
      const connection = this.connectionOf(adapter, options);
      return createProviderClient(adapter, connection, providers[provider] ?? {}, defaults, options);
    }
    let client = this.clients.get(provider);
    if (client === undefined) {
      client = createProviderClient(
        adapter,
        this.connectionOf(adapter, options),
        providers[provider] ?? {},
        defaults,
      );
      this.clients.set(provider, client);
    }
    return client;
  }

  private connectionOf(adapter: ProviderAdapter, options: CallOptions): ProviderConnection {
    const { provider } = adapter;
    const isShared = options.apiKey === undefined && options.baseURL === undefined;
    const known = isShared ? this.connections.get(provider) : undefined;
    if (known !== undefined) return known;
    const made = connectProvider(adapter, this.options.providers?.[provider] ?? {}, process.env, options);
    if (isShared) this.connections.set(provider, made);
    return made;
  }
}

/** @throws {BadRequestError} when the fields for a provider name another model than the request does */
function checkOwnFields(own: object, provider: string): void {
  if (typeof own !== 'object' || own === null || !('model' in own)) return;
  const param = `providerOptions.${provider}.model`;
  throw new BadRequestError(`${param}: the model is named by the request's own "model", and nowhere else`, {
    provider,
    param,
  });
}

function hasOwnSettings({ apiKey, baseURL, headers, timeout, retry }: CallOptions): boolean {
  return (
    apiKey !== undefined ||
    baseURL !== undefined ||
    headers !== undefined ||
    timeout !== undefined ||
    retry !== undefined
  );
}
