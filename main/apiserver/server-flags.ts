import { formatDuration } from '../../kube/apimachinery/duration.ts';
import type { ApiServerOptions } from './api-server.ts';
import type { Flags } from './endpoints/status-pages.ts';
import { REQUEST_TIMEOUT_MS } from './filters/request-timeout.ts';

/** What this server was started with, under kube-apiserver's names, for /flagz. Nothing secret. */
export function flagsOf(options: ApiServerOptions): Flags {
  const { advertise, anonymous = 'paths', authorization = 'RBAC', nodePortRange = { first: 30_000, last: 32_767 }, serviceCIDR, serviceAccountIssuer } = options;
  return {
    'advertise-address': advertise.address,
    'anonymous-auth': String(anonymous !== 'none'),
    'authorization-mode': authorization === 'RBAC' ? '[Node,RBAC]' : '[AlwaysAllow]',
    'max-requests-inflight': String(options.maxInFlight ?? 600),
    profiling: 'false',
    'request-timeout': formatDuration(options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS),
    'service-account-issuer': `[${serviceAccountIssuer ?? 'https://kubernetes.default.svc'}]`,
    'service-cluster-ip-range': serviceCIDR,
    'service-node-port-range': `${nodePortRange.first}-${nodePortRange.last}`,
  };
}
