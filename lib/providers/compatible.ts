import { databricksReasoning } from './openai/databricks-reasoning.js';
import { limitGrok } from './kit/families/grok.js';
import type { EmbeddingQuirks, OpenAIQuirks } from './openai/openai.quirks.js';
import {
  claudeThinking,
  enableThinking,
  glmThinking,
  qwenThinking,
  reasoningEnabled,
  reasoningField,
  templateThinking,
  thinkingType,
  type ThinkingSwitch,
} from './openai/thinking-switch.js';

/** What this package adds to OpenAI's messages. */
type AddedMessageField =
  | 'annotations'
  | 'cache_control'
  | 'provider_specific_fields'
  | 'reasoning'
  | 'reasoning_content'
  | 'reasoning_details'
  | 'thinking_blocks';

/** A part of a base URL: the option of its name under `providers.<name>` gives it, or a variable does. */
export interface BaseURLPart {
  /** Environment variables that may hold it; the first that is set wins. */
  readonly env: readonly string[];
  /** Absent: the user has to give it. */
  readonly default?: string;
}

/** A provider that speaks OpenAI's wire format and needs only a base URL and a key. */
export interface CompatibleProvider {
  /** Base URL including the version segment, no slash at the end. Absent: the user has to configure one. */
  readonly baseURL?: string;
  /** What stands in the base URL for `{name}`: a part that is the user's own, such as an account or a region. */
  readonly baseURLParts?: Readonly<Record<string, BaseURLPart>>;
  /** Environment variables that may hold the base URL; the first that is set wins. */
  readonly baseURLEnv?: readonly string[];
  /** What those variables leave out at the end of the base URL, where LiteLLM has it so: appended unless it is there. */
  readonly baseURLEnvEnd?: string;
  /** Environment variables that may hold the key; the first that is set wins. */
  readonly apiKeyEnv: readonly string[];
  /** A server that answers without a key (local ones). */
  readonly apiKeyOptional?: true;
  /** OpenAI request fields that the provider takes under another name. */
  readonly rename?: Readonly<Record<string, string>>;
  /** OpenAI request fields that the provider refuses. */
  readonly unsupported?: readonly string[];
  /** Headers that each request to this provider carries. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Paths that are not OpenAI's, by OpenAI's. */
  readonly paths?: Readonly<Record<string, string>>;
  /** What the provider calls the models of chats, by the name behind the prefix. */
  readonly modelName?: (model: string) => string;
  /** Operations that it offers; default both. */
  readonly operations?: readonly ('completion' | 'embedding')[];
  /**
   * What the provider takes of the fields that this package adds to OpenAI's messages. Default `reasoning_content`,
   * which most take and the others pass over; those named here with none refuse what they do not know.
   */
  readonly messageFields?: readonly AddedMessageField[];
  /** It refuses fields of messages that are neither OpenAI's nor among `messageFields`. */
  readonly strict?: true;
  /** Content that is a list of nothing but texts has to be one text. */
  readonly textAsString?: true;
  /** It wants the instructions first, then user and assistant by turns, a user first and last. */
  readonly alternates?: true;
  /** It renders conversations by the model's own chat template, which insists on turns with some families. */
  readonly templates?: true;
  /** The signed reasoning of an earlier answer, as parts of its content. */
  readonly reasoningParts?: OpenAIQuirks['reasoningParts'];
  /** Models that refuse an earlier answer without `reasoning_content`, be it empty. */
  readonly demandsReasoning?: (model: string) => boolean;
  /** Reasoning of earlier answers goes back inside of the content, as `<think>...</think>`. */
  readonly reasoningInContent?: true;
  /** How it is told to think, or not to. Default `reasoning_effort`. */
  readonly thinking?: ThinkingSwitch;
  /** Refuses fields that only some of its models refuse, beyond the rules of OpenAI's own. */
  readonly limit?: OpenAIQuirks['limit'];
  /** It refuses `response_format: { type: 'json_object' }`, and takes a schema of any object. */
  readonly jsonObjectAsSchema?: true;
  /** Some of its models send their reasoning as `<think>...</think>` at the begin of the answer. */
  readonly thinkTags?: true;
  /**
   * Its streams are known to take `stream_options.include_usage`, which is sent always then. `streamUsage: false` in the
   * provider's options keeps it out, as does `include_usage: false` in a request.
   */
  readonly streamUsage?: true;
  /** `completion_tokens` does not include the tokens of reasoning, though the total does. */
  readonly reasoningTokensApart?: true;
  /** How its embeddings differ from OpenAI's. */
  readonly embedding?: EmbeddingQuirks;
  /** Where this was read. */
  readonly source: string;
}

