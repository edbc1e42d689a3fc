/** The names of OpenTelemetry's GenAI conventions, which change: those most tools read, or the newest. */
export interface GenAiNames {
  /** Absent where the release has published none. */
  readonly schemaUrl?: string;
  readonly duration: (operation: string) => string;
  readonly firstChunk: string;
  readonly perChunk: string;
  readonly cacheWrite: string;
}

/** v1.41 of the conventions. */
const COMPATIBLE: GenAiNames = {
  schemaUrl: 'https://opentelemetry.io/schemas/1.41.0',
  duration: () => 'gen_ai.client.operation.duration',
  firstChunk: 'gen_ai.client.operation.time_to_first_chunk',
  perChunk: 'gen_ai.client.operation.time_per_output_chunk',
  cacheWrite: 'gen_ai.usage.cache_creation.input_tokens',
};

/** v0.1.0 of the conventions of their own, November 2026. */
const LATEST: GenAiNames = {
  duration: (operation) =>
    operation === 'embeddings' ? 'gen_ai.client.embeddings.duration' : 'gen_ai.client.inference.duration',
  firstChunk: 'gen_ai.client.inference.time_to_first_chunk',
  perChunk: 'gen_ai.client.inference.time_per_output_chunk',
  cacheWrite: 'gen_ai.usage.cache_write.input_tokens',
};

export const NAMES = { compatible: COMPATIBLE, latest: LATEST } as const;

/** Where the conventions' name of a provider is not our prefix. */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  gemini: 'gcp.gemini',
  vertex_ai: 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  codestral: 'mistral_ai',
  xai: 'x_ai',
  moonshot: 'moonshot_ai',
};

export function providerNameOf(provider: string): string {
  return PROVIDERS[provider] ?? provider;
}

/** `gen_ai.operation.name` by the service's method. */
const OPERATIONS: Readonly<Record<string, string>> = { completion: 'chat', embedding: 'embeddings' };

export function operationNameOf(operation: string): string {
  return OPERATIONS[operation] ?? operation;
}
