import { Module } from '@nestjs/common';
import { PipelinesController } from './pipelines.controller.js';
import { PipelinesProxyService } from './pipelines-proxy.service.js';

@Module({ controllers: [PipelinesController], providers: [PipelinesProxyService] })
export class PipelinesModule {}
