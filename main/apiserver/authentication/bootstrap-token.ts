import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../../kube/apimachinery/clock.ts';
import type { KubernetesObject } from '../../../kube/apimachinery/object-meta.ts';
import type { ObjectReader } from './object-reader.ts';
import type { User } from './user.ts';

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const DEFAULT_GROUP = 'system:bootstrappers';
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** A joining node's `id.secret`, kept as Secret kube-system/bootstrap-token-ID (upstream: plugin/pkg/auth/authenticator/token/bootstrap). */
export async function authenticateBootstrapToken(reader: ObjectReader, clock: Clock, token: string): Promise<User | undefined> {
  const [, id, secretPart] = TOKEN.exec(token) ?? [];
  if (!id || !secretPart) return undefined;
  const secret = await reader.get<KubernetesObject & { type?: string; data?: Record<string, string> }>(
    { group: '', resource: 'secrets' }, { namespace: 'kube-system', name: `bootstrap-token-${id}` },
  );
  if (!secret || secret.metadata.deletionTimestamp || secret.type !== 'bootstrap.kubernetes.io/token') return undefined;
  const value = (key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString();
  const expected = Buffer.from(value('token-secret'));
  const given = Buffer.from(secretPart);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return undefined;
  if (value('token-id') !== id || value('usage-bootstrap-authentication') !== 'true') return undefined;
  const expiration = value('expiration');
  if (expiration !== '' && !(Date.parse(expiration) > clock.now())) return undefined;
  const extraGroups = value('auth-extra-groups').split(',').map((group) => group.trim()).filter((group) => group !== '');
  // One group that a bootstrap token cannot give makes the whole token no good.
  if (!extraGroups.every((group) => EXTRA_GROUP.test(group))) return undefined;
  return { name: `system:bootstrap:${id}`, groups: [DEFAULT_GROUP, ...extraGroups] };
}
