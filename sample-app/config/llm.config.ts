import { registerAs, type ConfigType } from '@nestjs/config';

/** The model of the embedded upstream, and of everything that runs without a key. */
export const EMBEDDED_MODEL = 'openai/embedded-demo';

const DEFAULT_MODEL = 'openai/gpt-4o-mini';

/**
 * Which models the sample talks to.
 *
 * - nothing set: an upstream inside of this process answers, no key and no network needed
 * - `OPENAI_API_KEY`: OpenAI, with `gpt-4o-mini`
 * - `LLM_MODEL`: any `provider/model`, such as `ollama/llama3.2`; the library reads its key from the environment
 * - `LLM_MODELS`: further models to choose from, separated by commas
 *
 * Keys are none of this file's business: the library reads them where it sends them.
 */
export const llmConfig = registerAs('llm', () => {
  const { OPENAI_API_KEY, LLM_MODEL, LLM_MODELS = '' } = process.env;
  const embedded = !OPENAI_API_KEY && !LLM_MODEL;
  const model = LLM_MODEL || (embedded ? EMBEDDED_MODEL : DEFAULT_MODEL);
  const further = LLM_MODELS.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return { embedded, model, models: [...new Set([model, ...further])] };
});

export type LlmConfig = ConfigType<typeof llmConfig>;
