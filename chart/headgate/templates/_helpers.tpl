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
serviceAccountName: headgate-{{ .component }}
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

{{- /* The rules of one file under rbac/, where each says why it is there. */ -}}
{{- define "headgate.rules" -}}
rules:
  {{- range tpl (.root.Files.Get (printf "rbac/%s.yaml" .file)) .root | fromYamlArray }}
  # {{ .why }}
  - {{ omit . "why" | toYaml | indent 4 | trim }}
  {{- end }}
{{- end }}

{{- /* A ServiceAccount with what rbac/<component>.yaml gives it here and what rbac/<component>-cluster.yaml gives it on
       objects without a namespace. `annotations` make all of them hooks. */ -}}
{{- define "headgate.account" -}}
{{- $metadata := include "headgate.metadata" . | nindent 2 -}}
{{- $clusterMetadata := include "headgate.clusterMetadata" . | nindent 2 -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  {{- $metadata }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  {{- $metadata }}
{{ include "headgate.rules" (dict "root" .root "file" .component) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  {{- $metadata }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: headgate-{{ .component }}}
subjects:
  - {kind: ServiceAccount, name: headgate-{{ .component }}, namespace: {{ .root.Release.Namespace }}}
{{- if .root.Files.Get (printf "rbac/%s-cluster.yaml" .component) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  {{- $clusterMetadata }}
{{ include "headgate.rules" (dict "root" .root "file" (printf "%s-cluster" .component)) }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  {{- $clusterMetadata }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: headgate-{{ .root.Release.Namespace }}-{{ .component }}}
subjects:
  - {kind: ServiceAccount, name: headgate-{{ .component }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}
{{- end }}
