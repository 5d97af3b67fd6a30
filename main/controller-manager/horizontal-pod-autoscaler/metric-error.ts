import { StatusError } from '../../../kube/apimachinery/status.ts';
import { messageOf } from '../pod-control.ts';

/** A replica count that cannot be computed; the text ends up in the autoscaler's conditions and events. */
export class MetricError extends Error {
  override readonly name = 'MetricError';
}

/** Puts `what: ` before the message of whatever expected goes wrong; anything else is a defect, and passes. */
export async function explained<T>(what: string, work: () => T | Promise<T>, separator = ': '): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isExpected(error)) throw error;
    throw new MetricError(`${what}${separator}${messageOf(error)}`, { cause: error });
  }
}

export function isExpected(error: unknown): boolean {
  return error instanceof MetricError || error instanceof StatusError;
}
