/** Messages of k8s.io certificates/v1 (1.36); grammar in ../definition-table.ts. */
export const certificatesV1 = `
CertificateSigningRequest @K metadata:1:meta/v1.ObjectMeta spec:2:CertificateSigningRequestSpec:! status:3:CertificateSigningRequestStatus
CertificateSigningRequestCondition type:1:s:!:Cv1.RequestConditionType status:6:s:!:Cv1.ConditionStatus reason:2:s message:3:s lastUpdateTime:4:T lastTransitionTime:5:T
CertificateSigningRequestList @K metadata:1:meta/v1.ListMeta items:2:[CertificateSigningRequest:!
CertificateSigningRequestSpec request:1:y:! signerName:7:s:! expirationSeconds:8:i:* usages:5:[s::La:Cv1.KeyUsage username:2:s uid:3:s groups:4:[s::La extra:6:{ExtraValue
CertificateSigningRequestStatus conditions:1:[CertificateSigningRequestCondition::Lmtype certificate:2:y
ExtraValue items:1:[s
`;
