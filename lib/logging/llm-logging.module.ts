import { Module, type DynamicModule } from '@nestjs/common';
import { provideLlmMiddleware } from '../index.js';
import { loggingMiddleware, type LlmLoggingOptions } from './logging.middleware.js';

/**
 * One object a call through Nest's `Logger`.
 *
 * @publicApi
 */
@Module({})
export class LlmLoggingModule {
  /** @throws {LlmConfigurationError} at start, where the application has no `LlmModule` of that name */
  static forRoot({
    name,
    ...options
  }: LlmLoggingOptions & { name?: string | undefined } = {}): DynamicModule {
    const kind = 'LlmLoggingModule';
    return {
      module: LlmLoggingModule,
      providers: [provideLlmMiddleware({ name, kind, useFactory: () => loggingMiddleware(options) })],
    };
  }
}
