import type { Group } from './group.js';
import type { Place } from './place.js';

/**
 * @param pin the id of the deployment whose account has what the request names; `undefined` for none
 * @returns tells the deployments that understand it: all of its account's at the same provider
 */
export function pinOf(pin: string | undefined, { members }: Group): ((place: Place) => boolean) | undefined {
  if (pin === undefined) return undefined;
  const pinned = members.find(({ place }) => place.id === pin)?.place;
  if (pinned === undefined) return () => false;
  const { quota, target } = pinned;
  return (place) => place.quota === quota && place.target.deployment.provider === target.deployment.provider;
}
