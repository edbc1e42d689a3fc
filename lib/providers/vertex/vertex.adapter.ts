import { LlmConfigurationError } from '../../errors/errors.js';
import { credentialsIn } from '../../errors/redact.js';
import { readAnthropicError } from '../anthropic/anthropic.errors.js';
import { anthropicCompletionFormat } from '../anthropic/anthropic.format.js';
import { checkBaseURL, firstOf, keyConnection } from '../kit/connection.js';
import { modelSegments } from '../kit/model-path.js';
import { CredentialsCache } from '../kit/credentials-cache.js';
import { readGeminiError } from '../gemini/gemini.errors.js';
import { geminiCompletionFormat } from '../gemini/gemini.format.js';
import { readOpenAIError } from '../openai/openai.errors.js';
import type {
  ApiKey,
  Environment,
  ProviderAdapter,
  ProviderConnection,
  ConnectOptions,
} from '../provider-adapter.interface.js';
import { findCredentials, type GoogleCredentials } from './vertex.credentials.js';
import { vertexEmbeddingFormat } from './vertex.embedding.js';
import { partnerCompletionFormat, partnerEmbeddingFormat } from './vertex.partners.js';
import { metadataSource, tokenSource } from './vertex.token.js';

/** Options of Vertex AI besides the common ones. */
export interface VertexOptions extends ConnectOptions {
  /** The project's id; default `VERTEXAI_PROJECT`, `GOOGLE_CLOUD_PROJECT`, or the one of the credentials. */
  project?: string;
  /** A region, `us`, `eu` or `global`; default `VERTEXAI_LOCATION`, `GOOGLE_CLOUD_LOCATION`, or `global`. */
  location?: string;
  /** A service account's key file or gcloud's credentials: the object, its JSON, or the path of a file. */
  credentials?: object | string;
  /** A token, or a function that gives one before each attempt. */
  accessToken?: ApiKey;
}

const PROVIDER = 'vertex_ai';
const PROJECT_VARIABLES = ['VERTEXAI_PROJECT', 'GOOGLE_CLOUD_PROJECT', 'GCLOUD_PROJECT'];
const LOCATION_VARIABLES = ['VERTEXAI_LOCATION', 'VERTEX_LOCATION', 'GOOGLE_CLOUD_LOCATION'];
/** Where requests go without a location, as Google's own SDK has it: the newest models are nowhere else. */
const DEFAULT_LOCATION = 'global';
/** Locations of several regions each, which have hosts of another form. */
const MULTI_REGIONS = new Set(['us', 'eu']);

const isClaude = (model: string): boolean => /^(anthropic\/)?claude/.test(model);

