{{- /* Every helper takes a dict: `root`, the chart's context, and where it matters `component`, as in its names. */ -}}

{{- define "headgate.selector" -}}
app.kubernetes.io/name: headgate
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "headgate.labels" -}}
{{- with .root.Values.commonLabels }}{{ toYaml . }}
{{ end -}}
{{ include "headgate.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: headgate
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "headgate.metadata" -}}
name: headgate-{{ .component }}
namespace: {{ .root.Release.Namespace }}
{{ include "headgate.marks" . }}
{{- end }}

{{- define "headgate.clusterMetadata" -}}
name: headgate-{{ .root.Release.Namespace }}-{{ .component }}
{{ include "headgate.marks" . }}
{{- end }}

{{- define "headgate.marks" -}}
labels:
  {{- include "headgate.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "headgate.image" -}}
{{- with .root.Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.root.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- /* What every pod has in common: no root, no way to more rights, no service links, the restricted profile throughout. */ -}}
{{- define "headgate.podSpec" -}}
serviceAccountName: {{ .account | default (printf "headgate-%s" .component) }}
automountServiceAccountToken: true
enableServiceLinks: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # Mounted Secrets are for this group to read, and for nobody else.
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "headgate.container" -}}
image: {{ include "headgate.image" . | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "headgate.placement" -}}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "headgate.selector" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}

{{- /* Whether what is needed `when` holds with these values. */ -}}
{{- define "headgate.holds" -}}
{{- $values := .root.Values }}
{{- $selfSigned := eq $values.certs.mode "self-signed" }}
{{- $live := eq $values.certs.injection "live" }}
{{- $known := dict
      "always" true
      "cluster" (eq $values.scope "cluster")
      "reports" $values.reports.enabled
      "self-signed" $selfSigned
      "live" (and $selfSigned $live)
      "readable" (not (and $selfSigned (not $live))) }}
{{- if not (hasKey $known .when) }}{{ fail (printf "unknown condition %s" .when) }}{{ end }}
{{- if get $known .when }}yes{{ end }}
{{- end }}

{{- /* The rules of `files` under rbac/ that hold, where each says why it is there; nothing where there are none. */ -}}
{{- define "headgate.rules" -}}
{{- $rules := list }}
{{- range .files }}
{{- range tpl ($.root.Files.Get (printf "rbac/%s.yaml" .)) $.root | fromYamlArray }}
{{- if include "headgate.holds" (dict "root" $.root "when" (.when | default "always")) }}
{{- $rules = append $rules . }}
{{- end }}
{{- end }}
{{- end }}
{{- with $rules }}
rules:
  {{- range . }}
  # {{ .why }}
  - {{ omit . "why" "when" | toYaml | indent 4 | trim }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* A Role and a ClusterRole with what rbac/ gives a component, bound to `account`. rbac/<component>.yaml holds in the
       namespaces that are looked after, <component>-own.yaml in that of the install, <component>-cluster.yaml on objects
       without a namespace. `annotations` make all of them hooks. */ -}}
{{- define "headgate.rights" -}}
{{- $metadata := include "headgate.metadata" . | nindent 2 }}
{{- $clusterMetadata := include "headgate.clusterMetadata" . | nindent 2 }}
{{- $own := list (printf "%s-own" .component) }}
{{- $cluster := list (printf "%s-cluster" .component) }}
{{- if eq .root.Values.scope "cluster" }}
{{- $cluster = prepend $cluster .component }}
{{- else }}
{{- $own = prepend $own .component }}
{{- end }}
{{- with include "headgate.rules" (dict "root" .root "files" $own) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- $metadata }}
{{- . }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- $metadata }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: headgate-{{ $.component }}}
subjects:
  - {kind: ServiceAccount, name: {{ $.account }}, namespace: {{ $.root.Release.Namespace }}}
{{- end }}
{{- with include "headgate.rules" (dict "root" .root "files" $cluster) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  {{- $clusterMetadata }}
{{- . }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  {{- $clusterMetadata }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: headgate-{{ $.root.Release.Namespace }}-{{ $.component }}}
subjects:
  - {kind: ServiceAccount, name: {{ $.account }}, namespace: {{ $.root.Release.Namespace }}}
{{- end }}
{{- end }}

{{- /* A ServiceAccount named after its component, with its rights. */ -}}
{{- define "headgate.account" -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- include "headgate.metadata" . | nindent 2 }}
automountServiceAccountToken: false
{{- include "headgate.rights" (merge (dict "account" (printf "headgate-%s" .component)) .) }}
{{- end }}

{{- /* The namespaces that this install looks after, as a selector. What another install has claimed is its own; objects
       without a namespace are matched all the same. Takes the chart's context itself. */ -}}
{{- define "headgate.namespaces" -}}
{{- if eq .Values.scope "cluster" -}}
matchExpressions:
  - {key: headgate.dev/install, operator: DoesNotExist}
{{- else -}}
matchLabels: {kubernetes.io/metadata.name: {{ .Release.Namespace }}}
{{- end }}
{{- end }}

{{- /* Whether Reports are turned off by this upgrade: the reconciler still has its right to them. Whoever only renders the
       chart, as Argo CD does, sees no cluster here, and removes them with `headgate release --reports`. Takes the chart's
       context itself. */ -}}
{{- define "headgate.reportsWere" -}}
{{- if not .Values.reports.enabled }}
{{- $kind := ternary "ClusterRole" "Role" (eq .Values.scope "cluster") }}
{{- $name := eq .Values.scope "cluster" | ternary (printf "headgate-%s-reconciler" .Release.Namespace) "headgate-reconciler" }}
{{- $role := lookup "rbac.authorization.k8s.io/v1" $kind (ternary "" .Release.Namespace (eq .Values.scope "cluster")) $name }}
{{- range ($role).rules }}
{{- if has "openreports.io" .apiGroups }}yes{{ end }}
{{- end }}
{{- end }}
{{- end }}
