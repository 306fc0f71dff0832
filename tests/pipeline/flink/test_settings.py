"""What the cluster of this machine and that of the manifests have alike."""

from __future__ import annotations

import pathlib

import yaml

from pipeline.flink import packages, settings

MANIFESTS = pathlib.Path(__file__).parents[3] / "pipeline/kubeflow/manifests/base/flink"
OURS = yaml.safe_load(settings.written(settings.of_cluster(8081, 6123, 2, settings.Memory())))


def test_the_manifests_have_the_settings_that_were_found_to_work() -> None:
    theirs = yaml.safe_load((MANIFESTS / "settings.yaml").read_text())
    common = yaml.safe_load(settings.written(settings.COMMON))
    assert {name: theirs.get(name) for name in common} == common
    shared = [name for name in theirs if name in OURS and name.startswith("taskmanager.memory")]
    assert len(shared) == 5
    assert {name: theirs[name] for name in shared} == {name: OURS[name] for name in shared}


def test_the_manifests_have_the_flink_that_is_fetched() -> None:
    for name in ("jobmanager", "taskmanager"):
        assert f"image: flink:{packages.FLINK}-java17" in (MANIFESTS / f"{name}.yaml").read_text()


def test_a_taskmanagers_java_may_take_what_flink_reckons_with() -> None:
    """As Flink would start it: framework and task heap, and off the heap both and the network."""

    def megabytes(*names: str) -> int:
        return sum(int(OURS[f"taskmanager.memory.{name}"].removesuffix("m")) for name in names)

    heap = megabytes("framework.heap.size", "task.heap.size")
    direct = megabytes("framework.off-heap.size", "task.off-heap.size", "network.max")
    metaspace = megabytes("jvm-metaspace.size")
    assert settings.Memory().jvm == (
        f"-Xmx{heap}m", f"-XX:MaxDirectMemorySize={direct}m", f"-XX:MaxMetaspaceSize={metaspace}m",
    )  # fmt: skip
