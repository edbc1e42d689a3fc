import { BadRequestError, LlmConfigurationError } from '../errors/errors.js';
import type { Route } from '../catalog.js';

/** Finds out which provider and model a name means. */
type Routing = (model: string) => Route;

/** The models of an instance that has `allow`: no other one is called, whatever a request names. */
export class AllowedModels {
  private readonly names = new Set<string>();
  private readonly prefixes: string[] = [];
  private readonly groups: ReadonlySet<string>;

  /**
   * @param entries models, as a request names them, or what they begin with, followed by `*`; a provider alone stands
   * for all its models
   * @param groups the names of groups, which may be entries too
   * @throws {LlmConfigurationError} when an entry names no provider
   */
  constructor(
    entries: readonly string[],
    providers: readonly string[],
    private readonly route: Routing,
    groups: readonly string[],
  ) {
    this.groups = new Set(entries.filter((entry) => groups.includes(entry)));
    for (const entry of entries)
      if (!this.groups.has(entry)) this.add(providers.includes(entry) ? `${entry}/*` : entry);
  }

  /**
   * @param request besides the model, some gateways take lists of others that may answer in its place
   * @throws {BadRequestError} when the model, or one of those, is not allowed
   */
  check(route: Route, request: object, own: object | undefined): void {
    this.checkName(`${route.adapter.provider}/${route.model}`);
    this.checkFurther(route, request, own);
  }

  /**
   * A group is allowed by its own name, which says nothing of calls to its models by theirs; or with each of its models.
   *
   * @throws {BadRequestError} when it is not, or a further model that the request names
   */
  checkMember(group: string, route: Route, request: object, own: object | undefined): void {
    if (!this.groups.has(group)) this.checkName(`${route.adapter.provider}/${route.model}`);
    this.checkFurther(route, request, own);
  }

  private checkFurther({ adapter: { provider } }: Route, request: object, own: object | undefined): void {
    for (const fields of [request, own]) {
      for (const name of FURTHER_MODELS) {
        for (const one of modelsIn((fields as Record<string, unknown> | undefined)?.[name])) {
          this.checkName(`${provider}/${one}`);
        }
      }
    }
  }

  private checkName(name: string): void {
    if (this.names.has(name) || this.prefixes.some((prefix) => name.startsWith(prefix))) return;
    throw new BadRequestError(
      `${name.slice(0, 200)} is not among the models that this application allows; nothing was sent. The option "allow" lists them`,
      { code: 'model_not_allowed', param: 'model' },
    );
  }

  private add(entry: string): void {
    const star = entry.endsWith('*');
    let canonical: string;
    try {
      const { adapter, model } = this.route(entry);
      canonical = `${adapter.provider}/${model}`;
    } catch (cause) {
      throw new LlmConfigurationError(`allow: ${(cause as Error).message}`, { cause });
    }
    if (star) this.prefixes.push(canonical.slice(0, -1));
    else this.names.add(canonical);
  }
}

/**
 * Fields under which gateways take models to fall back to.
 *
 * @see {@link https://openrouter.ai/docs/features/model-routing}
 * @see {@link https://docs.litellm.ai/docs/proxy/reliability}
 */
const FURTHER_MODELS = ['models', 'fallbacks', 'context_window_fallbacks', 'content_policy_fallbacks'];

/** Names in a list of names, of requests that have one, or of lists by name. */
function modelsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  const { model } = value as { model?: unknown };
  if (typeof model === 'string') return [model];
  return Object.values(value).flatMap(modelsIn);
}
