import { ANTHROPIC } from './anthropic.wire.js';
import { BEDROCK, BEDROCK_EMBEDDINGS } from './bedrock.wire.js';
import { COHERE, COHERE_EMBEDDINGS } from './cohere.wire.js';
import { GEMINI, GEMINI_EMBEDDINGS } from './gemini.wire.js';
import { OLLAMA, OLLAMA_EMBEDDINGS } from './ollama.wire.js';
import { MODELS, OPENAI, OPENAI_EMBEDDINGS, openAIError, RESPONSES, SAGEMAKER } from './openai.wire.js';
import { WATSONX, WATSONX_EMBEDDINGS } from './watsonx.wire.js';
import type { Wire, WireRequest } from './wire.interface.js';

/** Feature extraction by Hugging Face, and by a server of one's own, whose path is the root. */
const HUGGINGFACE_EMBEDDINGS: Wire = {
  name: 'huggingface',
  operation: 'embeddings',
  matches: ({ pathname, body }) =>
    pathname.endsWith('/feature-extraction') || (pathname === '/' && Array.isArray(body?.inputs)),
  model: ({ pathname }) => /\/models\/(.+)\/pipeline\//.exec(pathname)?.[1],
  isStream: () => false,
  whole: (answer, { body }) => answer.vectors(body?.inputs?.length ?? 0),
  error: openAIError,
};

const SNOWFLAKE_EMBEDDINGS: Wire = {
  name: 'snowflake',
  operation: 'embeddings',
  matches: ({ pathname }) => pathname.endsWith('inference:embed'),
  model: ({ body }) => body?.model,
  isStream: () => false,
  whole: (answer, { body }) => ({
    data: answer.vectors(body?.text?.length ?? 0).map((vector, index) => ({ index, embedding: [vector] })),
    usage: { total_tokens: answer.usage.prompt },
  }),
  error: openAIError,
};

/** The first that fits a request's path. */
const WIRES: readonly Wire[] = [
  ANTHROPIC,
  OPENAI,
  WATSONX,
  WATSONX_EMBEDDINGS,
  RESPONSES,
  GEMINI,
  BEDROCK,
  SAGEMAKER,
  OLLAMA,
  COHERE,
  OPENAI_EMBEDDINGS,
  GEMINI_EMBEDDINGS,
  BEDROCK_EMBEDDINGS,
  OLLAMA_EMBEDDINGS,
  COHERE_EMBEDDINGS,
  HUGGINGFACE_EMBEDDINGS,
  SNOWFLAKE_EMBEDDINGS,
  MODELS,
];

export function wireOf(request: WireRequest): Wire | undefined {
  return WIRES.find((wire) => wire.matches(request));
}
