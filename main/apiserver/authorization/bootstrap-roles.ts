/**
 * The ClusterRoles that every cluster has (upstream: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go, 1.36), as a table that
 * bootstrap-policy.ts reads. A name; `+label` aggregates into another role, `=label` is put together from such roles. Under it one rule a
 * line: verbs, groups (`-` is the core group), resources, and `names:` where limited; or verbs, `url`, paths.
 * `R` is get,list,watch and `W` create,delete,deletecollection,patch,update.
 */
export const bootstrapRoles = `
cluster-admin
  * * *
  * url *
system:discovery
  get url /livez,/readyz,/healthz,/version,/version/,/openapi,/openapi/*,/api,/api/*,/apis,/apis/*
system:monitoring
  get url /metrics,/metrics/slis,/livez,/readyz,/healthz,/livez/*,/readyz/*,/healthz/*,/flagz,/statusz
  get - nodes/metrics
system:basic-user
  create authorization.k8s.io selfsubjectaccessreviews,selfsubjectrulesreviews
  create authentication.k8s.io selfsubjectreviews
system:public-info-viewer
  get url /livez,/readyz,/healthz,/version,/version/
admin =admin
edit +admin =edit
view +edit =view
system:aggregate-to-admin +admin
  create authorization.k8s.io localsubjectaccessreviews
  R,W rbac.authorization.k8s.io roles,rolebindings
system:aggregate-to-edit +edit
  R - pods/attach,pods/proxy,pods/exec,pods/portforward,secrets,services/proxy
  impersonate - serviceaccounts
  W - pods,pods/attach,pods/proxy,pods/exec,pods/portforward
  create - pods/eviction
  W - configmaps,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy
  create - serviceaccounts/token
  W -,events.k8s.io events
  W apps statefulsets,statefulsets/scale,daemonsets,deployments,deployments/scale,deployments/rollback,replicasets,replicasets/scale
  W autoscaling horizontalpodautoscalers
  W batch jobs,cronjobs
  W extensions daemonsets,deployments,deployments/scale,deployments/rollback,ingresses,replicasets,replicasets/scale,replicationcontrollers/scale,networkpolicies
  W policy poddisruptionbudgets
  W networking.k8s.io networkpolicies,ingresses
  create,delete,deletecollection,get,list,patch,update,watch coordination.k8s.io leases
  W resource.k8s.io resourceclaims,resourceclaimtemplates
system:aggregate-to-view +view
  R - configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status
  R - bindings,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,resourcequotas,resourcequotas/status
  R - namespaces
  R -,events.k8s.io events
  R discovery.k8s.io endpointslices
  R apps controllerrevisions,statefulsets,statefulsets/status,statefulsets/scale,daemonsets,daemonsets/status,deployments,deployments/status,deployments/scale,replicasets,replicasets/status,replicasets/scale
  R autoscaling horizontalpodautoscalers,horizontalpodautoscalers/status
  R batch jobs,cronjobs,cronjobs/status,jobs/status
  R extensions daemonsets,daemonsets/status,deployments,deployments/status,deployments/scale,ingresses,ingresses/status,replicasets,replicasets/status,replicasets/scale,replicationcontrollers/scale,networkpolicies
  R policy poddisruptionbudgets,poddisruptionbudgets/status
  R networking.k8s.io networkpolicies,ingresses,ingresses/status
  R resource.k8s.io resourceclaims,resourceclaims/status,resourceclaimtemplates
system:heapster
  R - events,pods,nodes,namespaces
  R extensions deployments
system:node-problem-detector
  get - nodes
  patch - nodes/status
  create,patch,update -,events.k8s.io events
system:node
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews,localsubjectaccessreviews
  R - services
  create,get,list,watch - nodes
  patch,update - nodes/status
  patch,update - nodes
  create,patch,update -,events.k8s.io events
  R - pods
  create,delete - pods
  patch,update - pods/status
  create - pods/eviction
  get,list,watch - secrets,configmaps
  get - persistentvolumeclaims,persistentvolumes
  get - endpoints
  create,get,list,watch certificates.k8s.io certificatesigningrequests
  get,update,patch,delete,create coordination.k8s.io leases
  get storage.k8s.io volumeattachments
  create - serviceaccounts/token
  get,patch,update - persistentvolumeclaims/status
  R storage.k8s.io csidrivers
  get,create,update,patch,delete storage.k8s.io csinodes
  R node.k8s.io runtimeclasses
  get resource.k8s.io resourceclaims
  deletecollection resource.k8s.io resourceslices
  get - serviceaccounts
system:node-proxier
  list,watch - services,endpoints
  get,list,watch - nodes
  create,patch,update -,events.k8s.io events
  list,watch networking.k8s.io servicecidrs
  list,watch discovery.k8s.io endpointslices
system:kubelet-api-admin
  R - nodes
  proxy - nodes
  * - nodes/log,nodes/metrics,nodes/proxy,nodes/stats
  * - nodes/configz,nodes/healthz,nodes/pods
system:node-bootstrapper
  create,get,list,watch certificates.k8s.io certificatesigningrequests
system:auth-delegator
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
system:kube-aggregator
  R - services,endpoints
system:kube-controller-manager
  create,patch,update -,events.k8s.io events
  create coordination.k8s.io leases
  get,update coordination.k8s.io leases names:kube-controller-manager
  create - secrets,serviceaccounts
  delete - secrets
  get - namespaces,secrets,serviceaccounts,configmaps
  update - secrets,serviceaccounts
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  list,watch * *
  create - serviceaccounts/token
system:kube-dns
  list,watch - endpoints,services
system:kube-scheduler
  create,patch,update -,events.k8s.io events
  create coordination.k8s.io leases
  get,update,list,watch coordination.k8s.io leases names:kube-scheduler
  R,W coordination.k8s.io leasecandidates
  R - nodes
  delete,get,list,watch - pods
  create - bindings,pods/binding
  patch,update - pods/status
  R - replicationcontrollers,services
  R apps,extensions replicasets
  R apps statefulsets
  R policy poddisruptionbudgets
  R - persistentvolumeclaims,persistentvolumes
  create authentication.k8s.io tokenreviews
  create authorization.k8s.io subjectaccessreviews
  R storage.k8s.io csinodes
  R storage.k8s.io volumeattachments
  R - namespaces
  R storage.k8s.io csidrivers
  R storage.k8s.io csistoragecapacities
  R resource.k8s.io deviceclasses
  R,patch,update resource.k8s.io resourceclaims
  R,patch,update resource.k8s.io resourceclaims/status
  update - pods/finalizers
  R resource.k8s.io resourceslices
  create,delete resource.k8s.io resourceclaims
  patch,update resource.k8s.io resourceclaims/binding
system:persistent-volume-provisioner
  R,create,delete - persistentvolumes
  get,list,update,watch - persistentvolumeclaims
  R storage.k8s.io storageclasses
  watch - events
  create,patch,update -,events.k8s.io events
system:certificates.k8s.io:certificatesigningrequests:nodeclient
  create certificates.k8s.io certificatesigningrequests/nodeclient
system:certificates.k8s.io:certificatesigningrequests:selfnodeclient
  create certificates.k8s.io certificatesigningrequests/selfnodeclient
system:volume-scheduler
  R,patch,update - persistentvolumes
  R storage.k8s.io storageclasses
  R,patch,update - persistentvolumeclaims
system:certificates.k8s.io:legacy-unknown-approver
  approve certificates.k8s.io signers names:kubernetes.io/legacy-unknown
system:certificates.k8s.io:kubelet-serving-approver
  approve certificates.k8s.io signers names:kubernetes.io/kubelet-serving
system:certificates.k8s.io:kube-apiserver-client-approver
  approve certificates.k8s.io signers names:kubernetes.io/kube-apiserver-client
system:certificates.k8s.io:kube-apiserver-client-kubelet-approver
  approve certificates.k8s.io signers names:kubernetes.io/kube-apiserver-client-kubelet
system:service-account-issuer-discovery
  get url /.well-known/openid-configuration,/.well-known/openid-configuration/,/openid/v1/jwks,/openid/v1/jwks/
`;

/** Role, then its subjects: `g:` group, `u:` user, `s:` service account of kube-system. */
export const bootstrapRoleBindings = `
cluster-admin g:system:masters
system:monitoring g:system:monitoring
system:discovery g:system:authenticated
system:basic-user g:system:authenticated
system:public-info-viewer g:system:authenticated g:system:unauthenticated
system:node-proxier u:system:kube-proxy
system:kube-controller-manager u:system:kube-controller-manager
system:kube-dns s:kube-dns
system:kube-scheduler u:system:kube-scheduler
system:volume-scheduler u:system:kube-scheduler
system:service-account-issuer-discovery g:system:serviceaccounts
system:node
`;
