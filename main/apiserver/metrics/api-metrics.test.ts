import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';

let server: TestApiServer;
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const JSON_HEADERS = { 'content-type': 'application/json' };

async function get(path: string, options: { readonly accept?: string; readonly user?: string; readonly method?: string } = {}) {
  const transport = options.user ? server.apiServer.transport({ name: options.user, groups: [] }) : server.transport;
  const { status, headers, body } = await transport.fetch({ method: options.method ?? 'GET', path, headers: options.accept ? { accept: options.accept } : {} });
  return { status, headers, text: Buffer.from(body as Uint8Array).toString('utf8') };
}

/** The value of the one line of /metrics that begins so. */
async function metric(line: string): Promise<number | undefined> {
  const { text } = await get('/metrics');
  const found = text.split('\n').find((candidate) => candidate.startsWith(`${line} `));
  return found === undefined ? undefined : Number(found.slice(line.length + 1));
}

describe('/metrics', () => {
  test('counts requests by upstream names and labels', async () => {
    const path = '/api/v1/namespaces/default/secrets';
    await server.transport.fetch({ method: 'POST', path, headers: JSON_HEADERS, body: '{"metadata":{"name":"counted"}}' });
    await get(`${path}/counted`);
    await get(`${path}/absent`);
    await get(path);
    const labels = (code: number, scope: string, verb: string): string => `{code="${code}",component="apiserver",dry_run="",group="",resource="secrets",scope="${scope}",subresource="",verb="${verb}",version="v1"}`;
    expect(await metric(`apiserver_request_total${labels(201, 'resource', 'POST')}`)).toBe(1);
    expect(await metric(`apiserver_request_total${labels(200, 'resource', 'GET')}`)).toBe(1);
    expect(await metric(`apiserver_request_total${labels(404, 'resource', 'GET')}`)).toBe(1);
    expect(await metric(`apiserver_request_total${labels(200, 'namespace', 'LIST')}`)).toBe(1);
    expect(await metric('apiserver_request_duration_seconds_count{component="apiserver",dry_run="",group="",resource="secrets",scope="resource",subresource="",verb="GET",version="v1"}')).toBe(2);
  });

  test('tells of the watch cache, of admission and of itself', async () => {
    await server.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/default/limitranges', headers: JSON_HEADERS, body: '{"metadata":{"name":"seen"},"spec":{"limits":[]}}' });
    const of = (name: string): Promise<number | undefined> => metric(`${name}{group="",resource="limitranges"}`);
    await expect.poll(() => of('apiserver_storage_events_received_total')).toBe(1);
    expect(await of('apiserver_watch_cache_events_dispatched_total')).toBe(1);
    expect(await of('apiserver_watch_cache_initializations_total')).toBe(1);
    expect(await of('apiserver_watch_cache_resource_version')).toBeGreaterThan(1);
    expect(await metric('apiserver_admission_step_admission_duration_seconds_count{operation="CREATE",rejected="false",type="admit"}')).toBeGreaterThan(0);
    expect(await metric('authorization_duration_seconds_count{result="allowed"}')).toBeGreaterThan(0);
    expect(await metric('registered_metrics_total{deprecated_version="",stability_level="STABLE"}')).toBeGreaterThan(5);
    expect(await metric('version_info{binary="1.36.2",component="kube",emulation="1.36",min_compat="1.35"}')).toBe(1);
  });

  test('tells of deprecated APIs, of what requests passed, and of requests of the server itself', async () => {
    await get('/api/v1/componentstatuses');
    expect(await metric('apiserver_requested_deprecated_apis{group="",removed_release="",resource="componentstatuses",subresource="",version="v1"}')).toBe(1);
    for (const filter of ['authentication', 'authorization', 'constrainedimpersonation', 'priorityandfairness']) {
      expect(await metric(`apiserver_request_filter_duration_seconds_count{filter="${filter}"}`)).toBeGreaterThan(0);
    }
    const own = 'apiserver_selfrequest_total{group="",resource="namespaces",subresource="",verb="GET"}';
    const before = (await metric(own)) ?? 0;
    await server.apiServer.transport({ name: 'system:apiserver', groups: ['system:masters'] }).fetch({ method: 'GET', path: '/api/v1/namespaces/default' });
    expect(await metric(own)).toBe(before + 1);
  });

  test('tells of cluster IPs and node ports', async () => {
    const create = (name: string, spec: object): Promise<unknown> => server.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/default/services', headers: JSON_HEADERS, body: JSON.stringify({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } }) });
    await create('counted', { type: 'NodePort' });
    await create('clashing', { clusterIP: '10.96.0.1' });
    await create('clashing-port', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] });
    const ip = (name: string, scope = ''): Promise<number | undefined> => metric(`kube_apiserver_clusterip_allocator_${name}{cidr="10.96.0.0/16"${scope === '' ? '' : `,scope="${scope}"`}}`);
    expect(await ip('allocation_total', 'dynamic')).toBe(2);
    expect(await ip('allocation_errors_total', 'static')).toBe(1);
    expect(await ip('allocation_duration_seconds_count')).toBeGreaterThan(1);
    expect([await ip('allocated_ips'), await ip('available_ips')]).toEqual([2, 65_534 - 2]);
    expect(await metric('kube_apiserver_nodeport_allocator_allocation_total{scope="dynamic"}')).toBe(1);
    expect(await metric('kube_apiserver_nodeport_allocator_allocation_errors_total{scope="static"}')).toBe(1);
    expect([await metric('kube_apiserver_nodeport_allocator_allocated_ports'), await metric('kube_apiserver_nodeport_allocator_available_ports')]).toEqual([1, 2767]);
  });

  test('tells how large events of watches were, and what the store listed', async () => {
    const path = '/api/v1/namespaces/default/resourcequotas';
    const leaving = new AbortController();
    const { body } = await server.transport.fetch({ method: 'GET', path: `${path}?watch=1`, signal: leaving.signal });
    const reading = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await server.transport.fetch({ method: 'POST', path, headers: JSON_HEADERS, body: '{"metadata":{"name":"seen"},"spec":{}}' });
    const { value } = await reading.next();
    expect(await metric('apiserver_watch_events_sizes_sum{group="",resource="resourcequotas",version="v1"}')).toBe((value as Uint8Array).length);
    leaving.abort();
    await reading.next().catch(() => undefined);
    expect(await metric('apiserver_storage_list_total{group="",resource="resourcequotas"}')).toBe(1);
    expect(await metric('apiserver_watch_cache_read_wait_seconds_count{group="",resource="resourcequotas"}')).toBeGreaterThan(0);
  });

  test('tells what lists cost, how large bodies were, and how long a watch took to send the state', async () => {
    const path = '/api/v1/namespaces/default/endpoints';
    const body = '{"metadata":{"name":"listed"}}';
    await server.transport.fetch({ method: 'POST', path, headers: JSON_HEADERS, body });
    await get(`${path}?labelSelector=a%3Db`);
    await get(`${path}?resourceVersion=0`);
    const of = (name: string, before = '', after = ''): Promise<number | undefined> => metric(`apiserver_${name}{${before}group="",${after}resource="endpoints"}`);
    const listed = (await of('cache_list_fetched_objects_total', '', 'index="",'))!;
    expect(await of('cache_list_total', '', 'index="",')).toBe(2);
    expect(await of('cache_list_returned_objects_total')).toBe(listed / 2);
    expect(await metric('apiserver_watch_cache_consistent_read_total{fallback="false",group="",resource="endpoints",success="true"}')).toBe(1);
    expect(await metric('apiserver_request_body_size_bytes_sum{group="",resource="endpoints",verb="create"}')).toBe(body.length);
    const leaving = new AbortController();
    const { body: frames } = await server.transport.fetch({ method: 'GET', path: `${path}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`, signal: leaving.signal });
    const reading = (frames as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    // The object, the bookmark, and then nothing until something happens.
    for (let read = 0; read < 2; read++) await reading.next();
    const next = reading.next().catch(() => undefined);
    await expect.poll(() => metric('apiserver_watch_list_duration_seconds_count{group="",resource="endpoints",scope="namespace",version="v1"}')).toBe(1);
    leaving.abort();
    await next;
  });

  test('tells who decided about a request', async () => {
    const decided = (decision: string): Promise<number | undefined> => metric(`apiserver_authorization_decisions_total{decision="${decision}",name="rbac",type="RBAC"}`);
    const before = (await decided('allowed')) ?? 0;
    expect((await get('/metrics', { user: 'anybody' })).status).toBe(403);
    const transport = server.apiServer.transport({ name: 'somebody', groups: ['system:authenticated'] });
    expect((await transport.fetch({ method: 'GET', path: '/version', headers: {} })).status).toBe(200);
    expect(await decided('allowed')).toBe(before + 1);
    expect(await decided('denied')).toBeUndefined();
  });

  test('has one line for names that nobody serves: none', async () => {
    await get('/apis/invented.example.com/v1/things');
    await get('/api/v1/namespaces/default/secrets/x/invented');
    expect((await get('/metrics')).text).not.toContain('invented');
  });

  test('shows a watch while it lasts, and what it was sent', async () => {
    const leaving = new AbortController();
    const { body } = await server.transport.fetch({ method: 'GET', path: '/api/v1/namespaces?watch=1', signal: leaving.signal });
    const frames = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await frames.next();
    const open = 'apiserver_longrunning_requests{component="apiserver",group="",resource="namespaces",scope="cluster",subresource="",verb="WATCH",version="v1"}';
    expect(await metric(open)).toBe(1);
    expect(await metric('apiserver_watch_events_total{group="",resource="namespaces",version="v1"}')).toBe(4);
    leaving.abort();
    await frames.next().catch(() => undefined);
    expect(await metric(open)).toBe(0);
  });

  test('tells of flow control, storage, process, build and features', async () => {
    const { text, headers } = await get('/metrics');
    expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    for (const line of [
      'apiserver_flowcontrol_nominal_limit_seats{priority_level="global-default"} 49',
      'apiserver_flowcontrol_current_executing_requests{flow_schema="exempt",priority_level="exempt"} ',
      'apiserver_flowcontrol_priority_level_seat_utilization_count{phase="executing",priority_level="workload-low"} ',
      'apiserver_current_inflight_requests{request_kind="readOnly"} ',
      'apiserver_resource_objects{group="",resource="namespaces"} 4',
      'apiserver_storage_objects{resource="flowschemas.flowcontrol.apiserver.k8s.io"} 11',
      'process_resident_memory_bytes ', 'process_cpu_seconds_total ', 'kubernetes_build_info{', 'kubernetes_feature_enabled{name="WatchList",stage="BETA"} 1',
      'authentication_attempts{result="success"} ', 'authorization_attempts_total{result="allowed"} ', '# TYPE apiserver_request_duration_seconds histogram',
    ]) expect(text).toContain(`\n${line}`);
  });

  test('names the escaping that was asked for, and begins anew on DELETE', async () => {
    expect((await get('/metrics', { accept: 'text/plain;version=1.0.0;escaping=allow-utf-8' })).headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8');
    const attempts = 'authentication_attempts{result="success"}';
    expect(await metric(attempts)).toBeGreaterThan(1);
    expect(await get('/metrics', { method: 'DELETE' })).toMatchObject({ status: 200, text: 'metrics reset\n' });
    expect(await metric(attempts)).toBe(1);
  });

  test('tells how long admission took, and what it refused', async () => {
    await server.transport.fetch({ method: 'POST', path: '/api/v1/namespaces/absent/configmaps', headers: JSON_HEADERS, body: '{"metadata":{"name":"x"}}' });
    expect(await metric('apiserver_admission_controller_admission_duration_seconds_count{name="NamespaceLifecycle",operation="CREATE",rejected="true",type="admit"}') ?? await metric('apiserver_admission_controller_admission_duration_seconds_count{name="NamespaceLifecycle",operation="CREATE",rejected="true",type="validate"}')).toBeGreaterThan(0);
  });

  test('is for system:monitoring and others who may read it', async () => {
    expect((await get('/metrics', { user: 'bob' })).status).toBe(403);
    const monitor = server.apiServer.transport({ name: 'prometheus', groups: ['system:monitoring'] });
    for (const path of ['/metrics', '/metrics/slis', '/statusz', '/flagz', '/livez/ping']) {
      expect([path, (await monitor.fetch({ method: 'GET', path })).status]).toEqual([path, 200]);
    }
  });
});

