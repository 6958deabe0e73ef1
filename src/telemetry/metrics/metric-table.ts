export interface MetricRow {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** How the figures of several worker processes become one; default `sum`. */
  readonly aggregator?: 'sum' | 'min' | 'max';
}

/** Every metric of the gateway's own; README's table is held against this one. Labels hold no caller, sample or path. */
export const METRICS = {
  httpRequests: {
    name: 'genoflow_http_requests_total',
    type: 'counter',
    labels: ['method', 'route', 'status'],
    help: 'Exchanges that ended, by route template and status; 499 where the client went first.',
  },
  httpDuration: {
    name: 'genoflow_http_request_duration_seconds',
    type: 'histogram',
    labels: ['method', 'route'],
    help: 'From the arrival of a request to the end of its answer.',
  },
  unreadableMessages: {
    name: 'genoflow_http_unreadable_messages_total',
    type: 'counter',
    labels: ['code'],
    help: 'Messages that are not well-formed HTTP, or did not come in time; no exchange was opened for them.',
  },
  tlsHandshakesFailed: {
    name: 'genoflow_tls_handshakes_failed_total',
    type: 'counter',
    labels: ['reason'],
    help: 'Connections to the TLS listener that ended before a request could come: plain HTTP, an old version, a port scan.',
  },
  certificateExpiry: {
    name: 'genoflow_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    labels: ['certificate'],
    help: "When the certificate in use expires: the listener's, or the one shown to backends or Redis.",
    aggregator: 'min',
  },
  tlsFilesFailing: {
    name: 'genoflow_tls_files_failing',
    type: 'gauge',
    labels: ['certificate'],
    help: 'Whether the TLS files as they are now cannot be used; what was read before them holds meanwhile.',
    aggregator: 'max',
  },
  attempts: {
    name: 'genoflow_upstream_attempts_total',
    type: 'counter',
    labels: ['service', 'operation', 'outcome'],
    help: 'Attempts at a backend service; outcome is the status class or the error code.',
  },
  attemptDuration: {
    name: 'genoflow_upstream_attempt_duration_seconds',
    type: 'histogram',
    labels: ['service'],
    help: 'How long attempts at a backend service took.',
  },
  breakerState: {
    name: 'genoflow_upstream_breaker_state',
    type: 'gauge',
    labels: ['service', 'endpoint'],
    help: 'Circuit breaker of an endpoint: 0 closed, 1 half-open, 2 open.',
    aggregator: 'max',
  },
  endpointUp: {
    name: 'genoflow_upstream_endpoint_up',
    type: 'gauge',
    labels: ['service', 'endpoint'],
    help: '1 while an endpoint answers its health checks, else 0.',
    aggregator: 'min',
  },
  retries: {
    name: 'genoflow_upstream_retries_total',
    type: 'counter',
    labels: ['service'],
    help: 'Attempts that were made because a former one failed.',
  },
  limitDecisions: {
    name: 'genoflow_rate_limit_decisions_total',
    type: 'counter',
    labels: ['limit', 'allowed'],
    help: 'Decisions of the rate limits.',
  },
  cacheLookups: {
    name: 'genoflow_cache_lookups_total',
    type: 'counter',
    labels: ['operation', 'hit'],
    help: 'Lookups in the response cache.',
  },
  stateStoreUp: {
    name: 'genoflow_state_store_up',
    type: 'gauge',
    labels: ['store'],
    help: '1 while the state store answers, else 0.',
    aggregator: 'min',
  },
  accessRefused: {
    name: 'genoflow_access_refused_total',
    type: 'counter',
    labels: ['code'],
    help: 'Requests that authentication or authorization refused, by error code.',
  },
  sessions: {
    name: 'genoflow_sessions_total',
    type: 'counter',
    labels: ['change'],
    help: 'Logins, refreshes, logouts and other changes of sessions.',
  },
  userChangesFollowed: {
    name: 'genoflow_user_changes_followed',
    type: 'gauge',
    labels: [],
    help: '1 while the auth service tells within a second that a user was disabled or has other rights, else 0.',
    aggregator: 'min',
  },
  keySourcesFailing: {
    name: 'genoflow_key_sources_failing',
    type: 'gauge',
    labels: ['source'],
    help: 'Key files or external issuers whose keys could not be read the last time; the old keys hold meanwhile.',
    aggregator: 'max',
  },
} as const satisfies Record<string, MetricRow>;

/** Upper bounds of the duration histograms, seconds. */
export const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;
