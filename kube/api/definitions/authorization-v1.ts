/** Messages of k8s.io authorization/v1 (1.36); grammar in ../definition-table.ts. */
export const authorizationV1 = `
ExtraValue items:1:[s
FieldSelectorAttributes rawSelector:1:s requirements:2:[meta/v1.FieldSelectorRequirement::La
LabelSelectorAttributes rawSelector:1:s requirements:2:[meta/v1.LabelSelectorRequirement::La
LocalSubjectAccessReview @K metadata:1:meta/v1.ObjectMeta spec:2:SubjectAccessReviewSpec:! status:3:SubjectAccessReviewStatus
NonResourceAttributes path:1:s verb:2:s
NonResourceRule verbs:1:[s:!:La nonResourceURLs:2:[s::La
ResourceAttributes namespace:1:s verb:2:s group:3:s version:4:s resource:5:s subresource:6:s name:7:s fieldSelector:8:FieldSelectorAttributes:* labelSelector:9:LabelSelectorAttributes:*
ResourceRule verbs:1:[s:!:La apiGroups:2:[s::La resources:3:[s::La resourceNames:4:[s::La
SelfSubjectAccessReview @K metadata:1:meta/v1.ObjectMeta spec:2:SelfSubjectAccessReviewSpec:! status:3:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec resourceAttributes:1:ResourceAttributes:* nonResourceAttributes:2:NonResourceAttributes:*
SelfSubjectRulesReview @K metadata:1:meta/v1.ObjectMeta spec:2:SelfSubjectRulesReviewSpec:! status:3:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec namespace:1:s
SubjectAccessReview @K metadata:1:meta/v1.ObjectMeta spec:2:SubjectAccessReviewSpec:! status:3:SubjectAccessReviewStatus
SubjectAccessReviewSpec resourceAttributes:1:ResourceAttributes:* nonResourceAttributes:2:NonResourceAttributes:* user:3:s groups:4:[s::La extra:5:{ExtraValue uid:6:s
SubjectAccessReviewStatus allowed:1:b:! denied:4:b reason:2:s evaluationError:3:s
SubjectRulesReviewStatus resourceRules:1:[ResourceRule:!:La nonResourceRules:2:[NonResourceRule:!:La incomplete:3:b:! evaluationError:4:s
`;
