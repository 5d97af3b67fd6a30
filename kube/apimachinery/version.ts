/** The Kubernetes release that every component here speaks, and what components report as their version. */
export const KUBERNETES_VERSION = 'v1.36.2';
export const COMPONENT_VERSION = `${KUBERNETES_VERSION}+coracle`;
