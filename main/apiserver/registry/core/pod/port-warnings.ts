import type * as core from '../../../../../kube/api/generated/core/v1.ts';
import { goQuote } from '../../../../../kube/apimachinery/go-format.ts';
import type { FieldPath } from '../../validation/field-path.ts';
import { containersWithPath } from './validation/environment.ts';

export function portWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  return [...definitionWarnings(spec, path), ...nameWarnings(spec, path)];
}

function* portsWithPath(spec: core.PodSpec, path: FieldPath): Generator<{ readonly port: core.ContainerPort; readonly text: string }> {
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    for (const [index, port] of (container.ports ?? []).entries()) yield { port, text: containerPath.child('ports').index(index).toString() };
  }
}

function definitionWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, { port: core.ContainerPort; text: string }[]>();
  for (const { port, text } of portsWithPath(spec, path)) {
    const { hostIP = '', hostPort = 0 } = port;
    if (hostIP !== '' && hostPort === 0) {
      const printed = `{Name:${port.name ?? ''} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol} HostIP:${hostIP}}`;
      warnings.push(`${text}: hostIP set without hostPort: ${printed}`);
    }
    const key = `${port.containerPort}/${port.protocol}`;
    const others = seen.get(key) ?? [];
    for (const other of others) {
      const kind = conflict({ hostIP, hostPort }, { hostIP: other.port.hostIP ?? '', hostPort: other.port.hostPort ?? 0 });
      if (kind !== undefined) warnings.push(`${text}: ${kind} port definition with ${other.text}`);
    }
    seen.set(key, [...others, { port, text }]);
  }
  return warnings;
}

interface HostBinding {
  readonly hostIP: string;
  readonly hostPort: number;
}
function conflict(a: HostBinding, b: HostBinding): string | undefined {
  if (a.hostIP === b.hostIP && a.hostPort === b.hostPort) return 'duplicate';
  if (a.hostPort === 0 || b.hostPort === 0) return 'overlapping';
  return a.hostPort === b.hostPort && (a.hostIP === '') !== (b.hostIP === '') ? 'dangerously ambiguous' : undefined;
}

function nameWarnings(spec: core.PodSpec, path: FieldPath): string[] {
  const warnings: string[] = [];
  const seen = new Map<string, string>();
  for (const { port, text } of portsWithPath(spec, path)) {
    if (!port.name) continue;
    const other = seen.get(port.name);
    if (other === undefined) seen.set(port.name, text);
    else {
      const consequence = `services and probes that select ports by name will use ${other}`;
      warnings.push(`${text}: duplicate port name ${goQuote(port.name)} with ${other}, ${consequence}`);
    }
  }
  return warnings;
}
