import { setTimeout as sleep } from 'node:timers/promises';
import type { LlmResult } from '../../calls/chain.js';
import type { LlmCall } from '../../calls/llm-call.js';
import { APIUserAbortError } from '../../errors/errors.js';
import { LlmError, type LlmAttempt } from '../../errors/llm.error.js';
import { ChatStream } from '../../operations/chat/chat-stream.js';
import type { CompletionUsage } from '../../operations/chat/chat-completion.interface.js';
import { maySendAgain } from '../../transport/exchange/retry.js';
import { reopenStream } from '../stream-reopening.js';
import { PlacedAttempt } from './attempt.js';
import type { Choice, Group, Wish } from './group.js';
import type { Cooldown, Place } from './place.js';
import { noneFree, noneSuited } from './refusals.js';
import { verdictOf, type Verdict } from './verdict.js';

/** Deployments that one call is sent to at most, however large its group. */
const MOST_PLACES = 5;

/** What a routed call has of its router. */
export interface Surroundings {
  now(): number;
  random(): number;
  /** Whether a call waits for a deployment that is at its limit. */
  readonly waits: boolean;
  onCooldown(place: Place, cooldown: Cooldown): void;
}

/** A call to a group, which walks from one deployment to the next: without delay, for none of them is asked twice. */
export class RoutedCall {
  private readonly tried = { places: new Set<Place>(), unfit: new Set<string>() };
  /** Of the deployments that failed, and of the models before this group. */
  private readonly earlier: LlmAttempt[] = [];
  private readonly before: readonly LlmAttempt[];
  private readonly outerTakeOver: ((error: LlmError) => boolean) | undefined;
  private last: LlmError | undefined;
  private attempt: PlacedAttempt | undefined;

  constructor(
    private readonly call: LlmCall,
    private readonly next: () => Promise<LlmResult>,
    private readonly group: Group,
    private readonly wish: Wish,
    private readonly router: Surroundings,
  ) {
    this.before = call.attempts;
    this.outerTakeOver = call.takeOver;
    if (isStreamed(call)) call.takeOver = (error) => this.takeOver(error);
  }

  /** @throws {LlmError} when no deployment has taken the call */
  async run(): Promise<LlmResult> {
    try {
      return await this.walk(this.choose());
    } catch (error) {
      this.handBack(error);
      throw error;
    }
  }

  private async walk(first: Choice): Promise<LlmResult> {
    let choice = first;
    for (;;) {
      const attempt = this.begin(choice) ?? (await this.beginLater(choice));
      let result: LlmResult;
      try {
        result = await this.next();
      } catch (error) {
        if (!(error instanceof LlmError)) {
          attempt.left(this.router.now());
          throw error;
        }
        if (!this.leadsOn(this.fail(attempt, error), error)) throw error;
        choice = this.choose();
        continue;
      }
      this.onResult(attempt, result);
      return result;
    }
  }

  private choose(): Choice {
    const { router } = this;
    return this.group.choose(this.wish, this.tried, router.now(), () => router.random());
  }

  /** Sends the call to the one that was chosen, or where all are broken to the one that is due soonest. */
  private begin(choice: Choice): PlacedAttempt | undefined {
    const { call } = this;
    const place = choice.place ?? this.brokenOf(choice);
    if (place === undefined || this.tried.places.size >= MOST_PLACES) return undefined;
    const cost = choice.place === undefined ? choice.brokenCost : choice.cost;
    const attempt = new PlacedAttempt(place, cost, this.wish.size, this.router.now());
    this.attempt = attempt;
    this.tried.places.add(place);
    call.target = place.target;
    call.othersLeft = choice.others && this.tried.places.size < MOST_PLACES;
    if (this.earlier.length > 0) call.attempts = [...this.before, ...this.earlier];
    return attempt;
  }

  /** That a deployment fails is advice, where there is nobody else; a pinned call is told of the wait. */
  private brokenOf({ broken }: Choice): Place | undefined {
    return this.wish.isPinned === undefined ? broken : undefined;
  }

