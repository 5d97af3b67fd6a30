/**
 * The bytes that begin the JSON of every object of one served version of a built-in kind:
 *
 *     {"kind":"Pod","apiVersion":"v1","metadata":{
 *
 * Objects are stored with exactly this head of the storage version and an empty resourceVersion where Go writes it. So an object's bytes
 * are a head that depends on the request, and the stored bytes after the stored head (the tail) with the digits of the revision put in,
 * which are never encoded again.
 */
export interface JsonHead {
  readonly bytes: Uint8Array;
  /** The object begins as it is stored: custom resources, whose members stand by name, so that apiVersion and kind have no fixed place. */
  readonly asStored: boolean;
}

const metadataHead = '"metadata":{';

export function jsonHead({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): JsonHead {
  return headOf(`{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},${metadataHead}`);
}

/** Items of a built-in list carry neither kind nor apiVersion (those of a custom resource do). */
export const bareJsonHead: JsonHead = headOf(`{${metadataHead}`);

export const storedJsonHead: JsonHead = { bytes: new Uint8Array(0), asStored: true };

function headOf(text: string): JsonHead {
  return { bytes: Buffer.from(text), asStored: false };
}
