import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterUnderTest, until } from '../cluster-under-test.ts';

let cluster: ClusterUnderTest;
beforeAll(async () => {
  cluster = await ClusterUnderTest.start('--workers', '0');
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const configMap = (name: string, data: Record<string, string>) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

/** What kubectl prints when the server refuses. */
async function refusal(command: string, stdin?: string): Promise<string> {
  const { code, stderr } = await cluster.tryKubectl(command, stdin === undefined ? {} : { stdin });
  expect(code, `kubectl ${command} should have failed`).not.toBe(0);
  return stderr.trim();
}

describe('reading', () => {
  test('kubectl version reports this level of Kubernetes', async () => {
    expect(await cluster.kubectl('version')).toMatch(/Server Version: v1\.36\.\d+\+coracle/u);
  });

  test('the health endpoints answer', async () => {
    expect(await cluster.kubectl('get --raw /livez')).toBe('ok');
    expect(await cluster.kubectl('get --raw /readyz')).toBe('ok');
    expect(await cluster.kubectl('get --raw /readyz?verbose')).toContain('readyz check passed');
  });

  test('a new cluster has its namespaces and the kubernetes Service', async () => {
    const names = await cluster.kubectl('get namespaces -o name');
    expect(names.trim().split('\n')).toEqual(['namespace/default', 'namespace/kube-node-lease', 'namespace/kube-public', 'namespace/kube-system']);
    const line = await cluster.kubectl('get service kubernetes --no-headers');
    expect(line.split(/\s+/u).slice(0, 5)).toEqual(['kubernetes', 'ClusterIP', '10.96.0.1', '<none>', '443/TCP']);
  });

  test('tables have the columns of the kind', async () => {
    await cluster.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'columns' }, spec: { containers: [{ name: 'c', image: 'nginx' }] } });
    const [header, row] = (await cluster.kubectl('get pod columns -o wide')).split('\n');
    expect(header?.split(/\s{2,}/u)).toEqual(['NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', 'IP', 'NODE', 'NOMINATED NODE', 'READINESS GATES']);
    expect(row?.split(/\s+/u).slice(0, 4)).toEqual(['columns', '0/1', 'Pending', '0']);
    await cluster.kubectl('delete pod columns --now');
  });

  test('explain knows every field of a pod', async () => {
    const text = await cluster.kubectl('explain pod.spec');
    expect(text).toContain('KIND:       Pod');
    expect(text).toMatch(/activeDeadlineSeconds\s+<integer>/u);
    expect(text).toMatch(/containers\s+<\[\]Container> -required-/u);
    expect(await cluster.kubectl('explain deployment.spec.strategy.rollingUpdate.maxSurge')).toContain('<IntOrString>');
  });

  test('api-resources and api-versions list the built-in groups', async () => {
    const resources = await cluster.kubectl('api-resources --no-headers');
    expect(resources).toMatch(/^pods\s+po\s+v1\s+true\s+Pod$/mu);
    expect(resources).toMatch(/^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/mu);
    expect(resources).toMatch(/^horizontalpodautoscalers\s+hpa\s+autoscaling\/v2\s+true\s+HorizontalPodAutoscaler$/mu);
    const versions = (await cluster.kubectl('api-versions')).split('\n');
    expect(versions).toEqual(expect.arrayContaining(['apps/v1', 'batch/v1', 'discovery.k8s.io/v1', 'networking.k8s.io/v1', 'rbac.authorization.k8s.io/v1', 'v1']));
  });

  test('a watch shows each change as it happens', async () => {
    await cluster.kubectl('create configmap watched --from-literal=a=1');
    const watch = cluster.startKubectl('get configmaps --watch --output-watch-events --field-selector metadata.name=watched -o jsonpath={.type}:{.object.data.a}{"\\n"}');
    await until('the object is listed', () => watch.output.includes('ADDED:1'));
    await cluster.kubectl('patch configmap watched -p {"data":{"a":"2"}}');
    await until('the change arrives', () => watch.output.includes('MODIFIED:2'));
    await cluster.kubectl('delete configmap watched');
    await until('the end arrives', () => watch.output.includes('DELETED:2'));
    await watch[Symbol.asyncDispose]();
  });
});

