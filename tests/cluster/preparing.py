"""Gets everything that tests will need, ahead of them, so that long steps are seen and lacks come to light at once."""

from __future__ import annotations

from tests.cluster import access, binaries, builder, debian, images, machine


def prepare(profile: str) -> None:
    """For the tests of this profile (unit, control-plane or node) and the lesser ones: packages, programs, images."""
    own_cluster = access.names_cluster()
    if profile == "node" and not own_cluster:
        machine.require_root()
        debian.ensure(debian.NODE)
    debian.ensure(debian.REDIS | debian.PROMETHEUS)
    # Charts are rendered in unit tests already.
    builder.ensure(builder.HELM, "helm")
    if profile != "unit":
        _programs(profile, own_cluster)
    if profile == "node":
        images.archive(images.PRODUCT)
        images.archive(images.WORKER)


def _programs(profile: str, own_cluster: bool) -> None:
    binaries.kubernetes("kubectl")
    if own_cluster:
        return
    binaries.etcd()
    builder.ensure(builder.KWOK, "kwok")
    builder.ensure(builder.CERT_MANAGER, "cert-manager")
    builder.ensure_folder(builder.CERT_MANAGER, builder.CERT_MANAGER_CRDS)
    for program in ("kube-apiserver", "kube-controller-manager", "kube-scheduler"):
        binaries.kubernetes(program)
    if profile == "node":
        builder.ensure(builder.COREDNS, "coredns")
        binaries.kubernetes("kubelet")
        binaries.kubernetes("kube-proxy")
