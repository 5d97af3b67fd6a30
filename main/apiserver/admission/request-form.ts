import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { AdmissionAttributes } from './admission.ts';

/** Of a request in another version than the stored one: what is stored in the version that was asked for, and back. Neither changes its argument. */
export interface RequestForm {
  /** Gives an object that is in that version already, or of another kind, as it is. */
  show(object: KubernetesObject): KubernetesObject;
  take(object: KubernetesObject): KubernetesObject;
}

/** Objects as the client sees them: what is configured through the API is written for that version. */
export function inRequestForm<A extends AdmissionAttributes>(attributes: A): A {
  const { form, object, oldObject } = attributes;
  if (!form) return attributes;
  return { ...attributes, ...(object ? { object: form.show(object) } : {}), ...(oldObject ? { oldObject: form.show(oldObject) } : {}) };
}
