import { internalValue } from './internal-shape.ts';

/** A pod template as upstream's messages print it: metadata with its API names, the spec with the internal ones. */
export function internalTemplate(template: { readonly metadata?: object; readonly spec?: object } | undefined): unknown {
  return { ...template?.metadata, Spec: internalValue('PodSpec', template?.spec ?? {}) };
}
