import type * as core from '../../../../../../kube/api/generated/core/v1.ts';
import { isDns1123Subdomain } from '../../../../../../kube/apimachinery/name-validation.ts';
import type { FieldErrors } from '../../../validation/field-errors.ts';
import type { FieldPath } from '../../../validation/field-path.ts';
import { containersWithPath } from './environment.ts';

const MAX_CREDENTIAL_SPEC_KIB = 64;
const MAX_DOMAIN_LENGTH = 256;
const MAX_USER_LENGTH = 104;
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
const NET_BIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const DNS_LABEL = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const DNS_DOMAIN = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const FORBIDDEN_USER_CHARACTERS = /["/\\:;|=,+*?<>@[\]]/;

export function checkWindowsOptions(options: core.WindowsSecurityContextOptions | undefined, path: FieldPath, errors: FieldErrors): void {
  if (options === undefined) return;
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options;
  if (gmsaCredentialSpecName !== undefined) {
    errors.invalidEach(path.child('gmsaCredentialSpecName'), gmsaCredentialSpecName, isDns1123Subdomain(gmsaCredentialSpecName));
  }
  const specPath = path.child('gmsaCredentialSpec');
  if (gmsaCredentialSpec === '') errors.invalid(specPath, '', 'gmsaCredentialSpec cannot be an empty string');
  else if (gmsaCredentialSpec !== undefined && gmsaCredentialSpec.length > MAX_CREDENTIAL_SPEC_KIB * 1024) {
    errors.invalid(specPath, gmsaCredentialSpec, `gmsaCredentialSpec size must be under ${MAX_CREDENTIAL_SPEC_KIB} KiB`);
  }
  if (runAsUserName !== undefined) {
    const messages = userNameMessages(runAsUserName).map((message) => `runAsUserName${message}`);
    errors.invalidEach(path.child('runAsUserName'), runAsUserName, messages);
  }
}

function userNameMessages(name: string): string[] {
  if (name === '') return [' cannot be an empty string'];
  if (CONTROL.test(name)) return [' cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return [' cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const messages: string[] = [];
  if (domain !== undefined && domain.length >= MAX_DOMAIN_LENGTH) messages.push(`'s Domain length must be under ${MAX_DOMAIN_LENGTH} characters`);
  if (domain !== undefined && !NET_BIOS.test(domain) && !DNS_DOMAIN.test(domain)) {
    messages.push("'s Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') messages.push("'s User cannot be empty");
  else if (user.length > MAX_USER_LENGTH) messages.push(`'s User length must not be longer than ${MAX_USER_LENGTH} characters`);
  if (/^[. ]+$/.test(user)) messages.push("'s User cannot contain only periods or spaces");
  if (FORBIDDEN_USER_CHARACTERS.test(user)) messages.push('\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return messages;
}

/** Either all containers are host processes, on the host's network, or none. */
export function checkHostProcesses(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let containers = 0;
  let hostProcesses = 0;
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    containers++;
    const ofContainer = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && ofContainer !== undefined && ofPod !== ofContainer) {
      const optionPath = containerPath.child('securityContext').child('windowsOptions').child('hostProcess');
      errors.invalid(optionPath, ofContainer, `pod hostProcess value must be identical if both are specified, was ${ofPod}`);
    }
    if (ofContainer ?? ofPod) hostProcesses++;
  }
  if (hostProcesses === 0) return;
  if (hostProcesses !== containers) {
    errors.invalid(path, '', 'If pod contains any hostProcess containers then all containers must be HostProcess containers');
  }
  if (!spec.hostNetwork) {
    errors.invalid(path.child('hostNetwork'), false, 'hostNetwork must be true if pod contains any hostProcess containers');
  }
}

const POD_CONTEXT_BEFORE = ['appArmorProfile', 'seLinuxOptions'] as const;
const POD_FIELDS_BEFORE = ['hostUsers', 'hostPID', 'hostIPC'] as const;
const POD_CONTEXT_MIDDLE = ['seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls'] as const;
const POD_CONTEXT_AFTER = ['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'] as const;
const CONTAINER_CONTEXT = [
  'appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged', 'allowPrivilegeEscalation',
  'procMount', 'runAsUser', 'runAsGroup',
] as const;
const NOT_FOR_WINDOWS = 'cannot be set for a windows pod';

export function checkOs(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const os = spec.os;
  if (os === undefined) return;
  if (!os.name) errors.required(path.child('os').child('name'));
  else if (os.name === 'linux') checkLinuxPod(spec, path, errors);
  else if (os.name === 'windows') checkWindowsPod(spec, path, errors);
  else errors.notSupported(path.child('os'), os.name, ['linux', 'windows']);
}

function checkLinuxPod(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const detail = 'windows options cannot be set for a linux pod';
  if (spec.securityContext?.windowsOptions !== undefined) errors.forbidden(path.child('securityContext').child('windowsOptions'), detail);
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    if (container.securityContext?.windowsOptions !== undefined) {
      errors.forbidden(containerPath.child('securityContext').child('windowsOptions'), detail);
    }
  }
}

function checkWindowsPod(spec: core.PodSpec, path: FieldPath, errors: FieldErrors): void {
  const contextPath = path.child('securityContext');
  const context = spec.securityContext;
  const forbidContext = (fields: readonly (keyof core.PodSecurityContext)[]) => {
    for (const field of fields) if (isSet(context?.[field])) errors.forbidden(contextPath.child(field), NOT_FOR_WINDOWS);
  };
  forbidContext(POD_CONTEXT_BEFORE);
  for (const field of POD_FIELDS_BEFORE) {
    if (field === 'hostUsers' ? spec.hostUsers !== undefined : spec[field]) errors.forbidden(path.child(field), NOT_FOR_WINDOWS);
  }
  forbidContext(POD_CONTEXT_MIDDLE);
  if (spec.shareProcessNamespace !== undefined) errors.forbidden(path.child('shareProcessNamespace'), NOT_FOR_WINDOWS);
  forbidContext(POD_CONTEXT_AFTER);
  for (const { container, path: containerPath } of containersWithPath(spec, path)) {
    for (const field of CONTAINER_CONTEXT) {
      if (container.securityContext?.[field] !== undefined) errors.forbidden(containerPath.child('securityContext').child(field), NOT_FOR_WINDOWS);
    }
  }
}
function isSet(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}
