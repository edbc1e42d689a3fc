import { inspect } from 'node:util';
import { ProviderRegistry, type Route } from '../catalog.js';
import { BadRequestError, LlmConfigurationError } from '../errors/errors.js';
import { withoutSlashes } from '../providers/kit/connection.js';
import { capabilitiesOfModel } from '../providers/kit/families/capabilities.js';
import type { ApiKey, LocatedModel, ProviderAdapter } from '../providers/provider-adapter.interface.js';
import type { FetchMedia } from '../operations/chat/inline-media.js';
import type { ProviderHealth } from '../transport/exchange/provider-health.js';
import type { Transport } from '../transport/exchange/transport.interface.js';
import { AllowedModels } from './allowed-models.js';
import { DEFAULT_PROVIDER } from './defaults.js';
import { Deployment, operationsOf, type DeploymentCall } from './deployment.js';
import { mediaFetch } from './media/media-fetch.js';
import type { ModelCapabilities } from './model-capabilities.interface.js';
import { override } from './override.js';
import { connectToStandIn } from './stand-in.js';
import type { CallOptions, DeploymentsOptions } from './deployment-options.interface.js';

/** Where a call goes, and what its model is called there. */
export interface Target {
  readonly deployment: Deployment;
  /** The model's name at the provider, without the prefix. */
  readonly model: string;
}

/** Options that a model's name stands for, such as a region. */
type Place = LocatedModel['options'];

/** A model at an address, with a key of its own. */
export interface PlaceOptions {
  /** `provider/model`. */
  readonly model: string;
  /** Its name. Default: made of provider, model and address. */
  readonly id?: string | undefined;
  readonly apiKey?: ApiKey | undefined;
  readonly baseURL?: string | undefined;
  readonly headers?: Record<string, string> | undefined;
  readonly providerOptions?: Record<string, unknown> | undefined;
}

/** One of several places that the calls of a group go to. */
export interface PlacedTarget extends Target {
  /** As its options name it. */
  readonly route: Route;
}

/** What of a request says where it goes. */
export interface TargetRequest {
  /** `provider/model`; checked, since a caller may give anything. */
  readonly model?: unknown;
  readonly providerOptions?: Readonly<Record<string, object | undefined>> | undefined;
}

/** Deployments for keys or addresses of single calls that are kept: one a tenant, and a bound for keys that rotate. */
const MAX_OWN = 1000;

const NO_OPTIONS = {};

/** The deployments of an instance: each is made at its first call, and shared by all later ones. */
export class Deployments {
  private readonly registry: ProviderRegistry;
  private readonly allowed: AllowedModels | undefined;
  private readonly shared = new Map<string, Deployment>();
  /** Without credentials, for sessions that need none. */
  private readonly standIns = new Map<string, Deployment>();
  /** With a key or an address of the call's, the latest used last. */
  private readonly own = new Map<string, Deployment>();
  private readonly groups = new Map<string, readonly PlacedTarget[]>();
  private readonly ofFunctions = new WeakMap<Exclude<ApiKey, string>, Map<string, Deployment>>();

  constructor(
    private readonly options: DeploymentsOptions,
    private readonly transport: Transport,
  ) {
    this.registry = new ProviderRegistry(
      options.adapters ?? [],
      options.defaults?.provider ?? DEFAULT_PROVIDER,
    );
    this.allowed =
      options.allow &&
      new AllowedModels(
        options.allow,
        this.registry.names,
        (model) => this.registry.route(model),
        Object.keys(options.router?.models ?? {}),
      );
  }

  /** The model of a request that names none. */
  get defaultModel(): string | undefined {
    return this.options.defaults?.model;
  }

  get dropParams(): boolean {
    return this.options.defaults?.dropParams ?? false;
  }

  /** Providers that are configured, or that the default model names. */
  get configured(): string[] {
    const names = new Set(Object.keys(this.options.providers ?? {}));
    if (this.defaultModel !== undefined && !this.groups.has(this.defaultModel))
      names.add(this.registry.route(this.defaultModel).adapter.provider);
    return [...names];
  }

  /**
   * Finds where the model of a request is, or the default one.
   *
   * @throws {LlmError} when there is no such provider, it is not configured, or the model is not allowed
   */
  targetOf(request: TargetRequest, options: CallOptions): Target {
    const name = request.model ?? this.defaultModel;
    if (this.groups.size > 0) {
      const group = this.groups.get(name as string);
      if (group !== undefined) return this.targetInGroup(name as string, group, request, options);
    }
    const route = this.registry.route(name);
    const { adapter } = route;
    const own = request.providerOptions?.[adapter.provider];
    if (own !== undefined) checkOwnFields(own, adapter.provider);
    this.allowed?.check(route, request, own);
    const { model, options: place }: LocatedModel = adapter.locate?.(route.model) ?? route;
    return { deployment: this.deploymentOf(adapter, options, place), model };
  }

  /**
   * Makes a deployment of its own, which calls reach by a group alone.
   *
   * @throws {LlmError} when there is no such provider, or it is not configured
   */
  place(
    { model: name, id, headers, providerOptions, apiKey, baseURL }: PlaceOptions,
    health: ProviderHealth,
  ): PlacedTarget {
    const route = this.registry.route(name);
    const { adapter } = route;
    const { model, options: located }: LocatedModel = adapter.locate?.(route.model) ?? route;
    const { providers, defaults = {} } = this.options;
    const shared = override({ ...providers?.[adapter.provider], ...located }, providerOptions);
    const own = override(shared, {
      apiKey,
      baseURL,
      ...(headers !== undefined && { headers: { ...shared.headers, ...headers } }),
    });
    const connection = adapter.connect(own, process.env);
    const place = id ?? placeName(adapter.provider, model, connection.baseURL);
    return {
      deployment: new Deployment(adapter, connection, own, defaults, this.transport, place, health),
      model,
      route,
    };
  }

