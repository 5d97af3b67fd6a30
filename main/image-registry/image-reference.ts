/** Where an image is: a registry's name as images carry it (docker.io, registry.k8s.io, localhost:5000), the repository there, a tag or digest. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly reference: string;
}

const defaultRegistry = 'docker.io';

/** Reads a name as users write it: `nginx` is docker.io/library/nginx:latest. */
export function parseImageReference(name: string): ImageReference {
  const [path = '', digest] = name.split('@', 2);
  const colon = path.lastIndexOf(':');
  const tagged = colon > path.lastIndexOf('/');
  const repository = tagged ? path.slice(0, colon) : path;
  const tag = tagged ? path.slice(colon + 1) : 'latest';
  return resolveReference({ repository, reference: digest ?? tag });
}

/**
 * The image that a request to a mirror means. containerd names the registry in `?ns=`; without it the repository may start with the registry's
 * name, else it is Docker Hub's, where a name of one part stands in `library`.
 */
export function resolveReference(request: { readonly repository: string; readonly reference: string; readonly namespace?: string | null }): ImageReference {
  const { reference } = request;
  let registry = request.namespace ?? '';
  let repository = request.repository;
  const slash = repository.indexOf('/');
  if (!registry && slash > 0 && isRegistryName(repository.slice(0, slash))) {
    registry = repository.slice(0, slash);
    repository = repository.slice(slash + 1);
  }
  if (!registry || registry === 'index.docker.io' || registry === 'registry-1.docker.io') registry = defaultRegistry;
  if (registry === defaultRegistry && !repository.includes('/')) repository = `library/${repository}`;
  return { registry, repository, reference };
}

/** The one spelling under which an image is stored and shown. */
export function canonicalName({ registry, repository, reference }: ImageReference): string {
  return `${registry}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`;
}

function isRegistryName(part: string): boolean {
  return part.includes('.') || part.includes(':') || part === 'localhost';
}
