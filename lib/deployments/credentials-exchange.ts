import { AuthenticationError } from '../errors/errors.js';
import { excerptOf } from '../errors/http-error.js';
import { credentialsInQuery, credentialsInText, secretsOf } from '../errors/redact.js';
import type { LlmHandler } from '../llm.handler.js';
import type { CallOptions } from '../calls/call-options.interface.js';
import type { CredentialsExchange } from '../providers/provider-adapter.interface.js';
import { override, type ProviderClient } from './provider-client.js';

/** The call that needs credentials. */
interface CredentialsCall {
  readonly provider: string;
  readonly model: string;
  readonly client: ProviderClient;
  readonly options: CallOptions;
}

/** 15 s and 30 s: services that give credentials answer within one, or do not work. In milliseconds. */
const LIMITS = { firstByte: 15_000, total: 30_000 };

/**
 * Sends the requests for a call's credentials over the session of that call. What they bring is for all calls, so they
 * have time limits of their own, and go on when the call that happened to need them first has been aborted.
 */
export function credentialsExchange(
  handler: LlmHandler,
  { provider, model, client, options }: CredentialsCall,
): CredentialsExchange {
  return async ({ method, url, headers, body, timeout, retry }) => {
    const { origin, pathname, search, host } = new URL(url);
    const held = (): string[] => [
      ...client.held(),
      ...credentialsInQuery(search),
      ...credentialsInQuery(body ?? ''),
    ];
    const reply = await handler.send({
      purpose: 'credentials',
      provider,
      model,
      origin,
      path: pathname + search,
      method,
      headers: { ...headers },
      body: body ?? null,
      held,
      timeout: override({ ...client.timeout, ...LIMITS }, timeout),
      retry: override(client.retry, retry),
      maxResponseSize: client.limits.responseSize,
      session: options.session,
      readError: ({ status, sentHeaders, body: answer }) => {
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
