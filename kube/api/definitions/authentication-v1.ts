/** Messages of k8s.io authentication/v1 (1.36); grammar in ../definition-table.ts. */
export const authenticationV1 = `
BoundObjectReference kind:1:s apiVersion:2:s name:3:s uid:4:s::Ctypes.UID
ExtraValue items:1:[s
SelfSubjectReview @K metadata:1:meta/v1.ObjectMeta status:2:SelfSubjectReviewStatus
SelfSubjectReviewStatus userInfo:1:UserInfo
TokenRequest @K metadata:1:meta/v1.ObjectMeta spec:2:TokenRequestSpec:!:O status:3:TokenRequestStatus
TokenRequestSpec audiences:1:[s:!:La:O expirationSeconds:4:l:*!:O boundObjectRef:3:BoundObjectReference:*!:O
TokenRequestStatus token:1:s:!:O expirationTimestamp:2:T:!:O
TokenReview @K metadata:1:meta/v1.ObjectMeta spec:2:TokenReviewSpec:! status:3:TokenReviewStatus
TokenReviewSpec token:1:s::R audiences:2:[s::La
TokenReviewStatus authenticated:1:b user:2:UserInfo audiences:4:[s::La error:3:s
UserInfo username:1:s uid:2:s groups:3:[s::La extra:4:{ExtraValue
`;
