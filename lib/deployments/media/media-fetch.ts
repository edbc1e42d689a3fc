import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { BadRequestError } from '../../errors/errors.js';
import { LlmError } from '../../errors/llm.error.js';
import type { FetchMedia } from '../../operations/chat/inline-media.js';
import type { HttpReply, HttpRequest } from '../../transport/exchange/http-request.interface.js';
import type { Transport } from '../../transport/exchange/transport.interface.js';
import type { MediaOptions } from './media-options.interface.js';
import { mediaTypeOf } from './media-type.js';
import { isPublicAddress } from './public-address.js';

/** What requests for media have in common with the call that needs them. */
export type MediaCall = Pick<
  HttpRequest,
  'provider' | 'model' | 'timeout' | 'retry' | 'signal' | 'session' | 'startedAt'
>;

/** All addresses of a name, by the resolver of the system. */
export type Resolve = (hostname: string) => Promise<readonly string[]>;

const MAX_BYTES = 20 * 1024 * 1024;
const MAX_REDIRECTS = 3;

const HEADERS = { accept: 'image/*, application/pdf', 'user-agent': 'nestjs-llm' };

const resolveBySystem: Resolve = async (hostname) =>
  (await lookup(hostname, { all: true })).map(({ address }) => address);

/**
 * Fetches images and documents over the session of a call, within its limits, and without any of its credentials.
 *
 * The address of a host is looked up once, checked, and then connected to under the host's name, so that no second
 * lookup can lead elsewhere. Redirects are followed and checked alike.
 *
 * @returns a function that rejects with a `BadRequestError` with the code `media_refused` for what may not be fetched, `media_unavailable` for
 * what could not be
 */
export function mediaFetch(
  transport: Transport,
  { fetch: hosts, maxBytes = MAX_BYTES }: MediaOptions,
  call: MediaCall,
  resolve: Resolve = resolveBySystem,
): FetchMedia {
  return async (address) => {
    let url = parseURL(address, call);
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const place = await placeOf(url, hosts, call, resolve);
      const { reply, location } = await send(transport, url, place, maxBytes, call);
      if (reply !== undefined) return toDataURL(url, reply.body!, call);
      url = parseURL(location, call, url);
    }
    throw failed('media_unavailable', url, `it redirects more than ${MAX_REDIRECTS} times`, call);
  };
}

/** Where a request goes: the origin to connect to, and the name of the host where the origin has its address. */
interface Place {
  readonly origin: string;
  readonly host?: string;
}

async function placeOf(
  url: URL,
  hosts: MediaOptions['fetch'],
  call: MediaCall,
  resolve: Resolve,
): Promise<Place> {
  const listed = hosts === true ? [] : hosts.map((host) => host.toLowerCase());
  // Named in full by who runs the application: their own store may well be in their own network.
  if (listed.includes(url.hostname) || listed.includes(url.host)) return { origin: url.origin };
  if (hosts !== true && !listed.some((host) => host.startsWith('*.') && url.hostname.endsWith(host.slice(1))))
    throw failed('media_refused', url, 'its host is not among those of media.fetch', call);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(literal) > 0 ? [literal] : await addressesOf(url, call, resolve);
  if (!addresses.every(isPublicAddress)) {
    throw failed('media_refused', url, 'its host is not on the public internet', call);
  }
  // IPv4 first: not every network has a way out for the other.
  const address = addresses.find((one) => isIP(one) === 4) ?? addresses[0]!;
  const port = url.port === '' ? '' : `:${url.port}`;
  const authority = isIP(address) === 6 ? `[${address}]` : address;
  return { origin: `${url.protocol}//${authority}${port}`, host: url.host };
}

async function addressesOf(url: URL, call: MediaCall, resolve: Resolve): Promise<readonly string[]> {
  let addresses: readonly string[] = [];
  try {
    addresses = await resolve(url.hostname);
  } catch (cause) {
    throw failed('media_unavailable', url, 'its host has no address', call, cause);
  }
  if (addresses.length > 0) return addresses;
  throw failed('media_unavailable', url, 'its host has no address', call);
}

async function send(
  transport: Transport,
  url: URL,
  { origin, host }: Place,
  maxBytes: number,
  call: MediaCall,
): Promise<{ readonly reply: HttpReply; readonly location?: never } | { reply?: never; location: string }> {
  let location: string | undefined;
  try {
    const reply = await transport.send({
      ...call,
      purpose: 'media',
      origin,
      path: url.pathname + url.search,
      method: 'GET',
      // The name that the certificate has to be for, too.
      headers: { ...HEADERS, ...(host !== undefined && { host }) },
      body: null,
      maxResponseSize: maxBytes,
      readError({ status, headers }) {
        const target = headers['location'];
        if (status >= 300 && status < 400) location = Array.isArray(target) ? target[0] : target;
        return failed('media_unavailable', url, `its host answered ${status}`, call, undefined, status);
      },
    });
    return { reply };
  } catch (error) {
    if (location !== undefined) return { location };
    // The caller's own end, and the limits of the call, are what they are.
    if (!(error instanceof LlmError) || error instanceof BadRequestError) throw error;
    if (error.code === 'response_too_large')
      throw failed('media_refused', url, `it is larger than ${maxBytes} bytes`, call, error);
    throw error;
  }
}

function toDataURL(url: URL, bytes: Buffer, call: MediaCall): string {
  const type = mediaTypeOf(bytes);
  if (type === undefined)
    throw failed('media_refused', url, 'what it holds is no PNG, JPEG, GIF, WebP or PDF', call);
  return `data:${type};base64,${bytes.toString('base64')}`;
}

function parseURL(address: string, call: MediaCall, base?: URL): URL {
  const url = URL.canParse(address, base?.href) ? new URL(address, base?.href) : undefined;
  if (url === undefined) throw failed('media_refused', undefined, 'its address is no URL', call);
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw failed('media_refused', url, 'it is neither at an http nor at an https URL', call);
  if (url.username !== '' || url.password !== '')
    throw failed('media_refused', url, 'its URL has credentials in it', call);
  return url;
}

/** The query of a URL may be what gives access to it: it is not shown. */
function failed(
  code: 'media_refused' | 'media_unavailable',
  url: URL | undefined,
  why: string,
  { provider, model }: MediaCall,
  cause?: unknown,
  status?: number,
): BadRequestError {
  const shown = url === undefined ? '' : ` ${url.protocol}//${url.host}${url.pathname}`.slice(0, 200);
  return new BadRequestError(
    `messages: ${provider} needs the bytes of the image or file${shown}, and ${why}`,
    {
      provider,
      model,
      param: 'messages',
      code,
      ...(cause !== undefined && { cause }),
      // A store that is away for a moment.
      ...(status !== undefined && (status >= 500 || status === 429) && { retryable: true }),
    },
  );
}
