import { modelSegments } from '../kit/model-path.js';
import { readOpenAIError } from '../openai/openai.errors.js';
import { openAICompletionFormat } from '../openai/openai.format.js';
import type { OpenAIQuirks } from '../openai/openai.quirks.js';
import type { CompletionFormat, ProviderAdapter } from '../provider-adapter.interface.js';
import { AWS_OPTION_NAMES, awsConnection, type AwsService } from './aws/aws-connection.js';
import { dnsSuffixOf } from './aws/regions.js';
import { readBedrockError, readStreamException } from './bedrock.errors.js';

const SERVICE: AwsService = {
  provider: 'sagemaker_chat',
  signingName: 'sagemaker',
  baseURL: (region) => `https://runtime.sagemaker.${region}.${dnsSuffixOf(region)}`,
  baseURLEnv: ['AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME', 'SAGEMAKER_BASE_URL', 'AWS_ENDPOINT_URL'],
  keyEnv: [],
};

const QUIRKS: OpenAIQuirks = {
  unsupported: ['thinking'],
  rename: { max_completion_tokens: 'max_tokens' },
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

/** SageMaker's own report of a failure, beside the events of the container. */
const OWN_EVENT = /^(model|internal)stream/i;

const OPENAI = openAICompletionFormat(QUIRKS);

/** @see {@link https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html} */
const COMPLETION: CompletionFormat = {
  ...OPENAI,
  framing: 'aws-sse',
  request(request, context) {
    const verb = request.stream === true ? 'invocations-response-stream' : 'invocations';
    const name = modelSegments(context.model, context).join('/');
    return { ...OPENAI.request(request, context), path: `/endpoints/${name}/${verb}` };
  },
  translator(context) {
    const translator = OPENAI.translator(context);
    return {
      event(event, sink) {
        if (event.event === undefined || !OWN_EVENT.test(event.event)) return translator.event(event, sink);
        sink.fail(readStreamException(event.event, event.data) ?? { message: event.event });
        return false;
      },
      end: (sink) => translator.end(sink),
    };
  },
};

/**
 * Endpoints of Amazon SageMaker whose container has OpenAI's chat completions, as vLLM's and Hugging Face's do. The name
 * of a model is the name of its endpoint.
 *
 * @see {@link https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-test-endpoints.html}
 */
export const sagemakerAdapter: ProviderAdapter = {
  provider: SERVICE.provider,
  optionNames: AWS_OPTION_NAMES,
  connect: (options, env) => awsConnection(SERVICE, options, env),
  completion: () => COMPLETION,
  readError(body, status) {
    // A container's own error is text in SageMaker's.
    const original = (body as { OriginalMessage?: unknown } | null)?.OriginalMessage;
    const inner = typeof original === 'string' ? readOpenAIError(parse(original), status) : undefined;
    return inner ?? readBedrockError(body, status) ?? readOpenAIError(body, status);
  },
};

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return { message: text };
  }
}
