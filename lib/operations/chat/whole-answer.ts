import { StreamInterruptedError } from '../../errors/errors.js';
import { fromErrorEvent, readRequestId } from '../../errors/http-error.js';
import { secretsOf } from '../../errors/redact.js';
import type { StreamLimits } from './stream-target.js';
import type { ChunkTranslator } from './chat-format.interface.js';
import type { HttpReply } from '../../transport/exchange/http-request.interface.js';
import type { WireFraming } from '../../wire/wire-decoder.interface.js';
import type { ChatCompletion, PartialChatCompletion } from './chat-completion.interface.js';
import type { ChatCompletionChunk } from './chat-completion-chunk.interface.js';
import { ChunkAssembler, saysSomething } from './chunk-assembler.js';
import { ChunkReader, type Answerer } from './chunk-reader.js';

/** A whole completion as the one chunk of a stream. */
export function toChunk({ choices, ...head }: ChatCompletion): ChatCompletionChunk {
  return {
    ...head,
    object: 'chat.completion.chunk',
    choices: choices.map(({ message, ...choice }) => {
      const { tool_calls: calls, function_call: call, ...delta } = message;
      return {
        ...choice,
        delta: {
          ...delta,
          ...(call && { function_call: call }),
          ...(calls && { tool_calls: calls.map((one, index) => ({ index, ...one })) }),
        },
      };
    }) as ChatCompletionChunk['choices'],
  };
}

/**
 * Puts a whole body of events together to the completion that they say.
 *
 * @throws {APIError} of the error that an event reports; of the kind that is tried again where its status is
 * @throws {StreamInterruptedError} when the last event is not its end
 * @throws {APIResponseValidationError} when an event is not of the provider's format
 */
export function assembleEvents(
  framing: WireFraming,
  translator: ChunkTranslator,
  from: Answerer,
  reply: HttpReply,
  limits: StreamLimits,
): ChatCompletion {
  const { headers, sentHeaders, held } = reply;
  const assembler = new ChunkAssembler(limits.toolCalls);
  let hasContent = false;
  const reader: ChunkReader = new ChunkReader(
    framing,
    translator,
    {
      push(chunk) {
        assembler.push(chunk);
        hasContent ||= saysSomething(chunk);
      },
      usage(usage) {
        assembler.counted.usage = usage;
      },
      finish: () => reader.close(),
      fail(detail) {
        const secrets = secretsOf(sentHeaders, held);
        throw fromErrorEvent(detail, { ...from, headers, secrets, retryable: !hasContent });
      },
    },
    from,
    reply,
    limits.eventSize,
  );
  reader.push(reply.body!);
  const isWhole = reader.end();
  const usage = assembler.counted.usage ?? translator.usage;
  const answer: PartialChatCompletion = { ...assembler.completion(), ...(usage && { usage }) };
  if (isWhole) return answer as ChatCompletion;
  throw interrupted('ended before its terminal event', from, reply, answer);
}

/** A stream that stopped before its end. */
export function interrupted(
  what: string,
  { provider, model, host }: Answerer,
  { headers, sentHeaders, held }: Pick<HttpReply, 'headers' | 'sentHeaders' | 'held'>,
  partial: PartialChatCompletion,
  cause?: Error,
): StreamInterruptedError {
  return new StreamInterruptedError(
    `${provider}: the stream from ${host} ${what}; what had arrived is in "partial", and nothing says that it is whole`,
    partial,
    { provider, model, cause, requestId: readRequestId(headers, secretsOf(sentHeaders, held)) },
  );
}