  /** Has requests name several deployments as one model. */
  addGroup(name: string, targets: readonly PlacedTarget[]): void {
    this.groups.set(name, targets);
  }

  isProvider(name: string): boolean {
    return this.registry.has(name);
  }

  /** @throws {LlmError} when there is no provider of that name, or it is not configured */
  ofProvider(provider: string, options: CallOptions): Deployment {
    return this.deploymentOf(this.registry.adapterOf(provider), options);
  }

  /** @throws {LlmError} when the model names no provider */
  capabilitiesOf(name: string): ModelCapabilities {
    const { adapter, ...route } = this.groups.get(name)?.[0]!.route ?? this.registry.route(name);
    const { model }: LocatedModel = adapter.locate?.(route.model) ?? route;
    const { chat, embeddings } = operationsOf(adapter);
    const format = chat?.(model, { model, messages: [] });
    return {
      provider: adapter.provider,
      model,
      completion: format && capabilitiesOfModel(model, format.capabilities),
      embedding: embeddings !== undefined,
    };
  }

  /** What a log or a serializer is shown: nothing of the options, which hold keys. */
  toJSON(): object {
    return { providers: this.configured };
  }

  [inspect.custom](): object {
    return this.toJSON();
  }

  /** @returns what fetches the media of a call; `undefined` where the options do not allow it */
  mediaFetchFor(call: DeploymentCall, { deployment, model }: Target): FetchMedia | undefined {
    const { media } = this.options;
    if (media === undefined) return undefined;
    const { options, signal, sentAt: startedAt } = call;
    return mediaFetch(this.transport, media, {
      provider: deployment.provider,
      model: `${deployment.provider}/${model}`,
      timeout: deployment.timeoutOf(options),
      retry: deployment.retryOf(options),
      signal,
      session: options.session,
      startedAt,
    });
  }

  /** @returns the first one: which one it will be is for whoever knows how they are */
  private targetInGroup(
    name: string,
    group: readonly PlacedTarget[],
    request: TargetRequest,
    { apiKey, baseURL }: CallOptions,
  ): Target {
    if (apiKey !== undefined || baseURL !== undefined) {
      throw new LlmConfigurationError(
        `the call names the group ${name}, whose deployments have keys and addresses of their own; leave out ${apiKey === undefined ? 'baseURL' : 'apiKey'}, or name a model`,
        { code: 'invalid_option' },
      );
    }
    const { allowed } = this;
    for (const { deployment, route } of group) {
      const own = request.providerOptions?.[deployment.provider];
      if (own !== undefined) checkOwnFields(own, deployment.provider);
      allowed?.checkMember(name, route, request, own);
    }
    return group[0]!;
  }

  /** @param place options that the model's name stands for */
  private deploymentOf(adapter: ProviderAdapter, options: CallOptions, place?: Place): Deployment {
    const { apiKey, baseURL } = options;
    const { provider } = adapter;
    if (!this.transport.needsCredentials(options.session)) return this.standInOf(adapter, options, place);
    if (apiKey === undefined && baseURL === undefined && place === undefined) {
      let shared = this.shared.get(provider);
      if (shared === undefined) this.shared.set(provider, (shared = this.make(adapter, options)));
      return shared;
    }
    const name = `${provider} ${baseURL ?? ''} ${place === undefined ? '' : JSON.stringify(place)}`;
    const make = (): Deployment => this.make(adapter, options, place);
    return typeof apiKey === 'function'
      ? this.ofFunction(apiKey, name, make)
      : this.latest(`${name} ${apiKey ?? ''}`, make);
  }

  private latest(key: string, make: () => Deployment): Deployment {
    const { own } = this;
    const deployment = own.get(key) ?? make();
    own.delete(key);
    own.set(key, deployment);
    if (own.size > MAX_OWN) {
      const [oldest] = own.keys();
      own.delete(oldest!);
    }
    return deployment;
  }

  private ofFunction(apiKey: Exclude<ApiKey, string>, name: string, make: () => Deployment): Deployment {
    let named = this.ofFunctions.get(apiKey);
    if (named === undefined) this.ofFunctions.set(apiKey, (named = new Map<string, Deployment>()));
    let deployment = named.get(name);
    if (deployment === undefined) named.set(name, (deployment = make()));
    return deployment;
  }

  private standInOf(adapter: ProviderAdapter, { baseURL }: CallOptions, place?: Place): Deployment {
    const key = JSON.stringify([adapter.provider, baseURL, place]);
    let deployment = this.standIns.get(key);
    if (deployment === undefined) {
      deployment = this.make(adapter, { baseURL }, place, connectToStandIn);
      this.standIns.set(key, deployment);
    }
    return deployment;
  }

  private make(
    adapter: ProviderAdapter,
    { apiKey, baseURL }: CallOptions,
    place?: Place,
    connect: typeof connectToStandIn = (to, own) => to.connect(own, process.env),
  ): Deployment {
    const { providers, defaults = {} } = this.options;
    const options = providers?.[adapter.provider] ?? NO_OPTIONS;
    const own = override({ ...options, ...place }, { apiKey, baseURL });
    return new Deployment(adapter, connect(adapter, own), own, defaults, this.transport);
  }
}

/** The query of a base URL may have a key in it. */
function placeName(provider: string, model: string, baseURL: string): string {
  const { host, pathname } = new URL(baseURL);
  return `${provider}/${model}@${host}${withoutSlashes(pathname)}`;
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
