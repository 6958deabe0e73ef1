/** Every switch that exists, with its value where nobody has set it; a flag without a reader is not listed here. */
export const FEATURE_FLAGS = {
  /** Answers of catalogue reads are kept and served again. */
  'response-cache': true,
  /** Idempotency-Key is honoured; off, the field is ignored. */
  idempotency: true,
  /** Callers over their limit are refused; off, they are only counted (shadow mode). */
  'rate-limit-enforcement': true,
} as const satisfies Record<string, boolean>;

export type FeatureFlagName = keyof typeof FEATURE_FLAGS;

/** Switches that operators turn while the gateway runs. Reading one is synchronous and costs a property access. */
export abstract class FeatureFlags {
  abstract isEnabled(name: FeatureFlagName): boolean;
}
