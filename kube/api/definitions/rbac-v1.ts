/** Messages of k8s.io rbac/v1 (1.36); grammar in ../definition-table.ts. */
export const rbacV1 = `
AggregationRule clusterRoleSelectors:1:[meta/v1.LabelSelector::La
ClusterRole @K metadata:1:meta/v1.ObjectMeta rules:2:[PolicyRule:!:La:O aggregationRule:3:AggregationRule:*
ClusterRoleBinding @K metadata:1:meta/v1.ObjectMeta subjects:2:[Subject::La roleRef:3:RoleRef:!
ClusterRoleBindingList @K metadata:1:meta/v1.ListMeta items:2:[ClusterRoleBinding:!
ClusterRoleList @K metadata:1:meta/v1.ListMeta items:2:[ClusterRole:!
PolicyRule verbs:1:[s:!:La apiGroups:2:[s::La resources:3:[s::La resourceNames:4:[s::La nonResourceURLs:5:[s::La
Role @K metadata:1:meta/v1.ObjectMeta rules:2:[PolicyRule:!:La:O
RoleBinding @K metadata:1:meta/v1.ObjectMeta subjects:2:[Subject::La roleRef:3:RoleRef:!
RoleBindingList @K metadata:1:meta/v1.ListMeta items:2:[RoleBinding:!
RoleList @K metadata:1:meta/v1.ListMeta items:2:[Role:!
RoleRef @A apiGroup:1:s:!:O kind:2:s:! name:3:s:!
Subject @A kind:1:s:! apiGroup:2:s name:3:s:! namespace:4:s
`;
