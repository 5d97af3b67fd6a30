import { expect, test } from 'vitest';
import { canonicalName, parseImageReference, resolveReference } from './image-reference.ts';

test.each([
  { name: 'nginx', canonical: 'docker.io/library/nginx:latest' },
  { name: 'nginx:1.26', canonical: 'docker.io/library/nginx:1.26' },
  { name: 'grafana/loki', canonical: 'docker.io/grafana/loki:latest' },
  { name: 'index.docker.io/library/nginx', canonical: 'docker.io/library/nginx:latest' },
  { name: 'registry.k8s.io/pause:3.10', canonical: 'registry.k8s.io/pause:3.10' },
  { name: 'localhost:5000/app:v1', canonical: 'localhost:5000/app:v1' },
  { name: 'localhost/app', canonical: 'localhost/app:latest' },
  { name: `nginx@sha256:${'a'.repeat(64)}`, canonical: `docker.io/library/nginx@sha256:${'a'.repeat(64)}` },
  { name: `nginx:1.26@sha256:${'a'.repeat(64)}`, canonical: `docker.io/library/nginx@sha256:${'a'.repeat(64)}` },
])('$name means $canonical', ({ name, canonical }) => {
  expect(canonicalName(parseImageReference(name))).toBe(canonical);
});

test("a mirror's namespace decides over the path", () => {
  expect(canonicalName(resolveReference({ repository: 'a.b/c', reference: 'v1', namespace: 'quay.io' }))).toBe('quay.io/a.b/c:v1');
});