const PROVIDERS = {
  abliteration: {
    baseURL: 'https://api.abliteration.ai/v1',
    apiKeyEnv: ['ABLITERATION_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  ai21_chat: {
    baseURL: 'https://api.ai21.com/studio/v1',
    baseURLEnv: ['AI21_API_BASE'],
    apiKeyEnv: ['AI21_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://docs.ai21.com/reference/jamba-1-6-api-ref',
  },
  aihubmix: {
    baseURL: 'https://aihubmix.com/v1',
    baseURLEnv: ['AIHUBMIX_API_BASE'],
    apiKeyEnv: ['AIHUBMIX_API_KEY'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  aiml: {
    baseURL: 'https://api.aimlapi.com/v1',
    baseURLEnv: ['AIML_API_BASE'],
    apiKeyEnv: ['AIML_API_KEY'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/aiml/chat/transformation.py',
  },
  amazon_nova: {
    baseURL: 'https://api.nova.amazon.com/v1',
    baseURLEnv: ['AMAZON_NOVA_API_BASE'],
    apiKeyEnv: ['AMAZON_NOVA_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/amazon_nova/chat/transformation.py',
  },
  apertis: {
    baseURL: 'https://api.stima.tech/v1',
    apiKeyEnv: ['STIMA_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  assemblyai: {
    baseURL: 'https://llm-gateway.assemblyai.com/v1',
    apiKeyEnv: ['ASSEMBLYAI_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  baseten: {
    baseURL: 'https://inference.baseten.co/v1',
    baseURLEnv: ['BASETEN_API_BASE'],
    apiKeyEnv: ['BASETEN_API_KEY'],
    templates: true,
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/baseten/chat.py',
  },
  cerebras: {
    baseURL: 'https://api.cerebras.ai/v1',
    baseURLEnv: ['CEREBRAS_API_BASE'],
    apiKeyEnv: ['CEREBRAS_API_KEY'],
    operations: ['completion'],
    messageFields: [],
    streamUsage: true,
    strict: true,
    source: 'https://inference-docs.cerebras.ai/api-reference/chat-completions',
  },
  charity_engine: {
    baseURL: 'https://api.charityengine.services/remotejobs/v2/inference',
    apiKeyEnv: ['CHARITY_ENGINE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  chutes: {
    baseURL: 'https://llm.chutes.ai/v1',
    apiKeyEnv: ['CHUTES_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    thinkTags: true,
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  clarifai: {
    baseURL: 'https://api.clarifai.com/v2/ext/openai/v1',
    baseURLEnv: ['CLARIFAI_API_BASE'],
    apiKeyEnv: ['CLARIFAI_API_KEY', 'CLARIFAI_PAT'],
    operations: ['completion'],
    source: 'https://docs.clarifai.com/compute/inference/open-ai',
  },
  cloudflare: {
    baseURL: 'https://api.cloudflare.com/client/v4/accounts/{accountId}/ai/v1',
    baseURLParts: { accountId: { env: ['CLOUDFLARE_ACCOUNT_ID'] } },
    baseURLEnv: ['CLOUDFLARE_API_BASE'],
    apiKeyEnv: ['CLOUDFLARE_API_KEY', 'CLOUDFLARE_API_TOKEN'],
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    embedding: { maxInputs: 100, textsOnly: true },
    source: 'https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility',
  },
  cometapi: {
    baseURL: 'https://api.cometapi.com/v1',
    baseURLEnv: ['COMETAPI_BASE_URL', 'COMETAPI_API_BASE'],
    apiKeyEnv: ['COMETAPI_KEY', 'COMETAPI_API_KEY'],
    streamUsage: true,
    source: 'https://docs.litellm.ai/docs/providers/cometapi',
  },
  compactifai: {
    baseURL: 'https://api.compactif.ai/v1',
    baseURLEnv: ['COMPACTIFAI_API_BASE'],
    apiKeyEnv: ['COMPACTIFAI_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/compactifai/chat/transformation.py',
  },
  crusoe: {
    baseURL: 'https://api.inference.crusoecloud.com/v1',
    baseURLEnv: ['CRUSOE_API_BASE'],
    apiKeyEnv: ['CRUSOE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    streamUsage: true,
    source: 'https://docs.crusoecloud.com/quickstart/getting-started-with-serverless-inference',
  },
  custom_openai: {
    // LiteLLM's name for any server of this format, with OpenAI's variables.
    baseURLEnv: ['OPENAI_BASE_URL', 'OPENAI_API_BASE'],
    apiKeyEnv: ['OPENAI_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    thinkTags: true,
    source: 'https://docs.litellm.ai/docs/providers/custom_openai_proxy',
  },
  dashscope: {
    // For China https://dashscope.aliyuncs.com/compatible-mode/v1.
    baseURL: 'https://dashscope-intl.aliyuncs.com/compatible-mode/v1',
    baseURLEnv: ['DASHSCOPE_API_BASE'],
    apiKeyEnv: ['DASHSCOPE_API_KEY'],
    messageFields: ['reasoning_content', 'cache_control'],
    // https://github.com/memodb-io/memobase/issues/142
    embedding: { maxInputs: 10 },
    streamUsage: true,
    textAsString: true,
    thinking: qwenThinking,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/dashscope/chat/transformation.py',
  },
  databricks: {
    // The workspace URL including `/serving-endpoints`.
    baseURLEnv: ['DATABRICKS_API_BASE'],
    apiKeyEnv: ['DATABRICKS_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    messageFields: ['cache_control'],
    reasoningParts: databricksReasoning,
    // https://docs.databricks.com/aws/en/machine-learning/model-serving/query-reason-models
    thinking: claudeThinking,
    textAsString: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/databricks/common_utils.py',
  },
  datarobot: {
    baseURL: 'https://app.datarobot.com/api/v2/genai/llmgw',
    baseURLEnv: ['DATAROBOT_ENDPOINT'],
    baseURLEnvEnd: '/api/v2/genai/llmgw',
    apiKeyEnv: ['DATAROBOT_API_TOKEN'],
    // Without the slash it answers with a redirect.
    paths: { '/chat/completions': '/chat/completions/' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/datarobot/chat/transformation.py',
  },
  deepinfra: {
    baseURL: 'https://api.deepinfra.com/v1/openai',
    baseURLEnv: ['DEEPINFRA_API_BASE'],
    apiKeyEnv: ['DEEPINFRA_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/deepinfra/chat/transformation.py',
  },
  deepseek: {
    // DeepSeek documents it without a version segment. LiteLLM defaults to `/beta`.
    baseURL: 'https://api.deepseek.com',
    baseURLEnv: ['DEEPSEEK_API_BASE'],
    apiKeyEnv: ['DEEPSEEK_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    streamUsage: true,
    textAsString: true,
    // https://api-docs.deepseek.com/guides/thinking_mode
    thinking: thinkingType(() => true),
    demandsReasoning: () => true,
    source: 'https://api-docs.deepseek.com/api/create-chat-completion',
  },
  docker_model_runner: {
    baseURL: 'http://localhost:12434/engines/v1',
    baseURLEnv: ['DOCKER_MODEL_RUNNER_API_BASE'],
    apiKeyEnv: ['DOCKER_MODEL_RUNNER_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    source: 'https://docs.docker.com/ai/model-runner/api-reference',
  },
  empower: {
    baseURL: 'https://app.empower.dev/api/v1',
    baseURLEnv: ['EMPOWER_API_BASE'],
    apiKeyEnv: ['EMPOWER_API_KEY'],
    operations: ['completion'],
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  featherless_ai: {
    baseURL: 'https://api.featherless.ai/v1',
    baseURLEnv: ['FEATHERLESS_AI_API_BASE', 'FEATHERLESS_API_BASE'],
    apiKeyEnv: ['FEATHERLESS_AI_API_KEY', 'FEATHERLESS_API_KEY'],
    templates: true,
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    thinkTags: true,
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/featherless_ai/chat/transformation.py',
  },
  fireworks_ai: {
    baseURL: 'https://api.fireworks.ai/inference/v1',
    baseURLEnv: ['FIREWORKS_API_BASE'],
    apiKeyEnv: ['FIREWORKS_API_KEY', 'FIREWORKS_AI_API_KEY', 'FIREWORKSAI_API_KEY', 'FIREWORKS_AI_TOKEN'],
    rename: { max_completion_tokens: 'max_tokens' },
    // A name alone is that of a model of Fireworks' own account.
    modelName: (model) => (/[/#]/.test(model) ? model : `accounts/fireworks/models/${model}`),
    thinkTags: true,
    streamUsage: true,
    strict: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/fireworks_ai/chat/transformation.py',
  },
  friendliai: {
    baseURL: 'https://api.friendli.ai/serverless/v1',
    baseURLEnv: ['FRIENDLI_API_BASE'],
    apiKeyEnv: ['FRIENDLIAI_API_KEY', 'FRIENDLI_TOKEN'],
    operations: ['completion'],
    streamUsage: true,
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  galadriel: {
    baseURL: 'https://api.galadriel.com/v1',
    baseURLEnv: ['GALADRIEL_API_BASE'],
    apiKeyEnv: ['GALADRIEL_API_KEY'],
    operations: ['completion'],
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  github: {
    // The host that LiteLLM defaults to is no more. Models have their maker before their name: `openai/gpt-4.1`.
    baseURL: 'https://models.github.ai/inference',
    baseURLEnv: ['GITHUB_API_BASE'],
    apiKeyEnv: ['GITHUB_API_KEY', 'GITHUB_TOKEN'],
    thinkTags: true,
    streamUsage: true,
    source: 'https://docs.github.com/en/rest/models/inference',
  },
  gmi: {
    baseURL: 'https://api.gmi-serving.com/v1',
    apiKeyEnv: ['GMI_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  gradient_ai: {
    baseURL: 'https://inference.do-ai.run/v1',
    // The address of an agent.
    baseURLEnv: ['GRADIENT_AI_AGENT_ENDPOINT'],
    baseURLEnvEnd: '/api/v1',
    apiKeyEnv: ['GRADIENT_AI_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/gradient_ai/chat/transformation.py',
  },
  groq: {
    baseURL: 'https://api.groq.com/openai/v1',
    baseURLEnv: ['GROQ_API_BASE'],
    apiKeyEnv: ['GROQ_API_KEY'],
    // 400 when supplied. `n` is taken, but has to be 1.
    unsupported: ['thinking', 'logit_bias', 'logprobs', 'top_logprobs'],
    operations: ['completion'],
    messageFields: [],
    streamUsage: true,
    strict: true,
    source: 'https://console.groq.com/docs/openai',
  },
  helicone: {
    baseURL: 'https://ai-gateway.helicone.ai/v1',
    apiKeyEnv: ['HELICONE_API_KEY'],
    operations: ['completion'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  heroku: {
    baseURLEnv: ['HEROKU_API_BASE', 'INFERENCE_URL'],
    baseURLEnvEnd: '/v1',
    apiKeyEnv: ['HEROKU_API_KEY', 'INFERENCE_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    textAsString: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/heroku/chat/transformation.py',
  },
  hosted_vllm: {
    baseURLEnv: ['HOSTED_VLLM_API_BASE'],
    apiKeyEnv: ['HOSTED_VLLM_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    thinkTags: true,
    streamUsage: true,
    thinking: templateThinking,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/hosted_vllm/chat/transformation.py',
  },
  hyperbolic: {
    baseURL: 'https://api.hyperbolic.xyz/v1',
    baseURLEnv: ['HYPERBOLIC_API_BASE'],
    apiKeyEnv: ['HYPERBOLIC_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    thinkTags: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/hyperbolic/chat/transformation.py',
  },
  inception: {
    baseURL: 'https://api.inceptionlabs.ai/v1',
    baseURLEnv: ['INCEPTION_API_BASE'],
    apiKeyEnv: ['INCEPTION_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/inception/chat/transformation.py',
  },
  inference_net: {
    baseURL: 'https://api.inference.net/v1',
    apiKeyEnv: ['INFERENCE_API_KEY'],
    operations: ['completion'],
    thinkTags: true,
    source: 'https://docs.inference.net/api/api-quickstart',
  },
  infinity: {
    // No version segment: the path is `/embeddings`.
    baseURL: 'http://localhost:7997',
    baseURLEnv: ['INFINITY_API_BASE'],
    apiKeyEnv: ['INFINITY_API_KEY'],
    apiKeyOptional: true,
    operations: ['embedding'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/infinity/embedding/transformation.py',
  },
  jina_ai: {
    baseURL: 'https://api.jina.ai/v1',
    baseURLEnv: ['JINA_AI_API_BASE'],
    apiKeyEnv: ['JINA_AI_API_KEY', 'JINA_AI_TOKEN'],
    operations: ['embedding'],
    rename: { encoding_format: 'embedding_type' },
    unsupported: ['user'],
    embedding: { textsOnly: true },
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/jina_ai/embedding/transformation.py',
  },
  lambda_ai: {
    baseURL: 'https://api.lambda.ai/v1',
    baseURLEnv: ['LAMBDA_API_BASE'],
    apiKeyEnv: ['LAMBDA_API_KEY'],
    operations: ['completion'],
    thinkTags: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/lambda_ai/chat/transformation.py',
  },
  lemonade: {
    baseURL: 'http://localhost:8000/api/v1',
    baseURLEnv: ['LEMONADE_API_BASE'],
    apiKeyEnv: ['LEMONADE_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    operations: ['completion'],
    thinkTags: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/lemonade/chat/transformation.py',
  },
  litellm_proxy: {
    baseURLEnv: ['LITELLM_PROXY_API_BASE'],
    apiKeyEnv: ['LITELLM_PROXY_API_KEY'],
    messageFields: [
      'annotations',
      'cache_control',
      'provider_specific_fields',
      'reasoning_content',
      'reasoning_details',
      'thinking_blocks',
    ],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/litellm_proxy/chat/transformation.py',
  },
  llamafile: {
    baseURL: 'http://127.0.0.1:8080/v1',
    baseURLEnv: ['LLAMAFILE_API_BASE'],
    apiKeyEnv: ['LLAMAFILE_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/llamafile/chat/transformation.py',
  },
  llamagate: {
    baseURL: 'https://api.llamagate.dev/v1',
    apiKeyEnv: ['LLAMAGATE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  lm_studio: {
    baseURL: 'http://localhost:1234/v1',
    baseURLEnv: ['LM_STUDIO_API_BASE'],
    apiKeyEnv: ['LM_STUDIO_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    // https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/189
    jsonObjectAsSchema: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/lm_studio/chat/transformation.py',
  },
  maritalk: {
    baseURL: 'https://chat.maritaca.ai/api',
    baseURLEnv: ['MARITALK_API_BASE'],
    apiKeyEnv: ['MARITALK_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/maritalk.py',
  },
  meta_llama: {
    baseURL: 'https://api.llama.com/compat/v1',
    baseURLEnv: ['LLAMA_API_BASE'],
    apiKeyEnv: ['LLAMA_API_KEY'],
    operations: ['completion'],
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  minimax: {
    // For China https://api.minimaxi.com/v1.
    baseURL: 'https://api.minimax.io/v1',
    baseURLEnv: ['MINIMAX_API_BASE'],
    apiKeyEnv: ['MINIMAX_API_KEY'],
    operations: ['completion'],
    thinkTags: true,
    streamUsage: true,
    // https://platform.minimax.io/docs/api-reference/text-openai-api
    reasoningInContent: true,
    messageFields: [],
    source: 'https://platform.minimax.io/docs/api-reference/text-openai-api',
  },
  modelscope: {
    baseURL: 'https://api-inference.modelscope.cn/v1',
    baseURLEnv: ['MODELSCOPE_API_BASE'],
    apiKeyEnv: ['MODELSCOPE_API_KEY'],
    operations: ['completion'],
    streamUsage: true,
    thinking: qwenThinking,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/modelscope/chat/transformation.py',
  },
  moonshot: {
    baseURL: 'https://api.moonshot.ai/v1',
    baseURLEnv: ['MOONSHOT_API_BASE'],
    apiKeyEnv: ['MOONSHOT_API_KEY'],
    operations: ['completion'],
    streamUsage: true,
    textAsString: true,
    thinking: thinkingType(),
    // https://github.com/BerriAI/litellm/blob/main/litellm/llms/moonshot/chat/transformation.py
    demandsReasoning: (model) => /k2\.\d|thinking|kimi-k[3-9]/.test(model),
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/moonshot/chat/transformation.py',
  },
  morph: {
    baseURL: 'https://api.morphllm.com/v1',
    baseURLEnv: ['MORPH_API_BASE'],
    apiKeyEnv: ['MORPH_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/morph/chat/transformation.py',
  },
  'nano-gpt': {
    baseURL: 'https://nano-gpt.com/api/v1',
    apiKeyEnv: ['NANOGPT_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  nebius: {
    baseURL: 'https://api.tokenfactory.nebius.com/v1',
    baseURLEnv: ['NEBIUS_API_BASE'],
    apiKeyEnv: ['NEBIUS_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    source: 'https://docs.tokenfactory.nebius.com/api-reference/introduction',
  },
  novita: {
    baseURL: 'https://api.novita.ai/openai/v1',
    baseURLEnv: ['NOVITA_API_BASE'],
    apiKeyEnv: ['NOVITA_API_KEY'],
    thinkTags: true,
    streamUsage: true,
    source: 'https://novita.ai/docs/api-reference/model-apis-llm-create-embeddings',
  },
  nscale: {
    baseURL: 'https://inference.api.nscale.com/v1',
    baseURLEnv: ['NSCALE_API_BASE'],
    apiKeyEnv: ['NSCALE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    thinkTags: true,
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/nscale/chat/transformation.py',
  },
  nvidia_nim: {
    baseURL: 'https://integrate.api.nvidia.com/v1',
    baseURLEnv: ['NVIDIA_NIM_API_BASE'],
    apiKeyEnv: ['NVIDIA_NIM_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    streamUsage: true,
    textAsString: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/nvidia_nim/chat/transformation.py',
  },
  oci: {
    // With an API key of OCI Generative AI: requests are not signed.
    baseURL: 'https://inference.generativeai.{region}.oci.oraclecloud.com/openai/v1',
    baseURLParts: { region: { env: ['OCI_REGION'] } },
    baseURLEnv: ['OCI_API_BASE'],
    apiKeyEnv: ['OCI_GENAI_API_KEY'],
    operations: ['completion'],
    source: 'https://docs.oracle.com/en-us/iaas/Content/generative-ai/openai-compatible-api.htm',
  },
  openai_like: {
    // LiteLLM's name for any server of this format, with variables of its own.
    baseURLEnv: ['OPENAI_LIKE_API_BASE'],
    apiKeyEnv: ['OPENAI_LIKE_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    thinkTags: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/common_utils.py',
  },
  openrouter: {
    baseURL: 'https://openrouter.ai/api/v1',
    baseURLEnv: ['OPENROUTER_API_BASE'],
    apiKeyEnv: ['OPENROUTER_API_KEY', 'OR_API_KEY'],
    messageFields: ['reasoning_content', 'reasoning_details', 'cache_control', 'annotations'],
    streamUsage: true,
    thinking: reasoningField,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openrouter/chat/transformation.py',
  },
  ovhcloud: {
    baseURL: 'https://oai.endpoints.kepler.ai.cloud.ovh.net/v1',
    baseURLEnv: ['OVHCLOUD_API_BASE'],
    apiKeyEnv: ['OVHCLOUD_API_KEY'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/ovhcloud/chat/transformation.py',
  },
  parasail: {
    baseURL: 'https://api.parasail.io/v1',
    baseURLEnv: ['PARASAIL_API_BASE'],
    apiKeyEnv: ['PARASAIL_API_KEY'],
    templates: true,
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    thinkTags: true,
    streamUsage: true,
    source: 'https://docs.parasail.io/parasail-docs/api-reference/authentication',
  },
  perplexity: {
    // No version segment: the path is `/chat/completions`.
    baseURL: 'https://api.perplexity.ai',
    baseURLEnv: ['PERPLEXITY_API_BASE'],
    apiKeyEnv: ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    paths: { '/embeddings': '/v1/embeddings' },
    // https://docs.perplexity.ai/api-reference/embeddings-post
    embedding: { maxInputs: 512, textsOnly: true, encoding: 'base64_int8' },
    thinkTags: true,
    messageFields: [],
    strict: true,
    alternates: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/perplexity/chat/transformation.py',
  },
  poe: {
    baseURL: 'https://api.poe.com/v1',
    apiKeyEnv: ['POE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  publicai: {
    baseURL: 'https://api.publicai.co/v1',
    baseURLEnv: ['PUBLICAI_API_BASE'],
    apiKeyEnv: ['PUBLICAI_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    streamUsage: true,
    textAsString: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  sambanova: {
    baseURL: 'https://api.sambanova.ai/v1',
    baseURLEnv: ['SAMBANOVA_API_BASE'],
    apiKeyEnv: ['SAMBANOVA_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    textAsString: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/sambanova/chat.py',
  },
  sarvam: {
    baseURL: 'https://api.sarvam.ai/v1',
    apiKeyEnv: ['SARVAM_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://docs.sarvam.ai/api-reference-docs/chat/chat-completions',
  },
  scaleway: {
    baseURL: 'https://api.scaleway.ai/v1',
    apiKeyEnv: ['SCW_SECRET_KEY'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  siliconflow: {
    // For China https://api.siliconflow.cn/v1.
    baseURL: 'https://api.siliconflow.com/v1',
    apiKeyEnv: ['SILICONFLOW_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    embedding: { maxInputs: 32 },
    streamUsage: true,
    thinking: enableThinking,
    source: 'https://docs.siliconflow.com/en/api-reference/chat-completions/chat-completions',
  },
  stepfun: {
    // For China https://api.stepfun.com/v1.
    baseURL: 'https://api.stepfun.ai/v1',
    apiKeyEnv: ['STEPFUN_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://platform.stepfun.ai/docs/en/api-reference/chat/chat-completion-create',
  },
  synthetic: {
    baseURL: 'https://api.synthetic.new/openai/v1',
    apiKeyEnv: ['SYNTHETIC_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  tencent: {
    baseURL: 'https://tokenhub-intl.tencentcloudmaas.com/v1',
    baseURLEnv: ['TENCENT_API_BASE'],
    apiKeyEnv: ['TENCENT_API_KEY'],
    operations: ['completion'],
    streamUsage: true,
    thinking: enableThinking,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/tencent/chat/transformation.py',
  },
  together_ai: {
    baseURL: 'https://api.together.xyz/v1',
    baseURLEnv: ['TOGETHER_AI_API_BASE'],
    apiKeyEnv: ['TOGETHER_API_KEY', 'TOGETHER_AI_API_KEY', 'TOGETHERAI_API_KEY', 'TOGETHER_AI_TOKEN'],
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    thinking: reasoningEnabled,
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  upstage: {
    baseURL: 'https://api.upstage.ai/v1',
    apiKeyEnv: ['UPSTAGE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    source: 'https://console.upstage.ai/api-keys?api=chat-reasoning',
  },
  v0: {
    baseURL: 'https://api.v0.dev/v1',
    baseURLEnv: ['V0_API_BASE'],
    apiKeyEnv: ['V0_API_KEY'],
    operations: ['completion'],
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/v0/chat/transformation.py',
  },
  veniceai: {
    baseURL: 'https://api.venice.ai/api/v1',
    apiKeyEnv: ['VENICE_AI_API_KEY'],
    operations: ['completion'],
    streamUsage: true,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  vercel_ai_gateway: {
    baseURL: 'https://ai-gateway.vercel.sh/v1',
    baseURLEnv: ['VERCEL_AI_GATEWAY_API_BASE'],
    apiKeyEnv: ['VERCEL_AI_GATEWAY_API_KEY', 'VERCEL_OIDC_TOKEN'],
    messageFields: ['reasoning_content', 'reasoning_details', 'cache_control'],
    streamUsage: true,
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/llms/vercel_ai_gateway/chat/transformation.py',
  },
  volcengine: {
    baseURL: 'https://ark.cn-beijing.volces.com/api/v3',
    baseURLEnv: ['VOLCENGINE_API_BASE'],
    apiKeyEnv: ['VOLCENGINE_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    streamUsage: true,
    // https://www.volcengine.com/docs/82379/1494384
    thinking: thinkingType(() => true),
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  voyage: {
    baseURL: 'https://api.voyageai.com/v1',
    apiKeyEnv: ['VOYAGE_API_KEY', 'VOYAGE_AI_API_KEY', 'VOYAGE_AI_TOKEN'],
    rename: { dimensions: 'output_dimension' },
    operations: ['embedding'],
    unsupported: ['user'],
    // https://docs.voyageai.com/reference/embeddings-api
    embedding: { maxInputs: 1000, textsOnly: true, omit: { encoding_format: 'float' } },
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/voyage/embedding/transformation.py',
  },
  wandb: {
    baseURL: 'https://api.inference.wandb.ai/v1',
    baseURLEnv: ['WANDB_API_BASE'],
    apiKeyEnv: ['WANDB_API_KEY'],
    operations: ['completion'],
    streamUsage: true,
    source:
      'https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/get_llm_provider_logic.py',
  },
  xai: {
    baseURL: 'https://api.x.ai/v1',
    baseURLEnv: ['XAI_API_BASE'],
    apiKeyEnv: ['XAI_API_KEY'],
    operations: ['completion'],
    // https://docs.x.ai/docs/key-information/consumption-and-rate-limits
    reasoningTokensApart: true,
    streamUsage: true,
    limit: limitGrok,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/xai/chat/transformation.py',
  },
  xiaomi_mimo: {
    baseURL: 'https://api.xiaomimimo.com/v1',
    apiKeyEnv: ['XIAOMI_MIMO_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    // https://platform.xiaomimimo.com/docs/api/chat/openai-api
    thinking: thinkingType(),
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/openai_like/providers.json',
  },
  xinference: {
    baseURL: 'http://127.0.0.1:9997/v1',
    baseURLEnv: ['XINFERENCE_API_BASE'],
    apiKeyEnv: ['XINFERENCE_API_KEY'],
    templates: true,
    apiKeyOptional: true,
    rename: { max_completion_tokens: 'max_tokens' },
    thinkTags: true,
    streamUsage: true,
    source: 'https://docs.litellm.ai/docs/providers/xinference',
  },
  zai: {
    baseURL: 'https://api.z.ai/api/paas/v4',
    baseURLEnv: ['ZAI_API_BASE'],
    apiKeyEnv: ['ZAI_API_KEY'],
    rename: { max_completion_tokens: 'max_tokens' },
    operations: ['completion'],
    streamUsage: true,
    textAsString: true,
    thinking: glmThinking,
    source: 'https://github.com/BerriAI/litellm/blob/main/litellm/llms/zai/chat/transformation.py',
  },
} as const satisfies Readonly<Record<string, CompatibleProvider>>;

/**
 * Providers by the prefix of their model ids (`groq` in `groq/openai/gpt-oss-120b`). The prefixes and the
 * names of the environment variables are LiteLLM's where LiteLLM knows the provider.
 */
export const COMPATIBLE_PROVIDERS = {
  ...PROVIDERS,
  // DashScope's present names, outside of China and in it.
  qwencloud: {
    ...PROVIDERS.dashscope,
    baseURLEnv: ['QWENCLOUD_API_BASE'],
    apiKeyEnv: ['QWENCLOUD_API_KEY', 'DASHSCOPE_API_KEY'],
    source: 'https://docs.litellm.ai/docs/providers/qwencloud',
  },
  qwen_ai_platform: {
    ...PROVIDERS.dashscope,
    baseURL: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    baseURLEnv: ['QWEN_AI_PLATFORM_API_BASE'],
    apiKeyEnv: ['QWEN_AI_PLATFORM_API_KEY', 'DASHSCOPE_API_KEY'],
    source: 'https://docs.litellm.ai/docs/providers/qwencloud',
  },
} as const satisfies Readonly<Record<string, CompatibleProvider>>;

/** Names of the providers in {@link COMPATIBLE_PROVIDERS}: the part of a model id before the first slash. */
export type CompatibleProviderName = keyof typeof COMPATIBLE_PROVIDERS;
