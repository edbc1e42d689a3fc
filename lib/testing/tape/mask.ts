import { secretsOf, type HttpDispatchOptions } from '../../index.js';

/** Headers that say whose account it is: no credentials, and nothing for a file either. */
const OWNER = /organi[sz]ation|project|account|workspace/i;

/** Parameters of queries, in a body's URLs as well, that sign an address or hold a key. */
const SIGNED =
  /((?:[?&]|\\u0026)(?:amp;)?[\w.-]{0,40}(?:signature|sig|token|credential|key|expires|policy|secret|auth|password|code)[\w.-]{0,40}=)([^&\s"'<>\\]+)/gi;

/** Keys, tokens and organisations by their form. */
const BY_FORM =
  /\b(?:(?:sk|rk|pk|xai|pplx|nvapi|fw|tgp)[-_][\w-]{12,}|(?:gsk|hf|r8|ghp|gho|ghu|ghs)_\w{12,}|AIza[\w-]{20,}|ya29\.[\w.-]+|(?:AKIA|ASIA)[A-Z0-9]{12,}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*|org-\w{6,}|proj_\w{6,})/g;

/** Replaces what no file may have by as many asterisks, so that every boundary stays where it was. */
export type Mask = (bytes: Buffer) => Buffer;

/** @returns a mask for what comes back to a request, and for the request itself */
export function maskFor({ headers, path }: Pick<HttpDispatchOptions, 'headers' | 'path'>): Mask {
  const owners = Object.entries(headers).flatMap(([name, value]) => (OWNER.test(name) ? [value] : []));
  const inQuery = [...path.matchAll(SIGNED)].flatMap(([, , value]) => [value!, decoded(value!)]);
  const secrets = secretsOf(headers, () => [...owners, ...inQuery]).map(toBytes);
  return (bytes) => {
    let text = bytes.toString('latin1');
    for (const secret of secrets) text = text.replaceAll(secret, stars);
    text = text.replace(SIGNED, (_whole, name: string, value: string) => name + stars(value));
    return Buffer.from(text.replace(BY_FORM, stars), 'latin1');
  };
}

export const maskText = (mask: Mask, text: string): string => mask(Buffer.from(text)).toString();

/** A character a byte, for what is searched in bytes. */
const toBytes = (text: string): string => Buffer.from(text).toString('latin1');

const stars = (text: string): string => '*'.repeat(text.length);

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
