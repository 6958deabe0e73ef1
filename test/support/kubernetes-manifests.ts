/** As much of the Kubernetes API's shapes as the tests look at. */
export type Labels = Readonly<Record<string, string>>;

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface Container {
  readonly image: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom: { secretKeyRef: object };
  }[];
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly lifecycle: { readonly preStop: { readonly sleep: { readonly seconds: number } } };
  readonly resources: { readonly requests: object; readonly limits: object };
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

export interface PodTemplate {
  readonly metadata: { readonly labels: Labels; readonly annotations: Labels };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly automountServiceAccountToken: boolean;
    readonly terminationGracePeriodSeconds: number;
    readonly topologySpreadConstraints: readonly {
      readonly topologyKey: string;
      readonly labelSelector: { readonly matchLabels: Labels };
    }[];
    readonly securityContext: object;
    readonly containers: readonly [Container];
    readonly volumes: readonly { readonly name: string }[];
  };
}

interface NetworkRule {
  readonly ports: readonly { readonly port: number | string; readonly endPort?: number }[];
  readonly to?: readonly { readonly podSelector: { readonly matchLabels: Labels } }[];
}

/** The kinds that the base consists of. */
export interface Manifests {
  Deployment: {
    readonly spec: {
      readonly replicas: number;
      readonly selector: { readonly matchLabels: Labels };
      readonly template: PodTemplate;
    };
  };
  Service: { readonly spec: { readonly selector: Labels; readonly ports: readonly { readonly targetPort: string }[] } };
  ServiceAccount: { readonly metadata: { readonly name: string }; readonly automountServiceAccountToken: boolean };
  PodDisruptionBudget: {
    readonly spec: { readonly maxUnavailable: number; readonly selector: { readonly matchLabels: Labels } };
  };
  NetworkPolicy: {
    readonly spec: {
      readonly podSelector: { readonly matchLabels: Labels };
      readonly ingress: readonly NetworkRule[];
      readonly egress: readonly NetworkRule[];
    };
  };
  ConfigMap: { readonly metadata: { readonly name: string } };
}

export interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly envs: readonly string[] }[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
}

/** Any manifest, told apart by its kind. */
export interface Manifest {
  readonly kind: keyof Manifests;
}

/** The one manifest of this kind; throws when there is none. */
export function ofKind<Kind extends keyof Manifests>(documents: readonly Manifest[], kind: Kind): Manifests[Kind] {
  const found = documents.find((document) => document.kind === kind);
  if (found === undefined) throw new Error(`there is no ${kind}`);
  return found as unknown as Manifests[Kind];
}
