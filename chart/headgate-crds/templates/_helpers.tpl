{{- define "headgate-crds.labels" -}}
app.kubernetes.io/name: headgate-crds
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: headgate
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "headgate-crds.converterSelector" -}}
app.kubernetes.io/name: headgate-crds
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: converter
{{- end }}

{{- define "headgate-crds.converterMetadata" -}}
name: headgate-converter
namespace: {{ .Release.Namespace }}
labels:
  {{- include "headgate-crds.labels" . | nindent 2 }}
  app.kubernetes.io/component: converter
{{- end }}

{{- define "headgate-crds.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end -}}
{{- end }}

{{- /* The converter's certificates, base64 as in a Secret, by the Secret's keys: those of the cluster where it has
       them, else new ones. Made once a rendering, for the Secret and every CRD must say the same. */ -}}
{{- define "headgate-crds.certificates" -}}
{{- if not (hasKey .Values "_certificates") }}
{{- $secret := lookup "v1" "Secret" .Release.Namespace "headgate-converter-certs" }}
{{- $kept := dig "data" dict ($secret | default dict) }}
{{- if not (and (hasKey $kept "ca.crt") (hasKey $kept "tls.crt") (hasKey $kept "tls.key")) }}
{{- $service := printf "headgate-converter.%s.svc" .Release.Namespace }}
{{- $names := list $service (printf "%s.cluster.local" $service) }}
{{- $days := int .Values.converter.certificateDays }}
{{- $ca := genCAWithKey "headgate-converter-ca" $days (genPrivateKey "ecdsa") }}
{{- $leaf := genSignedCertWithKey $service nil $names $days $ca (genPrivateKey "ecdsa") }}
{{- $kept = dict "ca.crt" ($ca.Cert | b64enc) "ca.key" ($ca.Key | b64enc) "tls.crt" ($leaf.Cert | b64enc) "tls.key" ($leaf.Key | b64enc) }}
{{- end }}
{{- $_ := set .Values "_certificates" $kept }}
{{- end }}
{{- toYaml .Values._certificates }}
{{- end }}

{{- define "headgate-crds.conversion" -}}
conversion:
  strategy: Webhook
  webhook:
    conversionReviewVersions: [v1]
    clientConfig:
      service:
        name: headgate-converter
        namespace: {{ .Release.Namespace }}
        path: /convert
        port: 443
      caBundle: {{ get (include "headgate-crds.certificates" . | fromYaml) "ca.crt" }}
{{- end }}
