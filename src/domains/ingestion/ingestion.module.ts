import { Module } from '@nestjs/common';
import { IngestionController } from './ingestion.controller.js';
import { IngestionProxyService } from './ingestion-proxy.service.js';

@Module({ controllers: [IngestionController], providers: [IngestionProxyService] })
export class IngestionModule {}
