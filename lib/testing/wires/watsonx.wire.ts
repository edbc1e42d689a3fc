import { OPENAI, openAIError } from './openai.wire.js';
import type { Wire, WireRequest } from './wire.interface.js';

const model = ({ pathname, body }: WireRequest): string | undefined =>
  body?.model_id ?? /\/deployments\/([^/]+)\//.exec(pathname)?.[1];

/** OpenAI's chat completions at the paths of IBM watsonx. */
export const WATSONX: Wire = {
  ...OPENAI,
  matches: ({ pathname }) => /\/text\/chat(_stream)?$/.test(pathname),
  model,
  isStream: ({ pathname }) => pathname.endsWith('_stream'),
  // Its streams tell the usage unasked.
  stream: (answer, { method, pathname }, name) =>
    OPENAI.stream!(answer, { method, pathname, body: { stream_options: { include_usage: true } } }, name),
};

export const WATSONX_EMBEDDINGS: Wire = {
  name: 'watsonx',
  operation: 'embeddings',
  matches: ({ pathname }) => pathname.endsWith('/text/embeddings'),
  model,
  isStream: () => false,
  whole: (answer, { body }, name) => ({
    model_id: name,
    results: answer.vectors(body?.inputs?.length ?? 0).map((embedding) => ({ embedding })),
    input_token_count: answer.usage.prompt,
  }),
  error: openAIError,
};