test('/metrics/slis tells how the checks went', async () => {
  await get('/readyz');
  const { text } = await get('/metrics/slis');
  expect(text).toContain('kubernetes_healthcheck{name="etcd",type="readyz"} 1');
  expect(text).toContain('kubernetes_healthchecks_total{name="ping",status="success",type="readyz"}');
});

describe('health', () => {
  test('lists its checks when asked', async () => {
    const { status, text } = await get('/readyz?verbose');
    const lines = text.split('\n');
    expect([status, lines[0], lines.at(-2)]).toEqual([200, '[+]ping ok', 'readyz check passed']);
    expect(lines).toContain('[+]poststarthook/rbac/bootstrap-roles ok');
    expect(lines).toContain('[+]shutdown ok');
  });

  test('leaves out what is excluded, and says what cannot be', async () => {
    const { text } = await get('/livez?verbose&exclude=etcd&exclude=zzz&exclude=nothing');
    expect(text).toContain('[+]etcd excluded: ok\n');
    expect(text).toContain('warn: some health checks cannot be excluded: no matches for "nothing", "zzz"\nlivez check passed\n');
  });

  test.each([['/livez/ping', 200, 'ok'], ['/readyz/poststarthook/rbac/bootstrap-roles', 200, 'ok'], ['/livez/none', 404, '404 page not found\n'], ['/healthz', 200, 'ok']])('%s answers %i', async (path, status, text) => {
    expect(await get(path)).toMatchObject({ status, text });
  });
});

