import { CallMeta } from '../call-meta.js';
import type { Operation, OperationCall } from '../operation.interface.js';
import { inAdapter, translateRequest } from '../in-adapter.js';
import { lacksOperation, parseOrText, readDocument } from '../read-document.js';
import { attachRaw, withMeta, type WithMeta } from '../result-meta.js';
import type { ChatCompletion } from './chat-completion.interface.js';
import type { ChatRequest } from './chat-request.interface.js';
import { checkChatParams, checkChatRequest } from './check-request.js';
import { normalizeRequest } from './normalize-request.js';
import { readCompletion } from './read-completion.js';
import { ChatStream } from './chat-stream.js';
import { StreamReader } from './stream-reader.js';
import { StreamTarget } from './stream-target.js';

/** Chat completions, unary and streamed. */
export const chat: Operation<ChatRequest, WithMeta<ChatCompletion> | ChatStream> = {
  name: 'completion',
  async run(call) {
    checkChatRequest(call.request);
    const request = normalizeRequest(call.request);
    if (request !== call.request) call.request = request;
    const { deployment, provider, model } = call;
    const format = inAdapter(call, () => deployment.operations.chat?.(model, request));
    if (format === undefined) throw lacksOperation(provider, 'chat completions');
    const translated = translateRequest(format, call, checkChatParams);
    if (request.stream !== true) {
      const reply = await call.send(translated);
      const completion = readDocument(reply, call, (body) =>
        readCompletion(format.response(body, call), deployment.limits),
      );
      // Parsed again, for the completion may have been made of the document in place.
      if (call.options.raw === true) attachRaw(completion, parseOrText(reply.body!.toString()));
      return withMeta(completion, new CallMeta(call, reply, { usage: completion.usage }));
    }
    const target = targetOf(call);
    const about = { provider, model: `${provider}/${model}`, host: deployment.host };
    const translator = inAdapter(call, () => format.translator(call));
    const reader = new StreamReader(format.framing, translator, about, target, call.options.raw);
    const reply = await call.send(translated, reader);
    if (reply.body !== null) return readDocument<never>(reply, call, () => undefined);
    target.meta = new CallMeta(call, reply, target.assembler.counted);
    return new ChatStream(target);
  },
};

/** The stream that is taken over, or a new one. */
function targetOf(call: OperationCall<ChatRequest>): StreamTarget {
  if (call.stream !== undefined) return call.stream;
  const target = new StreamTarget(call.deployment.limits);
  target.takeOver = call.takeOver;
  call.stream = target;
  return target;
}
