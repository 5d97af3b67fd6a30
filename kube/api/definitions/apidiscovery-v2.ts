/** Messages of k8s.io apidiscovery/v2 (1.36); grammar in ../definition-table.ts. */
export const apidiscoveryV2 = `
APIGroupDiscovery @K metadata:1:meta/v1.ObjectMeta versions:2:[APIVersionDiscovery::Lmversion
APIGroupDiscoveryList @K metadata:1:meta/v1.ListMeta items:2:[APIGroupDiscovery:!
APIResourceDiscovery resource:1:s:! responseKind:2:meta/v1.GroupVersionKind:* scope:3:s:!:Cv2.ResourceScope singularResource:4:s:! verbs:5:[s:!:Ls shortNames:6:[s::Ls categories:7:[s::Ls subresources:8:[APISubresourceDiscovery::Lmsubresource
APISubresourceDiscovery subresource:1:s:! responseKind:2:meta/v1.GroupVersionKind:* acceptedTypes:3:[meta/v1.GroupVersionKind::Lmgroup,version,kind verbs:4:[s:!:Ls
APIVersionDiscovery version:1:s:! resources:2:[APIResourceDiscovery::Lmresource freshness:3:s::Cv2.DiscoveryFreshness
`;
