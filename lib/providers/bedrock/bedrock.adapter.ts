import type { ProviderAdapter } from '../provider-adapter.interface.js';
import { AWS_OPTION_NAMES, awsConnection, type AwsService } from './aws/aws-connection.js';
import { dnsSuffixOf } from './aws/regions.js';
import { bedrockEmbeddingFormat } from './bedrock.embedding.js';
import { readBedrockError } from './bedrock.errors.js';
import { BEDROCK_COMPLETION } from './bedrock.format.js';
import { locateModel } from './bedrock.models.js';

const SERVICE: AwsService = {
  provider: 'bedrock',
  signingName: 'bedrock',
  baseURL: (region) => `https://bedrock-runtime.${region}.${dnsSuffixOf(region)}`,
  baseURLEnv: ['AWS_ENDPOINT_URL_BEDROCK_RUNTIME', 'AWS_BEDROCK_RUNTIME_ENDPOINT', 'AWS_ENDPOINT_URL'],
  keyEnv: ['AWS_BEARER_TOKEN_BEDROCK'],
};

/**
 * Amazon Bedrock: chats by the Converse API, embeddings by InvokeModel.
 *
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html}
 * @see {@link https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html} for the credentials
 */
export const bedrockAdapter: ProviderAdapter = {
  provider: SERVICE.provider,
  optionNames: AWS_OPTION_NAMES,
  locate: locateModel,
  connect: (options, env) => awsConnection(SERVICE, options, env),
  completion: () => BEDROCK_COMPLETION,
  embedding: (model) => bedrockEmbeddingFormat(model),
  readError: readBedrockError,
};
