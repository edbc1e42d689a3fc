import * as v from 'valibot';
import type { ChatRequest, EmbeddingRequest } from '../../lib/index.js';
import { describeBodyIssue } from '../http/body-issue.js';

const model = v.optional(v.string('has to be a text'));

/** Only what the gateway itself needs to be right; all else is between the client and the provider. */
export const gatewayChatSchema = v.looseObject(
  {
    model,
    messages: v.array(v.looseObject({}), 'has to be an array of chat messages'),
    stream: v.nullish(v.boolean('has to be true or false')),
  },
  describeBodyIssue,
);

export const gatewayEmbeddingSchema = v.looseObject(
  { model, input: v.union([v.string(), v.array(v.any())], 'has to be a text or an array') },
  describeBodyIssue,
);

export type GatewayChatBody = Omit<ChatRequest, 'model'> & { model?: string };
export type GatewayEmbeddingBody = Omit<EmbeddingRequest, 'model'> & { model?: string };

/** An entry of OpenAI's list of models. */
export interface ModelEntry {
  readonly id: string;
  readonly object: 'model';
  /** Unix time in seconds. */
  readonly created: number;
  readonly owned_by: string;
}

export interface ModelList {
  readonly object: 'list';
  readonly data: readonly ModelEntry[];
}
