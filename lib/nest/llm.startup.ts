import { Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { LlmService } from '../llm.service.js';

/** Opens connections while the application starts, if its options ask for it. */
export class LlmStartup implements OnApplicationBootstrap {
  private readonly logger = new Logger('LlmModule');

  constructor(
    private readonly service: LlmService,
    private readonly providers: boolean | readonly string[],
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    if (this.providers === false) return;
    const results = await this.service.warmUp(this.providers === true ? undefined : this.providers);
    for (const { provider, error } of results) {
      if (error !== undefined)
        this.logger.warn(`No connection to ${provider} ahead of its first call: ${error.message}`);
    }
  }
}
