import type { Container, Pod, ServiceAccount } from '../../../kube/api/generated/core/v1.ts';

/** Go's strconv.ParseBool, of what it takes for true. */
const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);

/** Whether pods of the account may only use the secrets that it lists. */
export function isLimited({ metadata }: ServiceAccount): boolean {
  return TRUE.has(metadata.annotations?.['kubernetes.io/enforce-mountable-secrets'] ?? '');
}

/** The first secret of the pod that its account does not list, in upstream's words; undefined when all are listed. */
export function unlistedSecret({ spec }: Pod, account: ServiceAccount): string | undefined {
  const name = account.metadata.name;
  const listed = namesOf(account.secrets);
  for (const { secret } of spec?.volumes ?? []) {
    if (secret && !listed.has(secret.secretName ?? '')) return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`;
  }
  const problem = unlistedVariable(spec?.initContainers, { kind: 'init container', account }) ?? unlistedVariable(spec?.containers, { kind: 'container', account });
  if (problem !== undefined) return problem;
  const pulled = namesOf(account.imagePullSecrets);
  for (const [index, secret] of (spec?.imagePullSecrets ?? []).entries()) {
    if (!pulled.has(secret.name ?? '')) return `imagePullSecrets[${index}].name="${secret.name ?? ''}" is not allowed because service account ${name} does not reference that imagePullSecret`;
  }
  return undefined;
}

/** The same for the environment of containers of one kind. */
export function unlistedVariable(
  containers: readonly Partial<Container>[] | undefined, { kind, account }: { readonly kind: 'container' | 'init container' | 'ephemeral container'; readonly account: ServiceAccount },
): string | undefined {
  const listed = namesOf(account.secrets);
  const refusal = (container: string, what: string, secret: string): string =>
    `${kind} ${container} with ${what} referencing secret.secretName="${secret}" is not allowed because service account ${account.metadata.name} does not reference that secret`;
  for (const { name = '', env = [], envFrom = [] } of containers ?? []) {
    for (const variable of env) {
      const secret = variable.valueFrom?.secretKeyRef;
      if (secret && !listed.has(secret.name ?? '')) return refusal(name, `envVar ${variable.name}`, secret.name ?? '');
    }
    for (const { secretRef } of envFrom) {
      if (secretRef && !listed.has(secretRef.name ?? '')) return refusal(name, 'envFrom', secretRef.name ?? '');
    }
  }
  return undefined;
}

function namesOf(references: readonly { readonly name?: string }[] | undefined): ReadonlySet<string> {
  return new Set(references?.map(({ name = '' }) => name));
}