describe('/statusz and /flagz', () => {
  test('are text for people', async () => {
    const { headers, text } = await get('/statusz');
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(text).toMatch(/^\napiserver statusz\nWarning: .*\n\nStarted: \w{3} \w{3} [ \d]\d [\d:]{8} UTC \d{4}\nUp: \d+ hr \d\d min \d\d sec\nGo version: .*\nBinary version: 1\.36\.2\nEmulation version: 1\.36\nPaths: \/flagz .*\n$/);
    expect((await get('/flagz')).text).toContain('\nauthorization-mode: [Node,RBAC]\n');
  });

  test('are objects for programs', async () => {
    const { headers, text } = await get('/statusz', { accept: 'application/json;v=v1beta1;g=config.k8s.io;as=Statusz' });
    expect(headers['content-type']).toBe('application/json;g=config.k8s.io;v=v1beta1;as=Statusz');
    expect(JSON.parse(text)).toMatchObject({ kind: 'Statusz', apiVersion: 'config.k8s.io/v1beta1', metadata: { name: 'apiserver' }, binaryVersion: '1.36.2', uptimeSeconds: expect.any(Number) });
    const old = await get('/flagz', { accept: 'application/json;v=v1alpha1;g=config.k8s.io;as=Flagz' });
    expect([old.headers['warning'], (JSON.parse(old.text) as { flags: object }).flags]).toEqual([['299 - "This version of the flagz endpoint is deprecated. Please use a newer version."'], expect.objectContaining({ 'request-timeout': '1m0s' })]);
  });

  test('refuse other forms', async () => {
    const { status, text } = await get('/statusz', { accept: 'application/json' });
    expect([status, (JSON.parse(text) as { message: string }).message]).toEqual([406, 'only the following media types are accepted: application/json, application/yaml, text/plain']);
  });
});
