import { modelSegments } from '../kit/model-path.js';
import { withModel } from '../kit/with-model.js';
import { MISTRAL_COMPLETION } from '../mistral/mistral.adapter.js';
import { openAIEmbeddingFormat } from '../openai/openai.embedding.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import type { CompletionFormat, EmbeddingFormat } from '../provider-adapter.interface.js';

/** Makers whose models have an API of their own here. */
const OTHER_MAKERS = /^(google|gemini|anthropic|mistralai|ai21|publishers|endpoints|models)\//;
/** An endpoint that serves a model of the garden, as LiteLLM names it. */
const OWN_ENDPOINT = /^openai\/(\d+)$/;
const MISTRAL = /^(mistralai\/)?(mistral|ministral|magistral|codestral)/;
const JAMBA = /^(ai21\/)?jamba/;

const QUIRKS: OpenAIQuirks = {
  modelName,
  unsupported: ['thinking'],
  messageFields: ['reasoning_content'],
  thinkTags: true,
  capabilities: {
    tools: true,
    structuredOutput: 'native',
    reasoning: true,
    images: true,
    audio: false,
    files: false,
    promptCaching: false,
  },
};

/** The maker belongs to the name; LiteLLM leaves Meta's out. An endpoint of one's own serves one model, which has none. */
function modelName(model: string): string {
  if (OWN_ENDPOINT.test(model)) return '';
  return model.startsWith('llama') ? `meta/${model}` : model;
}

/** Whether the model is another maker's that Vertex AI serves by OpenAI's API. */
function hasOpenAIPath(model: string): boolean {
  return (model.includes('/') && !OTHER_MAKERS.test(model)) || /^llama.*-maas$/.test(model);
}

function openAIPath(model: string, path: string): string {
  return `/endpoints/${OWN_ENDPOINT.exec(model)?.[1] ?? 'openapi'}${path}`;
}

const OPENAI_FORMAT = openAICompletionFormat(QUIRKS);
const OPENAI_EMBEDDING = openAIEmbeddingFormat(QUIRKS);

/** @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/maas/call-open-model-apis} */
const BY_OPENAI: CompletionFormat = {
  ...OPENAI_FORMAT,
  request(request, context) {
    const translated = OPENAI_FORMAT.request(request, context);
    return { ...translated, path: openAIPath(context.model, translated.path) };
  },
};

const EMBEDDING_BY_OPENAI: EmbeddingFormat = {
  ...OPENAI_EMBEDDING,
  request(request, context) {
    const translated = OPENAI_EMBEDDING.request(request, withModel(context, modelName(context.model)));
    return { ...translated, path: openAIPath(context.model, translated.path) };
  },
};

/** The maker's own API behind a path of Google's, which has the version of the model that the body leaves out. */
function byRawPredict(maker: string, format: CompletionFormat): CompletionFormat {
  return {
    ...format,
    request(request, context) {
      const name = context.model.replace(`${maker}/`, '');
      const translated = format.request(request, withModel(context, name.split('@', 1)[0]!));
      const verb = request.stream === true ? 'streamRawPredict' : 'rawPredict';
      return {
        ...translated,
        path: `/publishers/${maker}/models/${modelSegments(name, context).join('/')}:${verb}`,
      };
    },
  };
}

/** @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral} */
const BY_MISTRAL = byRawPredict('mistralai', MISTRAL_COMPLETION);
/** @see {@link https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/ai21} */
const BY_AI21 = byRawPredict('ai21', openAICompletionFormat({ ...QUIRKS, modelName: undefined }));

/** The format of a model of the Model Garden; `undefined` for Google's own, Claude, and endpoints without OpenAI's API. */
export function partnerCompletionFormat(model: string): CompletionFormat | undefined {
  if (MISTRAL.test(model)) return BY_MISTRAL;
  if (JAMBA.test(model)) return BY_AI21;
  return hasOpenAIPath(model) ? BY_OPENAI : undefined;
}

export function partnerEmbeddingFormat(model: string): EmbeddingFormat | undefined {
  return hasOpenAIPath(model) ? EMBEDDING_BY_OPENAI : undefined;
}
