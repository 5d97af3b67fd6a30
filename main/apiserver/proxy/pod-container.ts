import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { newBadRequest } from '../../../kube/apimachinery/status-errors.ts';

/** The container that a log, exec or attach is about (upstream: registry/core/pod/strategy.go podUtil.. checkContainer). */
export function containerOf(pod: Pod, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all = [...containers, ...initContainers, ...ephemeralContainers];
  if (asked !== '') {
    if (all.some(({ name }) => name === asked)) return asked;
    throw newBadRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  }
  const [only] = containers;
  if (only && containers.length === 1) return only.name;
  const names = [...initContainers, ...containers, ...ephemeralContainers].map(({ name }) => name).join(' ');
  throw newBadRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names}]`);
}
