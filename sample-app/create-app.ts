import {
  StandardSchemaValidationPipe,
  type INestApplication,
  type NestApplicationOptions,
} from '@nestjs/common';
import { LlmExceptionFilter } from '../lib/index.js';
import { AppModule } from './app.module.js';
import { readHttpConfig, type HttpConfig } from './config/http.config.js';
import { createOnPlatform } from './http/http-platform.js';
import { RequestGuard } from './http/request.guard.js';
import { OpenAIHttpExceptionFilter } from './http/openai-http-exception.filter.js';

/** OpenAI's clients behind the gateway know a refused key by its 401; while developing, errors say what to do. */
const ERRORS = { passAuthentication: true, details: process.env['NODE_ENV'] !== 'production' };

/**
 * Makes the application, ready to listen.
 *
 * @param http what differs from the environment's settings
 */
export async function createApp(
  http: Partial<HttpConfig> = {},
  options: NestApplicationOptions = {},
): Promise<INestApplication> {
  const config = { ...readHttpConfig(), ...http };
  const app = await createOnPlatform(
    AppModule,
    config,
    // An open stream, or a browser's idle connection, shall not hold the shutdown.
    { forceCloseConnections: true, ...options },
  );
  app.useGlobalGuards(new RequestGuard(config.allowedHosts));
  app.useGlobalPipes(new StandardSchemaValidationPipe());
  app.useGlobalFilters(new OpenAIHttpExceptionFilter(app.getHttpAdapter()), new LlmExceptionFilter(ERRORS));
  app.enableShutdownHooks();
  return app;
}
