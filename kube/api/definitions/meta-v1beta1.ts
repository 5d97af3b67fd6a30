/** Messages of k8s.io meta/v1beta1 (1.36): the same kinds as in meta/v1, the list's numbers differ. Grammar in ../definition-table.ts. */
export const metaV1beta1 = `
PartialObjectMetadata @K metadata:1:meta/v1.ObjectMeta
PartialObjectMetadataList @K metadata:2:meta/v1.ListMeta items:1:[PartialObjectMetadata:!
`;