/** Where a model is, below the project and the location. A tuned model is an endpoint, which has a number. */
function modelPath({ model }: { readonly model: string }): string {
  const name = model.replace(/^(google|gemini)\//, '');
  if (/^\d+$/.test(name)) return `/endpoints/${name}`;
  const escaped = modelSegments(name, { provider: PROVIDER, model }).join('/');
  return /^(publishers|endpoints|models)\//.test(name)
    ? `/${escaped}`
    : `/publishers/google/models/${escaped}`;
}

const GEMINI = geminiCompletionFormat(modelPath);
const EMBEDDING = vertexEmbeddingFormat(modelPath);

/** @see {@link https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai} */
const CLAUDE = anthropicCompletionFormat({
  path: (model, streamed) => {
    const name = modelSegments(model.replace(/^anthropic\//, ''), { provider: PROVIDER, model }).join('%2F');
    return `/publishers/anthropic/models/${name}:${streamed ? 'streamRawPredict' : 'rawPredict'}`;
  },
  modelInBody: false,
  fields: { anthropic_version: 'vertex-2023-10-16' },
  urlSources: false,
  fileIds: false,
  mcpServers: false,
  structuredOutput: false,
});

/**
 * Gemini, Claude and the Model Garden on Vertex AI.
 *
 * @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference}
 */
export const vertexAdapter: ProviderAdapter = {
  provider: PROVIDER,
  optionNames: ['project', 'location', 'credentials', 'accessToken'],
  connect(options: VertexOptions, env) {
    const { apiKey, accessToken, headers = {} } = options;
    if (apiKey !== undefined) {
      return keyConnection(PROVIDER, baseURLOf(options, env, undefined), headers, apiKey, (key) => ({
        'x-goog-api-key': key,
      }));
    }
    if (accessToken !== undefined)
      return keyConnection(PROVIDER, baseURLOf(options, env, undefined), headers, accessToken, bearer);
    const credentials = findCredentials(PROVIDER, options.credentials, env);
    return credentialsConnection(options, env, credentials, headers);
  },
  completion: (model) => (isClaude(model) ? CLAUDE : (partnerCompletionFormat(model) ?? GEMINI)),
  embedding: (model) => partnerEmbeddingFormat(model) ?? EMBEDDING(model),
  // Anthropic's document says its own kind; before the model, and around it, errors are Google's.
  readError: (body, status) =>
    (body as { type?: unknown } | null)?.type === 'error'
      ? readAnthropicError(body)
      : (readGeminiError(body, status) ?? readOpenAIError(body, status)),
};

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function credentialsConnection(
  options: VertexOptions,
  env: Environment,
  credentials: GoogleCredentials | undefined,
  headers: Readonly<Record<string, string>>,
): ProviderConnection {
  const cache = new CredentialsCache(
    credentials === undefined ? metadataSource(PROVIDER, env) : tokenSource(PROVIDER, credentials),
  );
  // Whose quota the requests of a user count against, for a user is of no project.
  const quota = credentials?.type === 'authorized_user' ? credentials.quota_project_id : undefined;
  return {
    baseURL: baseURLOf(options, env, credentials),
    headers: { ...(quota !== undefined && { 'x-goog-user-project': quota }), ...headers },
    authorize: async (_request, exchange) => bearer((await cache.get(exchange)).value),
    held: () => [...credentialsIn(credentials), ...credentialsIn({ token: cache.current?.value })],
    reject: ({ status, sentHeaders }) =>
      status === 401 && cache.drop(({ value }) => sentHeaders['authorization'] === `Bearer ${value}`),
  };
}

/** The base URL down to the location: what the paths of the models are appended to. */
function baseURLOf(
  options: VertexOptions,
  env: Environment,
  credentials: GoogleCredentials | undefined,
): string {
  const project = options.project ?? firstOf(env, PROJECT_VARIABLES) ?? projectOf(credentials);
  const location = options.location ?? firstOf(env, LOCATION_VARIABLES) ?? DEFAULT_LOCATION;
  if (!/^[a-z0-9-]+$/.test(location)) {
    throw new LlmConfigurationError(`${PROVIDER}: the location ${JSON.stringify(location)} is none`, {
      provider: PROVIDER,
    });
  }
  const given = options.baseURL ?? firstOf(env, ['VERTEXAI_API_BASE', 'VERTEX_API_BASE']);
  const baseURL = checkBaseURL(PROVIDER, given ?? `https://${hostOf(project, location)}/v1`);
  // A gateway's URL, and a key's: they stand for a project themselves.
  if (/\/projects\//.test(baseURL) || (project === undefined && (given ?? options.apiKey) !== undefined))
    return baseURL;
  if (project === undefined) {
    throw new LlmConfigurationError(
      `${PROVIDER}: no project; set ${PROJECT_VARIABLES[0]} or ${PROJECT_VARIABLES[1]}, or providers.${PROVIDER}.project in the module's options`,
      { code: 'missing_project', provider: PROVIDER },
    );
  }
  return `${baseURL}/projects/${encodeURIComponent(project)}/locations/${location}`;
}

function projectOf(credentials: GoogleCredentials | undefined): string | undefined {
  return credentials?.type === 'service_account' ? credentials.project_id : credentials?.quota_project_id;
}

/** @see {@link https://cloud.google.com/vertex-ai/docs/general/googleapi-access-methods} */
function hostOf(project: string | undefined, location: string): string {
  if (project === undefined || location === 'global') return 'aiplatform.googleapis.com';
  return MULTI_REGIONS.has(location)
    ? `aiplatform.${location}.rep.googleapis.com`
    : `${location}-aiplatform.googleapis.com`;
}
