import { Module } from '@nestjs/common';
import { QcController } from './qc.controller.js';
import { QcProxyService } from './qc-proxy.service.js';

@Module({ controllers: [QcController], providers: [QcProxyService] })
export class QcModule {}
