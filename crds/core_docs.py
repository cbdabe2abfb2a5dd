"""What the fields of core/v1 mean that our objects have whole, for `kubectl explain`.

Described are the types that stand in a Policy, and of those that only a WorkerPool has the first steps: a pod template
has some 900 fields, and `kubectl explain pod.spec` has a text for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Docs = Mapping[str, str]
"""Texts by path below the type; `[]` is an entry of a list, "" the type itself."""

_PROFILE: Final = {
    "type": "RuntimeDefault, Unconfined, or Localhost for a file of the node.",
    "localhostProfile": "The file on the node, for Localhost only.",
}
_OF_BOTH: Final[Docs] = {
    "appArmorProfile": "The AppArmor profile.",
    **{f"appArmorProfile.{name}": text for name, text in _PROFILE.items()},
    "runAsGroup": "The group a process runs with. Absent: as the image has it.",
    "runAsNonRoot": "A container that would run as user 0 is not started.",
    "runAsUser": "The user a process runs as. Absent: as the image has it.",
    "seccompProfile": "The seccomp profile, which says what system calls there are.",
    **{f"seccompProfile.{name}": text for name, text in _PROFILE.items()},
    "seLinuxOptions": "The SELinux context. Absent: the container runtime gives one.",
    "seLinuxOptions.level": "The level.",
    "seLinuxOptions.role": "The role.",
    "seLinuxOptions.type": "The type.",
    "seLinuxOptions.user": "The user.",
    "windowsOptions": "For pods on Windows only.",
    "windowsOptions.gmsaCredentialSpec": "The GMSA credential spec itself, which gmsaCredentialSpecName names.",
    "windowsOptions.gmsaCredentialSpecName": "The name of the GMSA credential spec.",
    "windowsOptions.hostProcess": "Runs as a process of the host. All containers of a pod agree.",
    "windowsOptions.runAsUserName": "The user a process runs as. Absent: as the image has it.",
}
_CONTAINER: Final[Docs] = {
    "allowPrivilegeEscalation": "Whether a process may gain more rights than its parent has.",
    "capabilities": "POSIX capabilities beside those the container runtime gives.",
    "capabilities.add": "Capabilities that are added.",
    "capabilities.drop": "Capabilities that are taken away; ALL is every one.",
    "privileged": "Runs with all the rights of the host's root.",
    "procMount": "How /proc is mounted: Default or Unmasked.",
    "readOnlyRootFilesystem": "Nothing can be written but to volumes.",
}
_TEMPLATE_OF_PODS: Final = "See kubectl explain pod.spec"
DOCS: Final[Mapping[str, Docs]] = {
    "ResourceRequirements": {
        "limits": "The most a container may take, by resource name.",
        "requests": "What a container is given for certain, by resource name. Absent: its limits.",
        "claims": "Entries of the pod's resourceClaims that a container uses.",
        "claims[].name": "The name of the entry.",
        "claims[].request": "One request of that claim. Absent: all of it.",
    },
    "SecurityContext": {**_OF_BOTH, **_CONTAINER},
    "PodSecurityContext": {
        **_OF_BOTH,
        **_CONTAINER,
        "fsGroup": "The group that volumes belong to which can belong to one.",
        "fsGroupChangePolicy": "When a volume's owner is changed: OnRootMismatch or Always.",
        "seLinuxChangePolicy": "How volumes get the SELinux label: MountOption or Recursive.",
        "supplementalGroups": "More groups that the first process of each container is in.",
        "supplementalGroupsPolicy": "How they are combined with those of the image: Merge or Strict.",
        "sysctls": "Kernel parameters of the pod's namespaces.",
        "sysctls[].name": "The name of the parameter.",
        "sysctls[].value": "Its value.",
    },
    "PodTemplateSpec": {
        "metadata": "Labels and annotations of the pods.",
        "spec": f"What the pods are. {_TEMPLATE_OF_PODS}.",
    },
    "PersistentVolumeClaim": {
        "": "A claim that each worker has for itself. See kubectl explain pvc.",
        "metadata": "Its name, which a volume mount refers to, and its labels and annotations.",
        "spec": "What is claimed. See kubectl explain pvc.spec.",
    },
    "EnvVar": {"": f"One variable. {_TEMPLATE_OF_PODS}.containers.env."},
    "EnvFromSource": {"": f"One ConfigMap or Secret. {_TEMPLATE_OF_PODS}.containers.envFrom."},
    "Toleration": {"": f"One taint that is put up with. {_TEMPLATE_OF_PODS}.tolerations."},
    "Affinity": {"": f"Where pods like to run. {_TEMPLATE_OF_PODS}.affinity."},
}
CORE: Final = " of core/v1"
"""What the name of such a type in a schema ends with."""


def described(schema: dict[str, Any], type_name: str) -> dict[str, Any]:
    """The schema with what is known of the type; any other as it is."""
    docs = DOCS.get(type_name.removesuffix(CORE)) if type_name.endswith(CORE) else None
    return schema if docs is None else _described(schema, docs, "")


def _described(schema: Mapping[str, Any], docs: Docs, path: str) -> dict[str, Any]:
    node = {**schema}
    if path in docs:
        node["description"] = docs[path]
    if "properties" in node:
        node["properties"] = {
            name: _described(part, docs, f"{path}.{name}" if path else name)
            for name, part in node["properties"].items()
        }
    if "items" in node:
        node["items"] = _described(node["items"], docs, f"{path}[]")
    return node
