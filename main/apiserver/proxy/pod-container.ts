import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The container that a log, exec or attach is about (upstream: registry/core/pod/strategy.go podUtil.. checkContainer). */
export function containerOf(pod: Pod, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...containers, ...initContainers, ...ephemeralContainers];
  if (asked !== '') {
    if (all.some(({ name }) => name === asked)) return asked;
    throw newBadRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  if (annotated && all.some(({ name }) => name === annotated)) return annotated;
  const [only] = containers;
  if (only && containers.length === 1) return only.name;
  const list = (items: readonly { readonly name: string }[]): string => `[${items.map(({ name }) => name).join(' ')}]`;
  const inits = initContainers.length > 0 ? ` or one of the init containers: ${list(initContainers)}` : '';
  throw newBadRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: ${list(containers)}${inits}`);
}
