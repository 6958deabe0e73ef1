import { HttpModule } from '@nestjs/axios';
import { Global, Module } from '@nestjs/common';
import { Discovery } from './discovery/discovery.js';
import { NameResolver } from './discovery/name-resolver.js';
import { HealthMonitor } from './health/health-monitor.js';
import { ProxyService } from './proxy.service.js';
import { EndpointRegistry } from './registry/endpoint-registry.js';
import { UpstreamClient } from './upstream-client.js';
import { UpstreamTls } from './upstream-tls.js';

/**
 * The way to the backend services. Global, as is the module that provides OutboundIdentity, so that neither has to
 * import the other: identity calls the auth service, and calls carry identities.
 */
@Global()
@Module({
  imports: [HttpModule],
  providers: [UpstreamTls, EndpointRegistry, NameResolver, Discovery, HealthMonitor, UpstreamClient, ProxyService],
  exports: [EndpointRegistry, HealthMonitor, UpstreamClient, ProxyService],
})
export class UpstreamModule {}
