/** The outcome of an extension point; undefined is success. Outcomes are values: only a bug throws. */
export type Code =
  | 'Error'
  /** This node does not fit now; removing pods from it might help. */
  | 'Unschedulable'
  /** This node does not fit, and preemption cannot help. */
  | 'UnschedulableAndUnresolvable'
  /** Permit only: hold the pod until it is allowed. */
  | 'Wait'
  /** The plugin has nothing to say about this pod; its Filter or Score is not called. */
  | 'Skip'
  /** Not schedulable until something outside the scheduler moves; not counted as a failure. */
  | 'Pending';

export interface Status {
  readonly code: Code;
  readonly reasons: readonly string[];
  /** The plugin that said so; filled in by the framework. */
  readonly plugin?: string;
}

export const SKIP: Status = { code: 'Skip', reasons: [] };

export function unschedulable(...reasons: string[]): Status {
  return { code: 'Unschedulable', reasons };
}

export function unresolvable(...reasons: string[]): Status {
  return { code: 'UnschedulableAndUnresolvable', reasons };
}

export function failure(error: unknown): Status {
  return { code: 'Error', reasons: [error instanceof Error ? error.message : String(error)] };
}

export function isRejected(status: Status | undefined): status is Status {
  return status !== undefined && status.code !== 'Error' && status.code !== 'Skip' && status.code !== 'Wait';
}
