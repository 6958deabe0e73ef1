import { Module } from '@nestjs/common';
import { ResultsController } from './results.controller.js';
import { ResultsProxyService } from './results-proxy.service.js';

@Module({ controllers: [ResultsController], providers: [ResultsProxyService] })
export class ResultsModule {}
