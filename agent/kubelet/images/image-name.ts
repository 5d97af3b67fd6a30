/** `docker.io` is what Docker's own registry is called where no other is named (upstream: distribution/reference). */
const DEFAULT_DOMAIN = 'docker.io';

export interface ImageName { readonly domain: string; readonly repository: string; readonly tag?: string; readonly digest?: string }

/** Undefined for a name that no registry could serve. */
export function parseImageName(image: string): ImageName | undefined {
  const [named = '', digest] = image.split('@');
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const isDomain = first.includes('.') || first.includes(':') || first === 'localhost' || first.toLowerCase() !== first;
  const domain = isDomain ? first : DEFAULT_DOMAIN;
  const rest = isDomain ? named.slice(slash + 1) : named;
  const colon = rest.lastIndexOf(':');
  const hasTag = colon > rest.lastIndexOf('/');
  const path = hasTag ? rest.slice(0, colon) : rest;
  const tag = hasTag ? rest.slice(colon + 1) : undefined;
  if (!/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/.test(path)) return undefined;
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag)) return undefined;
  if (digest !== undefined && !/^[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,}$/.test(digest)) return undefined;
  const repository = domain === DEFAULT_DOMAIN && !path.includes('/') ? `library/${path}` : path;
  return { domain, repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** With domain and tag: what is asked of the runtime. */
export function canonicalImageName(image: string): string | undefined {
  const name = parseImageName(image);
  if (name === undefined) return undefined;
  const base = `${name.domain}/${name.repository}`;
  if (name.digest !== undefined) return `${base}@${name.digest}`;
  return `${base}:${name.tag ?? 'latest'}`;
}

/** Always for :latest, else IfNotPresent, where the pod says nothing; the API server sets it too. */
export function defaultPullPolicy(image: string): 'Always' | 'IfNotPresent' {
  const name = parseImageName(image);
  return name?.digest === undefined && (name?.tag ?? 'latest') === 'latest' ? 'Always' : 'IfNotPresent';
}
