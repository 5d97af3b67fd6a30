/**
 * The bytes that begin the JSON of every object of one served version, up to its resourceVersion:
 *
 *     {"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"
 *
 * Objects are stored with exactly this head of the storage version and an empty resourceVersion. So an object's bytes are a head that
 * depends on the request, the digits of its revision, and the stored bytes after them (the tail), which are never encoded again.
 */
export interface JsonHead {
  readonly bytes: Uint8Array;
}

const metadataHead = '"metadata":{"resourceVersion":"';

export function jsonHead({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): JsonHead {
  return headOf(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},${metadataHead}`);
}

/** Items of a built-in list carry neither kind nor apiVersion (those of a custom resource do). */
export const bareJsonHead: JsonHead = headOf(`{${metadataHead}`);

function headOf(text: string): JsonHead {
  return { bytes: Buffer.from(text) };
}
