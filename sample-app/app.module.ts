import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { LlmModule, type LlmModuleOptions } from '../lib/index.js';
import { ChatController } from './chat/chat.controller.js';
import { llmConfig, type LlmConfig } from './config/llm.config.js';
import { EmbeddedUpstream } from './embedded/embedded-upstream.js';
import { EmbeddedUpstreamModule } from './embedded/embedded-upstream.module.js';
import { GatewayController } from './gateway/gateway.controller.js';
import { PageController } from './page/page.controller.js';
import { StatusController } from './status/status.controller.js';
import { StatusService } from './status/status.service.js';

@Module({
  imports: [
    ConfigModule.forRoot({ load: [llmConfig] }),
    LlmModule.forRootAsync({
      imports: [ConfigModule.forFeature(llmConfig), EmbeddedUpstreamModule],
      inject: [llmConfig.KEY, EmbeddedUpstream],
      useFactory: toLlmOptions,
    }),
    ConfigModule.forFeature(llmConfig),
  ],
  controllers: [ChatController, GatewayController, StatusController, PageController],
  providers: [StatusService],
})
export class AppModule {}

async function toLlmOptions(
  { embedded, model, models }: LlmConfig,
  upstream: EmbeddedUpstream,
): Promise<LlmModuleOptions> {
  // Whoever stops the sample waits for it.
  const shutdown = { graceMs: 2_000 };
  // What the list of models shows is what a client may spend the server's keys on.
  if (!embedded) return { defaults: { model }, allow: models, shutdown };
  // The embedded upstream asks for no key; the provider that it plays does. It answers for any model.
  const openai = { baseURL: await upstream.start(), apiKey: 'embedded' };
  return { defaults: { model }, allow: ['openai'], shutdown, providers: { openai } };
}
