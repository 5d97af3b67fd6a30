import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../../../kube/apimachinery/go-format.ts';

interface PathAndSource {
  readonly path: string;
  readonly source: string;
}

/** Files of one volume that would overwrite, or lie below, one another. */
export function overlappingPathWarnings(volumes: readonly core.Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const warn = (kind: string, body: string) => `volume ${goQuote(volume.name)} (${kind}): overlapping paths: ${body}`;
    const { configMap, secret, downwardAPI, projected } = volume;
    return [
      ...overlaps(pathsOf(configMap?.items, '')).map((body) => warn(`ConfigMap ${goQuote(configMap?.name ?? '')}`, body)),
      ...overlaps(pathsOf(secret?.items, '')).map((body) => warn(`Secret ${goQuote(secret?.secretName ?? '')}`, body)),
      ...overlaps(pathsOf(downwardAPI?.items, '')).map((body) => warn('DownwardAPI', body)),
      ...(projected?.sources ?? [])
        .filter((source) => Object.keys(source).length === 0)
        .map(() => `volume ${goQuote(volume.name)} (Projected) has no sources provided`),
      ...overlaps((projected?.sources ?? []).flatMap(projectedPaths)).map((body) => warn('Projected', body)),
    ];
  });
}

function pathsOf(items: readonly { path: string }[] | undefined, source: string): PathAndSource[] {
  return (items ?? []).map(({ path }) => ({ path, source }));
}

function projectedPaths({ configMap, secret, downwardAPI, serviceAccountToken, clusterTrustBundle, podCertificate }: core.VolumeProjection): PathAndSource[] {
  if (configMap?.items !== undefined) return pathsOf(configMap.items, `ConfigMap ${goQuote(configMap.name ?? '')}`);
  if (secret?.items !== undefined) return pathsOf(secret.items, `Secret ${goQuote(secret.name ?? '')}`);
  if (downwardAPI?.items !== undefined) return pathsOf(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken !== undefined) return [{ path: serviceAccountToken.path, source: 'ServiceAccountToken' }];
  if (clusterTrustBundle !== undefined) {
    const name = clusterTrustBundle.name ?? clusterTrustBundle.signerName ?? '';
    return [{ path: clusterTrustBundle.path, source: `ClusterTrustBundle ${goQuote(name)}` }];
  }
  return [
    { path: podCertificate?.certificateChainPath ?? '', source: 'PodCertificate chain' },
    { path: podCertificate?.keyPath ?? '', source: 'PodCertificate key' },
    { path: podCertificate?.credentialBundlePath ?? '', source: 'PodCertificate credential bundle' },
  ].filter(({ path }) => path !== '');
}

function overlaps(paths: readonly PathAndSource[]): string[] {
  const trimmed = paths.map(({ path, source }) => ({ path: (path ?? '').replace(/\/+$/, ''), source }));
  return trimmed.flatMap((item, index) =>
    trimmed
      .slice(0, index)
      .filter((other) => item.path !== '' && other.path !== '' && isNested(item.path, other.path))
      .map((other) => `${describe(item)} with ${describe(other)}`),
  );
}
function isNested(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}
function describe({ path, source }: PathAndSource): string {
  return source === '' ? goQuote(path) : `${goQuote(path)} (${source})`;
}
