/**
 * How strict the validation of one pod is. Upstream relaxes single rules for updates of objects that broke them before (ratcheting);
 * these are the relaxations that 1.36 still knows, with its default feature gates.
 */
export interface PodValidationOptions {
  /** False inside a template of a workload. */
  readonly isPod: boolean;
  readonly allowInvalidDeletionCost: boolean;
  readonly allowInvalidLabelValues: boolean;
  readonly allowNonLocalTokenPath: boolean;
  readonly allowIndivisibleHugePages: boolean;
}

export const STRICT_POD: PodValidationOptions = {
  isPod: true,
  allowInvalidDeletionCost: false,
  allowInvalidLabelValues: false,
  allowNonLocalTokenPath: false,
  allowIndivisibleHugePages: false,
};
export const STRICT_TEMPLATE: PodValidationOptions = { ...STRICT_POD, isPod: false };
