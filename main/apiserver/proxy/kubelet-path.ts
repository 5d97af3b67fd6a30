import type { Pod } from '../../../kube/api/generated/core/v1.ts';
import { fieldForbidden, fieldInvalid, type FieldError } from '../../../kube/apimachinery/field-error.ts';
import { goQuote } from '../../../kube/apimachinery/go-format.ts';
import { newBadRequest, newInvalid } from '../../../kube/apimachinery/status-errors.ts';
import { parseRfc3339 } from '../../../kube/api/go-json-error.ts';
import { isTrue } from '../filters/request-info.ts';
import { containerOf } from './pod-container.ts';

const encode = encodeURIComponent;

/** `/containerLogs/NS/POD/CONTAINER?…` (upstream: registry/core/pod/strategy.go LogLocation). */
export function logPath(pod: Pod, query: URLSearchParams): string {
  checkLogOptions(pod.metadata.name, query);
  const container = containerOf(pod, query.get('container') ?? '');
  const options = new URLSearchParams();
  for (const name of ['follow', 'previous', 'timestamps']) if (isTrue(query.get(name))) options.set(name, 'true');
  for (const name of ['sinceSeconds', 'sinceTime', 'tailLines', 'limitBytes', 'stream']) {
    const value = query.get(name);
    if (value) options.set(name, value);
  }
  return withQuery(`/containerLogs/${encode(pod.metadata.namespace ?? '')}/${encode(pod.metadata.name)}/${encode(container)}`, options);
}

function checkLogOptions(name: string, query: URLSearchParams): void {
  const number = (key: string): number | undefined => {
    const text = query.get(key);
    if (text === null || text === '') return undefined;
    if (!/^[+-]?\d+$/.test(text)) throw newBadRequest(`strconv.ParseInt: parsing ${goQuote(text)}: invalid syntax`);
    return Number(text);
  };
  const sinceTime = query.get('sinceTime');
  if (sinceTime) {
    try {
      parseRfc3339(sinceTime);
    } catch (error) {
      throw newBadRequest(error instanceof Error ? error.message : String(error));
    }
  }
  const [tailLines, limitBytes, sinceSeconds] = [number('tailLines'), number('limitBytes'), number('sinceSeconds')];
  // Splitting the streams of a log is not enabled by default.
  const errors: FieldError[] = query.get('stream') ? [fieldForbidden('stream', 'may not be specified')] : [];
  if (tailLines !== undefined && tailLines < 0) errors.push(fieldInvalid('tailLines', tailLines, 'must be greater than or equal to 0'));
  if (limitBytes !== undefined && limitBytes < 1) errors.push(fieldInvalid('limitBytes', limitBytes, 'must be greater than 0'));
  if (sinceSeconds !== undefined && sinceTime) errors.push(fieldForbidden('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  else if (sinceSeconds !== undefined && sinceSeconds < 1) errors.push(fieldInvalid('sinceSeconds', sinceSeconds, 'must be greater than 0'));
  if (errors.length > 0) throw newInvalid({ group: '', kind: 'PodLogOptions' }, name, errors);
}

/** `/exec/NS/POD/CONTAINER?input=1&…`, `/attach/…`, `/portForward/NS/POD?port=…`. */
export function streamPath(subresource: string, pod: Pod, query: URLSearchParams): string {
  const where = `${encode(pod.metadata.namespace ?? '')}/${encode(pod.metadata.name)}`;
  const options = new URLSearchParams();
  if (subresource === 'portforward') {
    for (const port of [...query.getAll('ports'), ...query.getAll('port')]) options.append('port', port);
    return withQuery(`/portForward/${where}`, options);
  }
  const container = containerOf(pod, query.get('container') ?? '');
  for (const [from, to] of [['stdin', 'input'], ['stdout', 'output'], ['stderr', 'error'], ['tty', 'tty']] as const) {
    if (isTrue(query.get(from))) options.set(to, '1');
  }
  if (subresource === 'exec') for (const part of query.getAll('command')) options.append('command', part);
  return withQuery(`/${subresource}/${where}/${encode(container)}`, options);
}

function withQuery(path: string, options: URLSearchParams): string {
  options.sort();
  const text = options.toString();
  return text === '' ? path : `${path}?${text}`;
}
