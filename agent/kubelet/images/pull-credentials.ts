import type { Secret } from '../../../kube/api/generated/core/v1.ts';
import type { AuthConfig } from '../../runtime/cri-types.ts';
import { parseImageName } from './image-name.ts';

interface DockerEntry { readonly username?: string; readonly password?: string; readonly auth?: string; readonly identitytoken?: string }

/** Credentials in pull secrets that fit the image's registry, the most specific first (upstream: pkg/credentialprovider). */
export function pullCredentials(image: string, secrets: readonly Secret[]): AuthConfig[] {
  const name = parseImageName(image);
  if (name === undefined) return [];
  const found: { readonly key: string; readonly auth: AuthConfig }[] = [];
  for (const secret of secrets) {
    for (const [registry, entry] of Object.entries(dockerEntries(secret))) {
      const key = registry.replace(/^https?:\/\//, '').replace(/\/v[12]\/?$/, '').replace(/\/$/, '');
      if (matches(key, `${name.domain}/${name.repository}`, name.domain)) found.push({ key, auth: toAuth(entry, registry) });
    }
  }
  return found.sort((a, b) => b.key.length - a.key.length).map(({ auth }) => auth);
}

function matches(key: string, path: string, domain: string): boolean {
  if (key === 'index.docker.io' && domain === 'docker.io') return true;
  const [host = '', ...rest] = key.split('/');
  const pattern = new RegExp(`^${host.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')).join('[^./]*')}$`);
  if (!pattern.test(domain)) return false;
  return rest.length === 0 || path.slice(domain.length + 1).startsWith(rest.join('/'));
}

function dockerEntries(secret: Secret): Record<string, DockerEntry> {
  const modern = secret.data?.['.dockerconfigjson'];
  const legacy = secret.data?.['.dockercfg'];
  try {
    if (modern !== undefined) return ((JSON.parse(Buffer.from(modern, 'base64').toString()) as { auths?: Record<string, DockerEntry> }).auths) ?? {};
    return legacy === undefined ? {} : (JSON.parse(Buffer.from(legacy, 'base64').toString()) as Record<string, DockerEntry>);
  } catch {
    // A broken pull secret is skipped, as upstream does; the pull then fails with the registry's own words.
    return {};
  }
}

function toAuth(entry: DockerEntry, serverAddress: string): AuthConfig {
  const [username = entry.username ?? '', password = entry.password ?? ''] = entry.auth === undefined ? [] : splitOnce(Buffer.from(entry.auth, 'base64').toString());
  return { username, password, serverAddress, ...(entry.identitytoken !== undefined && { identityToken: entry.identitytoken }) };
}

function splitOnce(text: string): readonly string[] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}
