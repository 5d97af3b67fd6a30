import type { StorageClass } from '../../../kube/api/generated/storage/v1.ts';

const MARKS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];

/** The class of claims that name none: of several marked ones the newest, then the first by name (upstream: GetDefaultClass of pkg/volume/util). */
export function defaultStorageClass(classes: readonly StorageClass[]): StorageClass | undefined {
  const marked = classes.filter(({ metadata }) => MARKS.some((mark) => metadata.annotations?.[mark] === 'true'));
  return marked.toSorted(newestFirst)[0];
}

function newestFirst({ metadata: a }: StorageClass, { metadata: b }: StorageClass): number {
  const [madeA, madeB] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  if (madeA !== madeB) return madeA > madeB ? -1 : 1;
  return a.name < b.name ? -1 : 1;
}
