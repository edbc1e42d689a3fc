import type { CacheControl, ChatRequest } from '../../operations/chat/chat-request.interface.js';
import { claudeTraits, isClaude } from '../kit/families/claude.js';
import { passOver } from '../kit/params.js';
import type { FormatContext } from '../provider-adapter.interface.js';
import { isOpaque } from './bedrock.models.js';
import type { CachePoint } from './bedrock.wire.js';

interface Markable {
  cache_control?: CacheControl;
  prompt_cache_breakpoint?: unknown;
}

/** Where a model takes cache points. */
interface Caching {
  readonly tools: boolean;
  /** Points that live an hour. */
  readonly hour: boolean;
}

/**
 * @see {@link https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html} for the table of models
 * @returns `undefined` for a model that takes none anywhere
 */
function cachingOf(model: string): Caching | undefined {
  if (isOpaque(model)) return { tools: true, hour: true };
  if (isClaude(model)) {
    const { promptCaching, hourCaching } = claudeTraits(model);
    return promptCaching ? { tools: true, hour: hourCaching } : undefined;
  }
  return model.includes('nova') ? { tools: false, hour: false } : undefined;
}

/** Makes the cache points of one request: a mark is a hint, left out and named where the model has no place for it. */
export class CacheMarks {
  private readonly caching: Caching | undefined;

  constructor(private readonly context: FormatContext<ChatRequest>) {
    this.caching = cachingOf(context.model);
  }

  /** Whether a mark of Anthropic's, or of OpenAI's, stands beside it. */
  has(part: object): boolean {
    const { cache_control, prompt_cache_breakpoint } = part as Markable;
    return !!cache_control || !!prompt_cache_breakpoint;
  }

  push(target: object[], part: object): void {
    // A cache point with nothing before it is refused.
    if (!this.has(part) || target.length === 0) return;
    const point = this.pointOf(part);
    if (point !== undefined) target.push(point);
  }

  /** The point behind a tool. */
  behindTool(tool: object): CachePoint | undefined {
    if (!this.has(tool)) return undefined;
    if (this.caching?.tools === true) return this.pointOf(tool);
    passOver(['cache_control'], this.context);
    return undefined;
  }

  private pointOf(part: object): CachePoint | undefined {
    if (this.caching === undefined) {
      passOver(['cache_control'], this.context);
      return undefined;
    }
    const ttl = this.caching.hour ? (part as Markable).cache_control?.ttl : undefined;
    return { cachePoint: { type: 'default', ...(ttl && { ttl }) } };
  }
}
