import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { LlmTools } from './llm-tools.js';

/**
 * Provides {@link LlmTools}, which finds the tools of the whole application.
 *
 * @publicApi
 */
@Module({ imports: [DiscoveryModule], providers: [LlmTools], exports: [LlmTools] })
export class LlmToolsModule {}
