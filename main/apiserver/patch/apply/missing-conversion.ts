import type { KubernetesObject } from '../../../../kube/apimachinery/object-meta.ts';

/** Thrown where field tracking needs an object in another version that only a webhook can tell: learn it, then begin again. */
export class MissingConversion extends Error {
  readonly object: KubernetesObject;
  readonly apiVersion: string;

  constructor(object: KubernetesObject, apiVersion: string) {
    super(`Cannot go on: the conversion to ${apiVersion} is not known yet`);
    this.object = object;
    this.apiVersion = apiVersion;
  }
}
