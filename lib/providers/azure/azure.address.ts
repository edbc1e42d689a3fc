import { modelSegments } from '../kit/model-path.js';
import { withoutSlashes } from '../kit/connection.js';

/** Where the models of a resource are. */
export interface AzureAddress {
  /** The version, where there is one, is in its query. */
  readonly baseURL: string;
  readonly pathOf: (path: string, model: string) => string;
}

/** Versions that are no dates: of the endpoint that names the model in the body, as OpenAI's own does. */
const VERSIONS_OF_V1 = new Set(['v1', 'latest', 'preview']);

const inBody = (path: string): string => path;
/** Responses name their deployment in the body whatever the version. */
const inPath = (path: string, model: string): string =>
  path === '/responses'
    ? path
    : `/deployments/${modelSegments(model, { provider: 'azure', model }).join('%2F')}${path}`;

/**
 * Reads a base URL in any of its usual forms: the endpoint alone, with `/openai`, with `/openai/v1`, or with the path
 * of one deployment.
 *
 * @param version absent or none of a date: the `v1` endpoint, unless the base URL says otherwise
 */
export function azureAddress(base: string, version: string | undefined): AzureAddress {
  const url = new URL(base);
  const path = withoutSlashes(url.pathname);
  const known = version ?? url.searchParams.get('api-version') ?? undefined;
  const dated = known !== undefined && !VERSIONS_OF_V1.has(known);
  const of = (pathname: string, pathOf: AzureAddress['pathOf'], hasVersion: boolean): AzureAddress => {
    url.pathname = pathname;
    if (hasVersion && known !== undefined) url.searchParams.set('api-version', known);
    else url.searchParams.delete('api-version');
    return { baseURL: url.href, pathOf };
  };
  if (/\/openai\/deployments\/[^/]+$/.test(path)) return of(path, inBody, true);
  if (path.endsWith('/openai/v1')) return of(path, inBody, known === 'preview');
  const root = path.replace(/\/openai$/, '');
  return dated ? of(`${root}/openai`, inPath, true) : of(`${root}/openai/v1`, inBody, known === 'preview');
}
