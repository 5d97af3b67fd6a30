import { schemaOfKind } from '../../../kube/api/schema.ts';
import { toTyped } from '../../../kube/api/typed-object.ts';
import type { GroupVersionKind } from '../../../kube/apimachinery/gvr.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import { decodeBody, type FieldValidation } from '../negotiation/decode-body.ts';
import { addWarning, bodyOf, type RequestContext } from './request.ts';

export interface ReadObjectOptions {
  readonly expected: GroupVersionKind;
  readonly fieldValidation?: FieldValidation;
  readonly unstructured?: boolean;
  /** Of the same group and shape, which may be sent too. */
  readonly alsoVersions?: readonly string[];
}

/** Decodes the body of a create or update into a fresh object of the expected kind; unknown fields become warnings. */
export async function readObject(context: RequestContext, options: ReadObjectOptions): Promise<KubernetesObject> {
  const body = await bodyOf(context);
  const { object, warnings } = decodeBody({ ...options, contentType: context.request.headers['content-type'], body });
  for (const text of warnings) addWarning(context, text);
  object['metadata'] ??= {};
  context.audit?.requestObject(object, (sent) => asGoWrites(sent, options.expected));
  return object as unknown as KubernetesObject;
}

/** With null where Go has no list. */
function asGoWrites(object: Record<string, unknown>, kind: GroupVersionKind): object {
  const schema = schemaOfKind(kind);
  return schema ? toTyped(schema, object, { nulls: true }) : object;
}
