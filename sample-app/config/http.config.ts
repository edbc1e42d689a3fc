export type HttpAdapterName = 'express' | 'fastify';

export interface HttpConfig {
  readonly adapter: HttpAdapterName;
  readonly host: string;
  readonly port: number;
  /** Largest request body in bytes. */
  readonly bodyLimit: number;
}

/**
 * How the sample itself listens: `PORT`, `HOST`, `BODY_LIMIT_MB`, and `LLM_HTTP_ADAPTER` (`express` or `fastify`). It is
 * needed before there is an application to inject it from.
 *
 * @throws {Error} naming the variable that is wrong
 */
export function readHttpConfig(env: NodeJS.ProcessEnv = process.env): HttpConfig {
  const adapter = env['LLM_HTTP_ADAPTER'] || 'express';
  if (adapter !== 'express' && adapter !== 'fastify') {
    throw new Error(`LLM_HTTP_ADAPTER is "${adapter}": it has to be express or fastify`);
  }
  return {
    adapter,
    // The gateway spends the money behind the server's key and asks nobody for a password: it is not for the network.
    host: env['HOST'] || '127.0.0.1',
    port: readNumber(env, 'PORT', 3000, 65_535),
    // The frameworks' 100 kB and 1 MB refuse what OpenAI's clients send: images and PDFs inside of the messages, in
    // base64. 20 MB hold one of OpenAI's largest images; parsing that blocks the process for about a tenth of a second.
    bodyLimit: readNumber(env, 'BODY_LIMIT_MB', 20, 1000) * 1024 * 1024,
  };
}

function readNumber(env: NodeJS.ProcessEnv, name: string, byDefault: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return byDefault;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`${name} is "${text}": it has to be a whole number from 0 to ${max}`);
}
