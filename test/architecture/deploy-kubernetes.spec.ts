import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { HealthController } from '../../src/health/health.controller.js';
import { loadSettings } from '../../src/kernel/config/load-settings.js';
import { VARIABLES } from '../../src/kernel/config/variables.js';
import { runTool } from '../support/external-tool.js';
import { ofKind, type Kustomization, type Manifest, type Manifests } from '../support/kubernetes-manifests.js';
import { parseYamlDocuments, readYaml } from '../support/yaml-documents.js';

const BASE = 'deploy/kubernetes/base';
const at = (name: string): string => join(BASE, name);

const kustomization = readYaml<Kustomization>(at('kustomization.yaml'));
const resources = kustomization.resources.map((file) => readYaml<Manifest>(at(file)));
const kind = <Kind extends keyof Manifests>(name: Kind): Manifests[Kind] => ofKind(resources, name);
const pod = kind('Deployment').spec.template;
const container = pod.spec.containers[0];
const settingsFile = parseEnv(readFileSync(at('settings.env'), 'utf8'));
const secretNames = container.env.map((entry) => entry.name);

const settings = () =>
  loadSettings({
    ...settingsFile,
    JWT_SECRET: 'f3b1'.repeat(16),
    IDENTITY_SECRET: '9c2e'.repeat(16),
    REDIS_URL: 'redis://:1f@genoflow-redis:6379',
  });

describe('the Kubernetes base', () => {
  it('names files that are there', () => {
    for (const file of [...kustomization.resources, ...kustomization.configMapGenerator.flatMap((map) => map.envs)]) {
      expect(existsSync(at(file))).toBe(true);
    }
    expect(resources.map((resource) => resource.kind).sort()).toEqual([
      'Deployment',
      'NetworkPolicy',
      'PodDisruptionBudget',
      'Service',
      'ServiceAccount',
    ]);
  });

  it('gives the gateway settings that exist and that it starts with in production', () => {
    for (const name of [...Object.keys(settingsFile), ...secretNames]) expect(Object.keys(VARIABLES)).toContain(name);
    expect(secretNames.sort()).toEqual(['IDENTITY_SECRET', 'JWT_SECRET', 'REDIS_URL']);
    expect(settings().server.production).toBe(true);
    expect(settings().backends.embedded).toBe(false);
    expect(container.envFrom).toEqual([{ configMapRef: { name: kustomization.configMapGenerator[0]?.name } }]);
  });

  it('holds no secret', () => {
    for (const entry of container.env) {
      expect(entry.value).toBeUndefined();
      expect(entry.valueFrom.secretKeyRef).toEqual({ name: 'genoflow-gateway-secrets', key: entry.name });
    }
  });

  it('starts what the image has, on the port that everything else names', () => {
    expect(container.args).toEqual(['node', 'dist/main.js']);
    expect(container.image).toBe(kustomization.images[0]?.name);
    expect(kustomization.images[0]?.newTag).toBe(
      (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version,
    );
    const [{ name, containerPort } = { name: '', containerPort: 0 }] = container.ports;
    expect(containerPort).toBe(settings().server.port);
    expect(pod.metadata.annotations['prometheus.io/port']).toBe(String(containerPort));
    expect(kind('Service').spec.ports[0]?.targetPort).toBe(name);
    expect(kind('NetworkPolicy').spec.ingress[0]?.ports[0]?.port).toBe(name);
  });

  it('probes routes that the gateway has', () => {
    const routes = Object.getOwnPropertyDescriptors(HealthController.prototype);
    const pathOf = (name: 'live' | 'ready'): string =>
      `/health/${String(Reflect.getMetadata('path', routes[name].value as object))}`;
    expect(container.livenessProbe.httpGet).toEqual({ path: pathOf('live'), port: 'http' });
    expect(container.startupProbe.httpGet).toEqual({ path: pathOf('live'), port: 'http' });
    expect(container.readinessProbe.httpGet).toEqual({ path: pathOf('ready'), port: 'http' });
  });

  it('lets the gateway drain before it kills it', () => {
    const preStopSeconds = container.lifecycle.preStop.sleep.seconds;
    const shutdownSeconds = settings().server.shutdownTimeoutMs / 1_000;
    expect(pod.spec.terminationGracePeriodSeconds).toBeGreaterThan(preStopSeconds + shutdownSeconds);
  });

  it('runs without root, rights or a writable root file system', () => {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.spec.automountServiceAccountToken).toBe(false);
    expect(kind('ServiceAccount').automountServiceAccountToken).toBe(false);
    expect(pod.spec.serviceAccountName).toBe(kind('ServiceAccount').metadata.name);
    const mounts = container.volumeMounts;
    expect(mounts.map((mount) => mount.mountPath)).toEqual(['/data', '/tmp']);
    expect(pod.spec.volumes.map((volume) => volume.name)).toEqual(mounts.map((mount) => mount.name));
  });

  it('asks for memory and bounds it, and keeps two replicas apart and one of them alive', () => {
    expect(container.resources.requests).toHaveProperty('cpu');
    expect(container.resources.requests).toHaveProperty('memory');
    expect(container.resources.limits).toHaveProperty('memory');
    expect(kind('Deployment').spec.replicas).toBeGreaterThanOrEqual(2);
    expect(kind('PodDisruptionBudget').spec.maxUnavailable).toBe(1);
    expect(pod.spec.topologySpreadConstraints.map((entry) => entry.topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
  });

  it('selects the pods it makes, everywhere', () => {
    const { labels } = pod.metadata;
    expect(labels).toEqual({ 'app.kubernetes.io/name': 'genoflow-gateway' });
    expect(kind('Deployment').spec.selector.matchLabels).toEqual(labels);
    expect(kind('Service').spec.selector).toEqual(labels);
    expect(kind('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
    expect(kind('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
    for (const { labelSelector } of pod.spec.topologySpreadConstraints)
      expect(labelSelector.matchLabels).toEqual(labels);
  });

  it('lets the gateway out to every port that its settings name', () => {
    const ranges = kind('NetworkPolicy').spec.egress.flatMap((rule) => rule.ports);
    const isOpen = (port: number): boolean =>
      ranges.some((range) => port >= Number(range.port) && port <= Number(range.endPort ?? range.port));
    const urls = Object.values(settingsFile).filter((value) => /^(dns\+)?http/.test(value ?? '')) as string[];
    expect(urls).toHaveLength(7);
    for (const url of [...urls.map((value) => value.replace('dns+', '')), 'http://redis:6379', 'http://dns:53']) {
      expect([url, isOpen(Number(new URL(url).port))]).toEqual([url, true]);
    }
  });
});

// kubectl is in no Debian release of today, so it is used where it is.
const hasKubectl = runTool('kubectl', ['kustomize', '--help']).status === 0;

(hasKubectl ? it : it.skip)('is put together by kustomize, and its network policy still names the others', () => {
  const built = runTool('kubectl', ['kustomize', BASE]);
  expect(built.stderr).toBe('');
  const documents = parseYamlDocuments<Manifest>(built.stdout);
  expect(documents).toHaveLength(kustomization.resources.length + 1);
  const [started] = ofKind(documents, 'Deployment').spec.template.spec.containers;
  expect(started.envFrom[0]?.configMapRef.name).toBe(ofKind(documents, 'ConfigMap').metadata.name);
  for (const peer of ofKind(documents, 'NetworkPolicy').spec.egress.flatMap((rule) => rule.to ?? [])) {
    expect(Object.keys(peer.podSelector.matchLabels)).not.toContain('app.kubernetes.io/name');
  }
});
