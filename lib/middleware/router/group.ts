import type { Cost, RequestSize } from './cost.js';
import type { Place } from './place.js';
import { score } from './rendezvous.js';

/** A deployment among those of a group. */
export interface Member {
  readonly place: Place;
  readonly weight: number;
  readonly order: number;
  readonly tags: ReadonlySet<string>;
  readonly contextWindow: number | undefined;
}

/** What a call asks of whoever takes it. */
export interface Wish {
  readonly size: RequestSize;
  readonly tags: readonly string[] | undefined;
  /** Calls of one key go to one deployment, while it is there. */
  readonly affinity: string | undefined;
  /** The request holds state that only this account understands. */
  readonly isPinned: ((place: Place) => boolean) | undefined;
}

/** What has been tried for a call. */
export interface Tried {
  readonly places: ReadonlySet<Place>;
  /** Models that the request does not fit. */
  readonly unfit: ReadonlySet<string>;
}

/** Where a call goes; or why nobody can take it now. */
export interface Choice {
  place: Place | undefined;
  cost: Cost;
  /** Others could take it in the place's stead. */
  others: boolean;
  /** The one that is left alone and due soonest, which is not at its limit. */
  broken: Place | undefined;
  brokenCost: Cost;
  /** Milliseconds until that. */
  brokenMs: number;
  /** Milliseconds until the first one that is at its limit is not; `Infinity` where nobody knows. */
  limitedMs: number;
  /** What shared limits are being asked for. */
  pending: Promise<void>[] | undefined;
  /** Deployments that the call may go to, tried or not. */
  suited: number;
  /** Refused for the size of the request alone. */
  tooSmall: number;
}

const NOTHING: Cost = { input: 0, output: 0 };

/** Several deployments under one name. */
export class Group {
  /** Whether anybody's choice depends on the size of a request. */
  readonly measures: boolean;

  constructor(
    readonly name: string,
    readonly members: readonly Member[],
  ) {
    this.measures = members.some(
      ({ place, contextWindow }) => place.quota.countsTokens || contextWindow !== undefined,
    );
  }

  /**
   * Chooses who takes a call: of the lowest order that has somebody free the one of the call's affinity, or the one with
   * the least in flight for its weight.
   *
   * @param random gives 0 to 1
   */
  choose(wish: Wish, tried: Tried, now: number, random: () => number): Choice {
    const choice: Choice = {
      place: undefined,
      cost: NOTHING,
      others: false,
      broken: undefined,
      brokenCost: NOTHING,
      brokenMs: Infinity,
      limitedMs: Infinity,
      pending: undefined,
      suited: 0,
      tooSmall: 0,
    };
    let order = Infinity;
    let best = 0;
    for (const member of this.members) {
      const { place } = member;
      if (!isSuited(member, wish)) continue;
      const cost = this.measures ? place.estimator.estimate(wish.size) : NOTHING;
      if (member.contextWindow !== undefined && cost.input + cost.output > member.contextWindow) {
        choice.tooSmall++;
        continue;
      }
      choice.suited++;
      if (tried.places.has(place) || tried.unfit.has(place.model)) continue;
      const limited = limitedFor(place, cost, now);
      if (limited > 0) {
        choice.limitedMs = Math.min(choice.limitedMs, limited);
        const { pending } = place.quota;
        if (pending !== undefined) (choice.pending ??= []).push(pending);
        continue;
      }
      const broken = place.brokenFor(now);
      if (broken > 0 || place.probing) {
        if (broken < choice.brokenMs) {
          choice.brokenMs = broken;
          choice.broken = place;
          choice.brokenCost = cost;
        }
        continue;
      }
      choice.others = choice.place !== undefined;
      if (member.order > order) continue;
      const { weight } = member;
      const rank =
        wish.affinity === undefined
          ? -(place.inFlight + random()) / weight
          : score(wish.affinity, place.seed, weight);
      if (member.order === order && rank <= best) continue;
      order = member.order;
      best = rank;
      choice.place = place;
      choice.cost = cost;
    }
    return choice;
  }
}

function isSuited({ place, tags }: Member, wish: Wish): boolean {
  if (wish.isPinned !== undefined && !wish.isPinned(place)) return false;
  return wish.tags === undefined || wish.tags.every((tag) => tags.has(tag));
}

/** How soon a call that is at the bound of those that run at once looks again: nobody knows when one of them ends. */
const CONCURRENCY_MS = 50;

function limitedFor({ quota }: Place, cost: Cost, now: number): number {
  const wait = quota.waitFor(cost, now);
  return quota.inFlight < quota.concurrency ? wait : Math.max(wait, CONCURRENCY_MS);
}
