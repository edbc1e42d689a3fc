import { Module } from '@nestjs/common';
import { EmbeddedUpstream } from './embedded-upstream.js';

@Module({ providers: [EmbeddedUpstream], exports: [EmbeddedUpstream] })
export class EmbeddedUpstreamModule {}
