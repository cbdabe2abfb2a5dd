"""Types of Kubernetes itself that users write inside our objects, kept as plain dicts and checked by their real schema.

The schema comes from `crds/core_v1.json`, a trimmed copy of the API server's own; `python -m crds.core_import`
makes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

KEY: Final = "x-core"
BORROWED_KEY: Final = "x-core-borrowed"
# What only a container can have, and people write for the pod.
CONTAINER_ONLY: Final = ("allowPrivilegeEscalation", "capabilities", "readOnlyRootFilesystem")


@dataclass(frozen=True, slots=True)
class CoreType:
    """Stands for a definition of core/v1; the schema generator puts the definition in its place."""

    name: str
    borrowed: tuple[str, ...] = ()
    """Fields of the container's SecurityContext that are taken in as well."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {KEY: self.name, BORROWED_KEY: self.borrowed}


PodTemplate = Annotated[dict[str, Any], CoreType("PodTemplateSpec")]
VolumeClaim = Annotated[dict[str, Any], CoreType("PersistentVolumeClaim")]
EnvVar = Annotated[dict[str, Any], CoreType("EnvVar")]
EnvFromSource = Annotated[dict[str, Any], CoreType("EnvFromSource")]
ResourceRequirements = Annotated[dict[str, Any], CoreType("ResourceRequirements")]
PodSecurityContext = Annotated[dict[str, Any], CoreType("PodSecurityContext")]
SecurityContext = Annotated[dict[str, Any], CoreType("SecurityContext")]
PodSecurityContextOfBoth = Annotated[dict[str, Any], CoreType("PodSecurityContext", CONTAINER_ONLY)]
Affinity = Annotated[dict[str, Any], CoreType("Affinity")]
Toleration = Annotated[dict[str, Any], CoreType("Toleration")]
