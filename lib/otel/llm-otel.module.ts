import { Module, type DynamicModule } from '@nestjs/common';
import { provideLlmMiddleware } from '../index.js';
import { otelMiddleware } from './otel.middleware.js';
import type { LlmOtelOptions } from './otel-options.interface.js';

/**
 * Spans and metrics of the calls of an `LlmModule`, after OpenTelemetry's GenAI conventions.
 *
 * @publicApi
 */
@Module({})
export class LlmOtelModule {
  /** @throws {LlmConfigurationError} at start, where the application has no `LlmModule` of that name */
  static forRoot({ name, ...options }: LlmOtelOptions = {}): DynamicModule {
    const kind = 'LlmOtelModule';
    return {
      module: LlmOtelModule,
      providers: [provideLlmMiddleware({ name, kind, useFactory: () => otelMiddleware(options) })],
    };
  }
}
