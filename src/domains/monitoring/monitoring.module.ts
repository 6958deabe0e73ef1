import { Module } from '@nestjs/common';
import { MonitoringController } from './monitoring.controller.js';
import { MonitoringProxyService } from './monitoring-proxy.service.js';

@Module({ controllers: [MonitoringController], providers: [MonitoringProxyService] })
export class MonitoringModule {}
