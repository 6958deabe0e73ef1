import { Module } from '@nestjs/common';
import { ExecutionController } from './execution.controller.js';
import { ExecutionProxyService } from './execution-proxy.service.js';

@Module({ controllers: [ExecutionController], providers: [ExecutionProxyService] })
export class ExecutionModule {}
