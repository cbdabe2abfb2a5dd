"""The converter of `headgate-crds`: it may do nothing, and the API server finds and trusts it."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from crds import meta
from tests.chart.helm import CRDS, Helm, Object, of_kind, pod_templates, the
from tests.cluster.cluster import Cluster

NAME = "headgate-converter"
SECRET = "headgate-converter-certs"
# Other tests of the run apply the same CRDs with kubectl, which owns their versions then.
RELEASE = ("headgate-crds", CRDS, "-n", "headgate-crds", "--force-conflicts")


def crd(objects: list[Object], kind: meta.Kind) -> Any:
    return the(objects, "CustomResourceDefinition", f"{kind.plural}.{meta.GROUP}")["spec"]


def data(objects: list[Object]) -> dict[str, bytes]:
    return {key: base64.b64decode(value) for key, value in the(objects, "Secret", SECRET)["data"].items()}


def test_its_account_has_no_rights_and_its_pods_no_token(rendered_crds: list[Object]) -> None:
    template = pod_templates(rendered_crds)[NAME]
    assert template["spec"]["serviceAccountName"] == NAME
    assert template["spec"]["automountServiceAccountToken"] is False
    assert the(rendered_crds, "ServiceAccount", NAME)["automountServiceAccountToken"] is False
    assert of_kind(rendered_crds, "Role", "RoleBinding", "ClusterRoleBinding") == []


def test_it_runs_without_any_privilege_and_without_the_authority_s_key(rendered_crds: list[Object]) -> None:
    spec = pod_templates(rendered_crds)[NAME]["spec"]
    assert (spec["securityContext"]["runAsNonRoot"], spec["enableServiceLinks"]) == (True, False)
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    (volume,) = spec["volumes"]
    assert [item["key"] for item in volume["secret"]["items"]] == ["tls.crt", "tls.key"]


def test_it_calls_nobody(rendered_crds: list[Object]) -> None:
    policy = the(rendered_crds, "NetworkPolicy", NAME)["spec"]
    assert (policy["policyTypes"], policy["egress"]) == (["Ingress", "Egress"], [])
    assert [rule["ports"][0]["port"] for rule in policy["ingress"]] == ["https", "metrics"]


@pytest.mark.parametrize("kind", meta.BETA_KINDS, ids=lambda kind: str(kind.kind))
def test_every_kind_of_two_versions_is_converted_by_it(rendered_crds: list[Object], kind: meta.Kind) -> None:
    spec = crd(rendered_crds, kind)
    client = spec["conversion"]["webhook"]["clientConfig"]
    assert [(one["name"], one["served"], one["storage"]) for one in spec["versions"]] == [
        ("v1", True, True),
        ("v1beta1", True, False),
    ]
    assert client["service"] == {"name": NAME, "namespace": "media", "path": "/convert", "port": 443}
    assert base64.b64decode(client["caBundle"]) == data(rendered_crds)["ca.crt"]
    assert the(rendered_crds, "Service", NAME)["spec"]["ports"][0]["port"] == 443


def test_the_certificate_is_for_the_service_and_signed_by_the_authority(
    rendered_crds: list[Object], tmp_path: Path
) -> None:
    files = data(rendered_crds)
    leaf = x509.load_pem_x509_certificate(files["tls.crt"])
    authority = x509.load_pem_x509_certificate(files["ca.crt"])
    leaf.verify_directly_issued_by(authority)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName)[0] == f"{NAME}.media.svc"
    for key in ("tls.crt", "tls.key"):
        (tmp_path / key).write_bytes(files[key])
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(tmp_path / "tls.crt", tmp_path / "tls.key")


def test_without_it_v1_is_served_alone() -> None:
    objects = Helm().render(CRDS, converter__enabled="false")
    spec = crd(objects, meta.QUEUE)
    assert ("conversion" in spec, [one["served"] for one in spec["versions"]]) == (False, [True, False])
    assert of_kind(objects, "Deployment", "Secret", "Service", "ServiceAccount") == []


@pytest.mark.control_plane
def test_an_upgrade_keeps_the_certificates(installed_crds: Helm, control_plane: Cluster) -> None:
    def seen() -> tuple[Any, Any]:
        secret = json.loads(control_plane.kubectl("-n", "headgate-crds", "get", "secret", SECRET, "-o", "json"))
        crds = json.loads(control_plane.kubectl("get", "crd", f"queues.{meta.GROUP}", "-o", "json"))
        return secret["data"], crds["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"]

    before = seen()
    installed_crds.run("upgrade", *RELEASE, "--set=converter.replicas=3")

    assert seen() == before
    assert before[0]["ca.crt"] == before[1]


@pytest.mark.control_plane
def test_an_authority_is_changed_by_three_upgrades_and_both_are_trusted_in_between(
    installed_crds: Helm, control_plane: Cluster
) -> None:
    def take(step: str) -> dict[str, bytes]:
        installed_crds.run("upgrade", *RELEASE, f"--set=converter.certificateStep={step}")
        secret = json.loads(control_plane.kubectl("-n", "headgate-crds", "get", "secret", SECRET, "-o", "json"))
        crds = json.loads(control_plane.kubectl("get", "crd", f"queues.{meta.GROUP}", "-o", "json"))
        assert crds["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"] == secret["data"]["ca.crt"]
        return {key: base64.b64decode(value) for key, value in secret["data"].items()}

    def signed_by(files: dict[str, bytes]) -> list[int]:
        """The places in the bundle of the authorities that signed the leaf."""
        leaf = x509.load_pem_x509_certificate(files["tls.crt"])
        bundle = x509.load_pem_x509_certificates(files["ca.crt"])
        return [place for place, one in enumerate(bundle) if one.subject == leaf.issuer and verifies(leaf, one)]

    before = take("keep")
    assert take("promote") == before, "there is nothing to promote"
    added = take("add")
    assert (added["tls.crt"], signed_by(added)) == (before["tls.crt"], [0])
    promoted = take("promote")
    assert (promoted["ca.crt"], signed_by(promoted)) == (added["ca.crt"], [1])
    assert take("promote") == promoted
    dropped = take("drop")
    assert (dropped["tls.crt"], signed_by(dropped)) == (promoted["tls.crt"], [0])
    assert dropped.keys() == before.keys()
    assert before["ca.crt"] not in dropped["ca.crt"]
    assert take("keep") == dropped


def verifies(leaf: x509.Certificate, authority: x509.Certificate) -> bool:
    leaf.verify_directly_issued_by(authority)
    return True
