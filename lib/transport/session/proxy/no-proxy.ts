import { BlockList, isIP } from 'node:net';

interface Rule {
  /** Of an entry with a port: only that one. */
  readonly port: string | undefined;
  matches(hostname: string): boolean;
}

/**
 * The rules of NO_PROXY, as curl and Go's httpproxy have them. Entries stand apart by commas or spaces:
 * - `*`: every host
 * - `example.com`: that host and those below it; `.example.com` and `*.example.com`: only those below it
 * - `10.0.0.7`, `[::1]`: an address; `10.0.0.0/8`, `fd00::/8`: a network. Matched with addresses in URLs, never with
 *   what a name resolves to
 * - each of them with a port, `example.com:8443`: only that port
 *
 * An entry that makes no sense matches nothing, as everywhere else.
 *
 * @returns whether a host (no brackets, lower case) at a port is to be reached directly
 */
export function noProxy(value: string): (hostname: string, port: string) => boolean {
  const rules = value
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(parseRule);
  return (hostname, port) => {
    const name = hostname.replace(/\.$/, '');
    return rules.some((rule) => (rule.port === undefined || rule.port === port) && rule.matches(name));
  };
}

function parseRule(entry: string): Rule {
  if (entry === '*') return { port: undefined, matches: () => true };
  const { host, port } = splitPort(entry);
  const slash = host.indexOf('/');
  const address = slash === -1 ? host : host.slice(0, slash);
  const family = isIP(address);
  if (family !== 0) {
    const list = new BlockList();
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (slash === -1) {
      list.addAddress(address, type);
    } else {
      const prefix = Number(host.slice(slash + 1));
      if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 6 ? 128 : 32)) {
        return { port, matches: () => false };
      }
      list.addSubnet(address, prefix, type);
    }
    return {
      port,
      matches: (hostname) => {
        const version = isIP(hostname);
        return version !== 0 && list.check(hostname, version === 6 ? 'ipv6' : 'ipv4');
      },
    };
  }
  const below = host.replace(/^\*?\./, '');
  const suffix = `.${below}`;
  const itself = below === host;
  return { port, matches: (hostname) => hostname.endsWith(suffix) || (itself && hostname === below) };
}

/** `host:port`, `[v6]:port`; an IPv6 address without brackets has no port. */
function splitPort(entry: string): { host: string; port: string | undefined } {
  const inBrackets = /^\[([^\]]*)\](\/\d+)?(?::(\d+))?$/.exec(entry);
  if (inBrackets !== null) {
    const [, address = '', prefix = '', port] = inBrackets;
    return { host: address + prefix, port };
  }
  const [, name = entry, port] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return { host: name.replace(/\.$/, ''), port };
}
