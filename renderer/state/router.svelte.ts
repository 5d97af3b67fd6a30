export type Route =
  | { readonly view: 'overview' | 'nodes' | 'pods' | 'workloads' | 'events' }
  | { readonly view: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly view: 'node'; readonly name: string };

/** The view in the address's fragment, so that back, forward and reload work in the browser and in Electron alike. */
export class Router {
  route: Route = $state.raw(parse(location.hash));

  constructor() {
    window.addEventListener('hashchange', () => (this.route = parse(location.hash)));
  }
}

export function href(route: Route): string {
  switch (route.view) {
    case 'pod':
      return `#/pods/${encodeURIComponent(route.namespace)}/${encodeURIComponent(route.name)}`;
    case 'node':
      return `#/nodes/${encodeURIComponent(route.name)}`;
    default:
      return `#/${route.view}`;
  }
}

function parse(hash: string): Route {
  const [view, first, second] = hash.replace(/^#\//u, '').split('/').map(decodeURIComponent);
  if (view === 'pods' && first !== undefined && second !== undefined) return { view: 'pod', namespace: first, name: second };
  if (view === 'nodes' && first !== undefined) return { view: 'node', name: first };
  return view === 'nodes' || view === 'pods' || view === 'workloads' || view === 'events' ? { view } : { view: 'overview' };
}
