import { Inject, Injectable } from '@nestjs/common';
import { InjectHttpSession, LlmService, type HttpSession, type LlmStats } from '../../lib/index.js';
import { llmConfig, type LlmConfig } from '../config/llm.config.js';

/** Gauges of the connections to one origin, as undici counts them. */
export interface OriginStats {
  readonly connected: number;
  readonly running: number;
  readonly pending: number;
}

export interface SessionStatus {
  /** Class of the session. */
  readonly kind: string;
  readonly owner: 'LlmModule';
  /** By origin; origins without a connection are left out. */
  readonly origins: Readonly<Record<string, OriginStats>>;
}

export interface Status {
  readonly mode: 'embedded' | 'real';
  readonly model: string;
  readonly models: readonly string[];
  readonly session: SessionStatus;
  readonly stats: LlmStats;
}

@Injectable()
export class StatusService {
  constructor(
    @Inject(llmConfig.KEY) private readonly config: LlmConfig,
    @InjectHttpSession() private readonly httpSession: HttpSession & { stats?: SessionStatus['origins'] },
    private readonly llm: LlmService,
  ) {}

  status(): Status {
    const { embedded, model, models } = this.config;
    return {
      mode: embedded ? 'embedded' : 'real',
      model,
      models,
      session: this.session(),
      stats: this.llm.stats(),
    };
  }

  session(): SessionStatus {
    // Dispatchers of undici count their connections; a session of another kind need not.
    const { constructor, stats = {} } = this.httpSession;
    return { kind: constructor.name, owner: 'LlmModule', origins: stats };
  }

  /** The line that the log says at the start. */
  describe(url: string): string {
    const { embedded, model } = this.config;
    const { kind, owner } = this.session();
    const upstream = embedded
      ? 'answered by the embedded upstream (set OPENAI_API_KEY or LLM_MODEL for a real model)'
      : 'a real provider';
    return `Open ${url} - model ${model}, ${upstream}; session: ${kind}, made by ${owner}`;
  }
}
