export type HttpAdapterName = 'express' | 'fastify';

export interface HttpConfig {
  readonly adapter: HttpAdapterName;
  readonly host: string;
  readonly port: number;
  /** Largest request body in bytes. */
  readonly bodyLimit: number;
  /** Milliseconds in which a request has to arrive, its body included. */
  readonly requestTimeout: number;
  /** What the `Host` of a request may be, without its port; `*` for anything. */
  readonly allowedHosts: readonly string[];
}

/**
 * How the sample itself listens: `PORT`, `HOST`, `ALLOWED_HOSTS` (names, separated by commas), `BODY_LIMIT_MB`,
 * `REQUEST_TIMEOUT_S`, and `LLM_HTTP_ADAPTER` (`express` or `fastify`). It is needed before there is an application to inject
 * it from.
 *
 * @throws {Error} naming the variable that is wrong
 */
export function readHttpConfig(env: NodeJS.ProcessEnv = process.env): HttpConfig {
  const adapter = env['LLM_HTTP_ADAPTER'] || 'express';
  if (adapter !== 'express' && adapter !== 'fastify') {
    throw new Error(`LLM_HTTP_ADAPTER is "${adapter}": it has to be express or fastify`);
  }
  // The gateway spends the money behind the server's key and asks nobody for a password: it is not for the network.
  const host = env['HOST'] || '127.0.0.1';
  return {
    adapter,
    host,
    port: readNumber(env, 'PORT', 3000, 65_535),
    // The frameworks' 100 kB and 1 MB refuse what OpenAI's clients send: images and PDFs inside of the messages, in
    // base64. 20 MB hold one of OpenAI's largest images; parsing that blocks the process for about a tenth of a second.
    bodyLimit: readNumber(env, 'BODY_LIMIT_MB', 20, 1000) * 1024 * 1024,
    // Fastify has none of its own, and Node's five minutes let a client that drips hold a connection for long.
    requestTimeout: readNumber(env, 'REQUEST_TIMEOUT_S', 60, 3600) * 1000,
    allowedHosts: [...LOCAL_NAMES, host.toLowerCase(), ...readNames(env['ALLOWED_HOSTS'])],
  };
}

/** A browser on this machine names it so. */
const LOCAL_NAMES = ['localhost', '127.0.0.1', '[::1]'];

function readNames(text = ''): string[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}

function readNumber(env: NodeJS.ProcessEnv, name: string, byDefault: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return byDefault;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new Error(`${name} is "${text}": it has to be a whole number from 0 to ${max}`);
}