  /** Nobody can take the call now: waits for the first one that can, where that is wanted, or fails. */
  private async beginLater(choice: Choice): Promise<PlacedAttempt> {
    const { call, group, router, wish } = this;
    if (choice.suited === 0) throw noneSuited(group, wish, choice);
    const until = router.now() + (call.timeout.queue || Infinity);
    for (let at = choice; this.tried.places.size < MOST_PLACES; at = this.choose()) {
      const attempt = this.begin(at);
      if (attempt !== undefined) return attempt;
      if (at.pending !== undefined) {
        await Promise.all(at.pending);
        continue;
      }
      const waitMs = Math.ceil(at.limitedMs);
      if (!router.waits || waitMs === Infinity || router.now() + waitMs > until) {
        throw this.last ?? noneFree(group, wish, at);
      }
      await this.wait(waitMs);
    }
    throw this.last!;
  }

  private async wait(ms: number): Promise<void> {
    const { signal } = this.call;
    try {
      await sleep(ms, undefined, { signal });
    } catch (cause) {
      throw new APIUserAbortError(
        `router: the caller aborted the call while it waited for ${this.group.name}`,
        {
          provider: 'router',
          model: this.group.name,
          phase: 'queue',
          cause: signal?.reason ?? cause,
        },
      );
    }
  }

  private onResult(attempt: PlacedAttempt, result: LlmResult): void {
    attempt.answered();
    if (!(result instanceof ChatStream)) {
      return attempt.succeeded((result as { usage?: CompletionUsage }).usage, this.router.now());
    }
    const { target } = result;
    void target.queue.settled().then(() => {
      const { queue, usage } = target;
      // That of an upstream which another one has taken the place of is settled already.
      if (attempt.isSettled) return;
      if (queue.state === 'ended') attempt.succeeded(usage, this.router.now());
      else if (queue.failure !== undefined) this.fail(attempt, queue.failure);
      else attempt.left(this.router.now());
    });
  }

  private fail(attempt: PlacedAttempt, error: LlmError): Verdict {
    const { router, wish } = this;
    const said = verdictOf(error);
    // What is not found may be what the pinned request names, of which the deployment knows nothing.
    const verdict =
      said === 'misconfigured' && wish.isPinned !== undefined && error.status === 404 ? 'caller' : said;
    const cooldown = attempt.failed(error, verdict, router.now(), router.random());
    if (cooldown !== undefined) router.onCooldown(attempt.place, cooldown);
    if (verdict === 'unfit') this.tried.unfit.add(attempt.place.model);
    // It can take the call when its limit allows it again.
    if (verdict === 'limited' && router.waits) this.tried.places.delete(attempt.place);
    return verdict;
  }

  /** @returns whether the call goes to another deployment after `error`, which has to be one's own call's */
  private leadsOn(verdict: Verdict, error: LlmError): boolean {
    const { call } = this;
    if (verdict === 'caller' || call.signal?.aborted === true) return false;
    // What may have been billed is not sent again, here as in retries of one place.
    const began = call.stream !== undefined && error.phase === 'body';
    if (verdict === 'broken' && !began && !maySendAgain(call.retry, error)) return false;
    this.last = error;
    this.earlier.push(...error.attempts);
    error.attempts = [...this.earlier];
    return true;
  }

  /** A stream has broken. @returns whether another deployment takes over: before its first content alone */
  private takeOver(error: LlmError): boolean {
    const { call } = this;
    const verdict = this.fail(this.attempt!, error);
    if (!call.stream!.hasContent && this.leadsOn(verdict, error)) {
      const choice = this.choose();
      if ((choice.place ?? this.brokenOf(choice)) !== undefined && this.tried.places.size < MOST_PLACES) {
        reopenStream(
          call,
          () => this.walk(choice),
          (failure) => this.takeOverBefore(failure),
        );
        return true;
      }
    }
    return this.takeOverBefore(error);
  }

  /** What the call was a part of before it came to this group goes on with it. */
  private takeOverBefore(error: LlmError): boolean {
    this.handBack(error);
    return this.outerTakeOver?.(error) ?? false;
  }

  private handBack(error: unknown): void {
    const { call } = this;
    call.takeOver = this.outerTakeOver;
    call.attempts = this.before;
    call.othersLeft = false;
    if (error instanceof LlmError) this.tell(error);
  }

  /** Has an error know all the attempts. */
  private tell(error: LlmError): void {
    if (error === this.last || this.earlier.length === 0) return;
    error.attempts = [...this.earlier, ...error.attempts];
    this.last = error;
  }
}

function isStreamed({ request }: LlmCall): boolean {
  return 'stream' in request && request.stream === true;
}
