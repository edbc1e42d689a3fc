import { randomUUID } from 'node:crypto';
import type { BodyReader, HttpReply } from '../transport/exchange/http-request.interface.js';
import type { CallOptions } from './call-options.interface.js';
import type { LlmHandler } from '../llm.handler.js';
import type { FormatContext, ProviderRequest } from '../providers/provider-adapter.interface.js';
import { credentialsExchange } from '../deployments/credentials-exchange.js';
import type { ProviderClient } from '../deployments/provider-client.js';
import { toHttpError } from './read-document.js';

/** Sends a translated request over the handler. @param reader takes the body of a stream */
export function sendRequest(
  handler: LlmHandler,
  client: ProviderClient,
  context: FormatContext,
  translated: ProviderRequest,
  options: CallOptions,
  reader?: BodyReader,
): Promise<HttpReply> {
  const { provider } = context;
  const model = `${provider}/${context.model}`;
  const shared = reader === undefined ? client.unaryHeaders : client.streamHeaders;
  const { authorize, idempotencyHeader, pathOf } = client;
  const headers =
    translated.headers === undefined && idempotencyHeader === undefined
      ? shared
      : {
          ...shared,
          ...translated.headers,
          ...(idempotencyHeader && { [idempotencyHeader]: randomUUID() }),
        };
  const operation = pathOf === undefined ? translated.path : pathOf(translated.path, context.model);
  const path = client.path + withQuery(operation, client.query);
  return handler.send({
    provider,
    model,
    origin: client.origin,
    path,
    method: 'POST',
    headers,
    body: translated.body,
    held: client.held,
    timeout: client.timeout,
    retry: client.retry,
    circuit: client.circuit,
    maxResponseSize: client.limits.responseSize,
    signal: options.signal,
    session: options.session,
    reader,
    authorize:
      authorize &&
      (() =>
        authorize(
          { method: 'POST', url: client.origin + path, headers, body: translated.body },
          credentialsExchange(handler, { provider, model, client, options }),
        )),
    readError: (reply) => toHttpError(reply, client, context),
  });
}

/** The query of a base URL, behind that of the operation where it has one. */
function withQuery(path: string, query: string): string {
  return query !== '' && path.includes('?') ? `${path}&${query.slice(1)}` : path + query;
}
