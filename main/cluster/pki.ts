import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfExists, writeFileAtomic } from './atomic-file.ts';
import { alternativeNamesOf, createAuthority, createServiceAccountKey, expiryOf, issueCertificate } from './certificates.ts';
import type { KeyPair, LeafRequest } from './certificates.ts';

/** Everything that signs and identifies in one cluster. Kept under `<data directory>/pki`, all files 0600. */
export interface ClusterPki {
  readonly authority: KeyPair;
  readonly frontProxyAuthority: KeyPair;
  readonly apiServer: KeyPair;
  /** The API server's identity towards kubelets: CN kube-apiserver-kubelet-client. */
  readonly kubeletClient: KeyPair;
  readonly frontProxyClient: KeyPair;
  /** kubernetes-admin in system:masters: what the kubeconfig carries. */
  readonly admin: KeyPair;
  /** system:kube-proxy: what every node's agent reads Services and Nodes as. */
  readonly kubeProxy: KeyPair;
  readonly serviceAccount: ServiceAccountKeys;
}

export interface ServiceAccountKeys {
  readonly privateKey: string;
  readonly publicKey: string;
  /** Of `sa-*.pub`: keys that signed before the last rotation; their tokens are good until they expire. */
  readonly retiredKeys: readonly string[];
}

const authorityDays = 3650;
const leafDays = 365;
/** A leaf with less than this left is issued anew when the cluster starts. */
const renewBeforeMs = 60 * 86_400_000;

/** Loads the cluster's keys, making what is missing and renewing leaves near their end or with other names than wanted. */
export async function ensurePki(options: { directory: string; names: { dns: readonly string[]; addresses: readonly string[] }; now: number }): Promise<ClusterPki> {
  const { directory, names, now } = options;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const [authority, frontProxyAuthority] = await Promise.all([
    ensureAuthority(directory, 'ca', 'kubernetes', now),
    ensureAuthority(directory, 'front-proxy-ca', 'front-proxy-ca', now),
  ]);
  const leaf = (name: string, issuer: KeyPair, request: Omit<LeafRequest, 'validDays'>) => ensureLeaf({ directory, name, issuer, request: { ...request, validDays: leafDays }, now });
  const [apiServer, kubeletClient, frontProxyClient, admin, kubeProxy, serviceAccount] = await Promise.all([
    leaf('apiserver', authority, { commonName: 'kube-apiserver', usage: 'server', dnsNames: names.dns, addresses: names.addresses }),
    leaf('apiserver-kubelet-client', authority, { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'], usage: 'client' }),
    leaf('front-proxy-client', frontProxyAuthority, { commonName: 'front-proxy-client', usage: 'client' }),
    leaf('admin', authority, { commonName: 'kubernetes-admin', organizations: ['system:masters'], usage: 'client' }),
    leaf('kube-proxy', authority, { commonName: 'system:kube-proxy', usage: 'client' }),
    ensureServiceAccountKey(directory),
  ]);
  return { authority, frontProxyAuthority, apiServer, kubeletClient, frontProxyClient, admin, kubeProxy, serviceAccount };
}

async function ensureAuthority(directory: string, name: string, commonName: string, now: number): Promise<KeyPair> {
  const existing = await loadPair(directory, name);
  if (existing !== undefined) return existing;
  const pair = await createAuthority({ commonName, validDays: authorityDays, now });
  await savePair(directory, name, pair);
  return pair;
}

async function ensureLeaf({ directory, name, issuer, request, now }: { directory: string; name: string; issuer: KeyPair; request: LeafRequest; now: number }): Promise<KeyPair> {
  const existing = await loadPair(directory, name);
  if (existing !== undefined && !needsRenewal(existing, request, now)) return existing;
  const pair = await issueCertificate(issuer, request, now);
  await savePair(directory, name, pair);
  return pair;
}

function needsRenewal(pair: KeyPair, request: LeafRequest, now: number): boolean {
  const expiry = expiryOf(pair.certificate);
  if (expiry === undefined || expiry - now < renewBeforeMs) return true;
  const present = new Set(alternativeNamesOf(pair.certificate));
  return [...(request.dnsNames ?? []), ...(request.addresses ?? [])].some((name) => !present.has(name));
}

async function ensureServiceAccountKey(directory: string): Promise<ServiceAccountKeys> {
  const [privateKey, publicKey] = await Promise.all([readIfExists(join(directory, 'sa.key')), readIfExists(join(directory, 'sa.pub'))]);
  const retired = (await readdir(directory)).filter((name) => /^sa-.+\.pub$/.test(name)).sort();
  const retiredKeys = await Promise.all(retired.map((name) => readFile(join(directory, name), 'utf8')));
  if (privateKey !== undefined && publicKey !== undefined) return { privateKey, publicKey, retiredKeys };
  const created = await createServiceAccountKey();
  await writeFileAtomic(join(directory, 'sa.key'), created.privateKey);
  await writeFileAtomic(join(directory, 'sa.pub'), created.publicKey);
  return { ...created, retiredKeys };
}

async function loadPair(directory: string, name: string): Promise<KeyPair | undefined> {
  const [certificate, key] = await Promise.all([readIfExists(join(directory, `${name}.crt`)), readIfExists(join(directory, `${name}.key`))]);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/** The key first: a certificate on disk then always has its key. */
async function savePair(directory: string, name: string, pair: KeyPair): Promise<void> {
  await writeFileAtomic(join(directory, `${name}.key`), pair.key);
  await writeFileAtomic(join(directory, `${name}.crt`), pair.certificate);
}
