/** Messages of k8s.io admission/v1 (1.36); grammar in ../definition-table.ts. */
export const admissionV1 = `
AdmissionRequest uid:1:s:!:O:Ctypes.UID kind:2:meta/v1.GroupVersionKind:!:O resource:3:meta/v1.GroupVersionResource:!:O subResource:4:s requestKind:13:meta/v1.GroupVersionKind:* requestResource:14:meta/v1.GroupVersionResource:* requestSubResource:15:s name:5:s namespace:6:s operation:7:s:!:O:Cv1.Operation userInfo:8:authentication/v1.UserInfo:!:O object:9:R oldObject:10:R dryRun:11:b:* options:12:R
AdmissionResponse uid:1:s:!:O:Ctypes.UID allowed:2:b:!:O status:3:meta/v1.Status:* patch:4:y patchType:5:s:*:Cv1.PatchType auditAnnotations:6:{s warnings:7:[s::La
AdmissionReview @K request:1:AdmissionRequest:* response:2:AdmissionResponse:*
`;
