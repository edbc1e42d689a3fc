import { BlockList, isIP } from 'node:net';

/**
 * IPv4 networks that are not the public internet's.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry}
 */
const SPECIAL_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];

/** Global unicast: outside of it IPv6 is loopback, link, site, multicast, or IPv4 in another form. */
const GLOBAL_IPV6 = ['2000::', 3] as const;

/**
 * Networks of global unicast that are not the public internet's, among them those whose addresses hold IPv4 ones.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry}
 */
const SPECIAL_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
];

const IPV4_IN_IPV6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

const special = new BlockList();
for (const [network, prefix] of SPECIAL_IPV4) special.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of SPECIAL_IPV6) special.addSubnet(network, prefix, 'ipv6');
const global = new BlockList();
global.addSubnet(...GLOBAL_IPV6, 'ipv6');

/** Whether an IP address is one of the public internet; a text that is no address is not. */
export function isPublicAddress(address: string): boolean {
  const ipv4 = IPV4_IN_IPV6.exec(address)?.[1] ?? address;
  if (isIP(ipv4) === 4) return !special.check(ipv4, 'ipv4');
  return isIP(address) === 6 && global.check(address, 'ipv6') && !special.check(address, 'ipv6');
}
