import { Logger, type OnModuleInit } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';

/**
 * Warns when two instances of the module have the same name in one application: each has its own connections and
 * limits, and the order of imports decides which of them an injection gets.
 */
export class DuplicateWarning implements OnModuleInit {
  constructor(
    private readonly name: string | undefined,
    private readonly token: symbol,
    private readonly modules: ModulesContainer,
  ) {}

  onModuleInit(): void {
    const instances = [...this.modules.values()]
      .filter((module) => module.providers.has(this.token))
      .map((module) => module.providers.get(this.token)!.instance);
    // Every instance looks; the first one speaks.
    if (instances.length < 2 || instances[0] !== this) return;
    const which = this.name === undefined ? 'without a name' : `named "${this.name}"`;
    new Logger('LlmModule').warn(
      `${instances.length} instances ${which} are registered: each has connections and limits of its own, and the order of imports decides which one is injected. Register it once, with isGlobal or by importing the same dynamic module everywhere, or give each instance its own name.`,
    );
  }
}
