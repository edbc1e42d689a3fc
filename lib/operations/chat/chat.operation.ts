import { CallMeta } from '../call-meta.js';
import type { Operation } from '../operation.interface.js';
import { inAdapter, translateRequest } from '../in-adapter.js';
import { lacksOperation, readDocument, requestDocument } from '../read-document.js';
import { parseOrText } from '../../wire/parse-or-text.js';
import type { HttpReply } from '../../transport/exchange/http-request.interface.js';
import { kindOf, labelledKind } from './body-kind.js';
import type { ChatCall } from './chat-call.interface.js';
import type { CompletionFormat } from './chat-format.interface.js';
import type { Answerer } from './chunk-reader.js';
import { assembleEvents } from './whole-answer.js';
import { attachRaw, withMeta, type WithMeta } from '../result-meta.js';
import type { ChatCompletion } from './chat-completion.interface.js';
import { checkChatParams, checkChatRequest } from './check-request.js';
import { inlineMedia } from './inline-media.js';
import { normalizeRequest } from './normalize-request.js';
import { readCompletion } from './read-completion.js';
import { ChatStream } from './chat-stream.js';
import { StreamCallMeta } from './stream-meta.js';
import { StreamReader } from './stream-reader.js';
import { StreamTarget } from './stream-target.js';

/** Chat completions, unary and streamed. */
export const chat: Operation<ChatCall, WithMeta<ChatCompletion> | ChatStream> = {
  name: 'completion',
  async run(call) {
    checkChatRequest(call.request);
    const request = normalizeRequest(call.request);
    if (request !== call.request) call.request = request;
    const { deployment, provider, model } = call;
    const format = inAdapter(call, () => deployment.operations.chat?.(model, request));
    if (format === undefined) throw lacksOperation(provider, 'chat completions');
    if (format.fetchesMedia === false) await fetchMediaOf(call);
    const translated = translateRequest(format, call, checkChatParams);
    if (request.stream !== true) {
      const { reply, result: completion } = await requestDocument(call, translated, (answer) =>
        readReply(answer, call, format),
      );
      // Parsed again, for the completion may have been made of the document in place.
      if (call.options.raw === true) attachRaw(completion, parseOrText(reply.body!.toString()));
      return withMeta(completion, new CallMeta(call, reply, { usage: completion.usage }));
    }
    const target = targetOf(call);
    const reader = new StreamReader(
      {
        framing: format.framing,
        from: answererOf(call),
        includesUsage: request.stream_options?.include_usage === true,
        keepsRaw: call.options.raw === true,
        translator: () => inAdapter(call, () => format.translator(call)),
        meta: (reply) => new StreamCallMeta(call, reply, target),
        readDocument: (reply) => readCompletionDocument(reply, call, format),
      },
      target,
    );
    await call.send(translated, { reader });
    return new ChatStream(target);
  },
};

/** Puts bytes in the place of URLs, where that is allowed; where not, the format refuses them. */
async function fetchMediaOf(call: ChatCall): Promise<void> {
  const { fetchMedia } = call;
  if (fetchMedia !== undefined) call.request = await inlineMedia(call.request, fetchMedia);
}

function answererOf({ provider, model, deployment }: ChatCall): Answerer {
  return { provider, model: `${provider}/${model}`, host: deployment.host };
}

function readCompletionDocument(reply: HttpReply, call: ChatCall, format: CompletionFormat): ChatCompletion {
  return readDocument(reply, call, (body) =>
    readCompletion(format.response(body, call), call.deployment.limits),
  );
}

/** Reads a whole body of either kind: gateways exist that answer with an event stream whatever was asked for. */
function readReply(reply: HttpReply, call: ChatCall, format: CompletionFormat): ChatCompletion {
  const { framing } = format;
  const labelled = labelledKind(reply.headers) ?? 'document';
  if (kindOf(reply.body!, framing, labelled) !== 'events') return readCompletionDocument(reply, call, format);
  const translator = inAdapter(call, () => format.translator(call));
  return assembleEvents(framing, translator, answererOf(call), reply, call.deployment.limits);
}

/** The stream that is taken over, or a new one. */
function targetOf(call: ChatCall): StreamTarget {
  if (call.stream !== undefined) return call.stream;
  const target = new StreamTarget(call.deployment.limits);
  // Asked for when it is needed: whoever carries the call on may be another one by then.
  if (call.takeOver !== undefined) target.takeOver = (error) => call.takeOver?.(error) === true;
  call.stream = target;
  return target;
}