describe('writing', () => {
  test('create, label, annotate, patch, replace, delete', async () => {
    expect(await cluster.kubectl('create configmap c --from-literal=a=1')).toBe('configmap/c created\n');
    await cluster.kubectl('label configmap c tier=web');
    await cluster.kubectl('annotate configmap c note=x');
    await cluster.kubectl(['patch', 'configmap', 'c', '--type=json', '-p', '[{"op":"add","path":"/data/b","value":"2"}]']);
    await cluster.kubectl(['patch', 'configmap', 'c', '--type=merge', '-p', '{"data":{"a":null}}']);
    const object = await cluster.json<{ data: object; metadata: { labels: object; annotations: object; resourceVersion: string } }>('get configmap c');
    expect(object).toMatchObject({ data: { b: '2' }, metadata: { labels: { tier: 'web' }, annotations: { note: 'x' } } });
    expect(await cluster.kubectl('get configmaps -l tier=web -o name')).toBe('configmap/c\n');
    expect(await cluster.kubectl('replace -f -', { stdin: JSON.stringify(configMap('c', { r: '1' })) })).toBe('configmap/c replaced\n');
    expect(await cluster.kubectl('get configmap c -o jsonpath={.data}')).toBe('{"r":"1"}');
    const stale = { ...configMap('c', {}), metadata: { name: 'c', resourceVersion: object.metadata.resourceVersion } };
    expect(await refusal('replace -f -', JSON.stringify(stale))).toContain('Operation cannot be fulfilled on configmaps "c": the object has been modified; please apply your changes to the latest version and try again');
    expect(await cluster.kubectl('delete configmap c')).toContain('configmap "c" deleted');
    expect(await refusal('get configmap c')).toBe('Error from server (NotFound): configmaps "c" not found');
  });

  test('apply creates, changes only what differs, and prunes removed fields', async () => {
    expect(await cluster.apply(configMap('applied', { a: '1', b: '2' }))).toBe('configmap/applied created\n');
    expect(await cluster.apply(configMap('applied', { a: '1', b: '2' }))).toBe('configmap/applied unchanged\n');
    expect(await cluster.apply(configMap('applied', { a: '3' }))).toBe('configmap/applied configured\n');
    expect(await cluster.kubectl('get configmap applied -o jsonpath={.data}')).toBe('{"a":"3"}');
  });

  test('diff prints the change and exits with 1, and with 0 when there is none', async () => {
    await cluster.apply(configMap('diffed', { a: '1' }));
    const changed = await cluster.tryKubectl('diff -f -', { stdin: JSON.stringify(configMap('diffed', { a: '2' })) });
    expect(changed.stdout).toMatch(/^-\s+a: "1"$/mu);
    expect(changed.stdout).toMatch(/^\+\s+a: "2"$/mu);
    expect(changed.code).toBe(1);
    expect((await cluster.tryKubectl('diff -f -', { stdin: JSON.stringify(configMap('diffed', { a: '1' })) })).code).toBe(0);
  });

  test('edit opens the object and stores what was changed', async () => {
    await cluster.apply(configMap('edited', { a: '1' }));
    await cluster.kubectl('edit configmap edited', { environment: { KUBE_EDITOR: `sed -i 's/a: "1"/a: "9"/'` } });
    expect(await cluster.kubectl('get configmap edited -o jsonpath={.data.a}')).toBe('9');
  });

  test('server-side apply owns fields and tells of conflicts', async () => {
    await cluster.kubectl('apply --server-side --field-manager=one -f -', { stdin: JSON.stringify(configMap('ssa', { a: '1' })) });
    const conflict = await refusal('apply --server-side --field-manager=two -f -', JSON.stringify(configMap('ssa', { a: '2' })));
    expect(conflict).toContain('conflict with "one": .data.a');
    await cluster.kubectl('apply --server-side --field-manager=two --force-conflicts -f -', { stdin: JSON.stringify(configMap('ssa', { a: '2' })) });
    const fields = await cluster.json<{ metadata: { managedFields: { manager: string; operation: string }[] } }>('get configmap ssa --show-managed-fields');
    expect(fields.metadata.managedFields).toEqual(expect.arrayContaining([expect.objectContaining({ manager: 'two', operation: 'Apply' })]));
  });

  test('a dry run answers and stores nothing', async () => {
    expect(await cluster.kubectl('create configmap dry --from-literal=a=1 --dry-run=server')).toBe('configmap/dry created (server dry run)\n');
    expect(await refusal('get configmap dry')).toContain('NotFound');
    expect(await cluster.kubectl('create deployment dry --image=nginx --dry-run=client -o jsonpath={.spec.replicas}')).toBe('1');
  });

  test('wait returns when the condition holds and fails at its timeout', async () => {
    await cluster.kubectl('create configmap waited --from-literal=a=1');
    await cluster.kubectl('wait configmap/waited --for=jsonpath={.data.a}=1 --timeout=5s');
    expect(await refusal('wait configmap/waited --for=jsonpath={.data.a}=2 --timeout=1s')).toContain('timed out waiting for the condition on configmaps/waited');
    const deletion = cluster.startKubectl('wait configmap/waited --for=delete --timeout=10s');
    await cluster.kubectl('delete configmap waited');
    expect(await deletion.exited).toBe(0);
  });

  test('defaults are those of upstream', async () => {
    await cluster.kubectl('create deployment defaults --image=nginx');
    const { spec } = await cluster.json<{ spec: object }>('get deployment defaults');
    expect(spec).toMatchObject({
      replicas: 1, progressDeadlineSeconds: 600, revisionHistoryLimit: 10, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: { spec: { containers: [{ name: 'nginx', image: 'nginx', imagePullPolicy: 'Always', terminationMessagePath: '/dev/termination-log', terminationMessagePolicy: 'File' }], dnsPolicy: 'ClusterFirst', restartPolicy: 'Always', schedulerName: 'default-scheduler', securityContext: {}, terminationGracePeriodSeconds: 30 } },
    });
    await cluster.kubectl('expose deployment defaults --port=80');
    const service = await cluster.json<{ spec: { clusterIP: string } }>('get service defaults');
    expect(service.spec).toMatchObject({ type: 'ClusterIP', sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack', ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] });
    expect(service.spec.clusterIP).toMatch(/^10\.96\./u);
  });
});

describe('refusing', () => {
  const badPod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'Bad_Name' }, spec: { containers: [{ name: 'c', image: '' }] } };

  test('validation names every field', async () => {
    const message = await refusal('create -f -', JSON.stringify(badPod));
    expect(message).toContain('The Pod "Bad_Name" is invalid:');
    expect(message).toContain(`* metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'`);
    expect(message).toContain('* spec.containers[0].image: Required value');
  });

  test('unknown fields and kinds are told', async () => {
    expect(await refusal('create -f -', JSON.stringify({ ...configMap('x', {}), dta: {} }))).toContain('unknown field "dta"');
    expect(await refusal('get sprockets')).toBe('error: the server doesn\'t have a resource type "sprockets"');
    expect(await refusal('create configmap kubernetes -n nowhere')).toContain('namespaces "nowhere" not found');
  });

  test('immutable fields stay', async () => {
    await cluster.kubectl('create deployment fixed --image=nginx');
    expect(await refusal('patch deployment fixed --type=merge -p {"spec":{"selector":{"matchLabels":{"app":"other"}}}}')).toContain('field is immutable');
  });

  test('a second create of the same name is a conflict', async () => {
    await cluster.kubectl('create namespace twice');
    expect(await refusal('create namespace twice')).toBe('Error from server (AlreadyExists): namespaces "twice" already exists');
  });
});

