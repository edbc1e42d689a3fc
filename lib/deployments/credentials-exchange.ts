import { AuthenticationError } from '../errors/errors.js';
import { excerptOf } from '../errors/http-error.js';
import { credentialsInQuery, credentialsInText, secretsOf } from '../errors/redact.js';
import type { CredentialsExchange } from '../providers/provider-adapter.interface.js';
import type { HttpRequest } from '../transport/exchange/http-request.interface.js';
import type { Transport } from '../transport/exchange/transport.interface.js';
import { override } from './override.js';

/** What requests for credentials have in common with the call that needs them. */
type CredentialsCall = Pick<
  HttpRequest,
  'provider' | 'model' | 'held' | 'timeout' | 'retry' | 'maxResponseSize' | 'session'
>;

/** 15 s and 30 s: services that give credentials answer within one, or do not work. In milliseconds. */
const LIMITS = { firstByte: 15_000, total: 30_000 };

/**
 * Sends the requests for a call's credentials over the session of that call. What they bring is for all calls, so they
 * have time limits of their own, and go on when the call that happened to need them first has been aborted.
 */
export function credentialsExchange(transport: Transport, call: CredentialsCall): CredentialsExchange {
  return async ({ method, url, headers, body, timeout, retry, onRefused }) => {
    const { origin, pathname, search, host } = new URL(url);
    const { provider, model } = call;
    const held = (): string[] => [
      ...(call.held?.() ?? []),
      ...credentialsInQuery(search),
      ...credentialsInQuery(body ?? ''),
    ];
    const reply = await transport.send({
      ...call,
      purpose: 'credentials',
      origin,
      path: pathname + search,
      method,
      headers: { ...headers },
      body: body ?? null,
      held,
      timeout: override({ ...call.timeout, ...LIMITS }, timeout),
      retry: override(call.retry, retry),
      readError: ({ status, headers: answered, sentHeaders, body: answer }) => {
        if (status === 400 || status === 403) onRefused?.(answered);
        const text = String(answer);
        const secrets = secretsOf(sentHeaders, () => [...held(), ...credentialsInText(text)]);
        return new AuthenticationError(
          `${provider}: no credentials from ${host}, which answered ${status}: ${excerptOf(text, secrets)}`,
          {
            provider,
            model,
            status,
            code: 'credentials_failed',
            retryable: status >= 500 || status === 429,
          },
        );
      },
    });
    return { status: reply.status, body: reply.body!.toString('utf8') };
  };
}