describe('identities', () => {
  test('the administrator may do everything, a service account what its roles allow', async () => {
    expect(await cluster.kubectl('auth can-i * *')).toBe('yes\n');
    await cluster.kubectl('create serviceaccount reader');
    await cluster.kubectl('create role reader --verb=get,list --resource=pods');
    await cluster.kubectl('create rolebinding reader --role=reader --serviceaccount=default:reader');
    const as = '--as=system:serviceaccount:default:reader';
    expect(await cluster.kubectl(`auth can-i list pods ${as}`)).toBe('yes\n');
    expect((await cluster.tryKubectl(`auth can-i delete pods ${as}`)).stdout).toBe('no\n');
    expect(await refusal(`get secrets ${as}`)).toBe('Error from server (Forbidden): secrets is forbidden: User "system:serviceaccount:default:reader" cannot list resource "secrets" in API group "" in the namespace "default"');
    expect(await cluster.kubectl('auth whoami -o jsonpath={.status.userInfo.groups}')).toContain('system:masters');
  });

  test('a token of a service account authenticates', async () => {
    await cluster.kubectl('create serviceaccount holder');
    const token = (await cluster.kubectl('create token holder --duration=10m')).trim();
    expect(token.split('.')).toHaveLength(3);
    const { user } = JSON.parse(await cluster.kubectl(['auth', 'whoami', '--token', token, '--kubeconfig', '/dev/null', '--server', `https://127.0.0.1:${cluster.apiPort}`, '--insecure-skip-tls-verify', '-o', 'jsonpath={"{"}"user":"{.status.userInfo.username}"{"}"}'])) as { user: string };
    expect(user).toBe('system:serviceaccount:default:holder');
  });

  test('a wrong token is refused', async () => {
    expect(await refusal(`get pods --token wrong --kubeconfig /dev/null --server https://127.0.0.1:${cluster.apiPort} --insecure-skip-tls-verify`)).toContain('You must be logged in to the server');
  });
});
