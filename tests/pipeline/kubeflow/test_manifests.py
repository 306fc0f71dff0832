"""The kustomize manifests: what kubectl makes of them, and that it is what `c.Kubeflow` says by default."""

from __future__ import annotations

import base64
import pathlib
import re
import shutil
import subprocess
import urllib.parse
from collections.abc import Callable
from typing import Any

import kubernetes.client
import pytest
import yaml

import pipeline.config as c
from pipeline.flink import packages
from pipeline.layout import Layout

CHECKOUT = pathlib.Path(__file__).parents[3]
MANIFESTS = CHECKOUT / "pipeline/kubeflow/manifests"
OVERLAYS = sorted(path.name for path in (MANIFESTS / "overlays").iterdir())
KINDS = {
    ("v1", "Service"), ("v1", "Secret"), ("v1", "PersistentVolume"), ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "StatefulSet"), ("apps/v1", "Deployment"), ("batch/v1", "Job"),
    ("v1", "ConfigMap"), ("rbac.authorization.k8s.io/v1", "Role"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
}  # fmt: skip
Rendered = Callable[[str], dict[tuple[str, str], dict]]
PORTS = {"mysql": 3306, "postgresql": 5432}


@pytest.fixture(scope="module")
def kustomize() -> list[str]:
    """The command that renders a folder: Debian's kubectl is 1.20, whose kustomize is another."""
    if shutil.which("kustomize"):
        return ["kustomize", "build"]
    kubectl = shutil.which("kubectl")
    if kubectl and "Kustomize" in _told(kubectl, "version", "--client").stdout:
        return [kubectl, "kustomize"]
    pytest.skip("install kubectl 1.24 or later, or: go install sigs.k8s.io/kustomize/kustomize/v5@v5.7.1")


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of the manifests, with the password that the page has one write."""
    folder = tmp_path_factory.mktemp("manifests") / "deploy"
    shutil.copytree(MANIFESTS, folder)
    page = (CHECKOUT / ".docs/kubeflow.md").read_text()
    (written,) = re.findall(r'echo "(.*)\$\(openssl rand -hex 24\)" >(\S+)\)', page)
    (folder.parent / written[1]).write_text(f"{written[0]}s3cret\n")
    return folder


@pytest.fixture(scope="module")
def rendered(kustomize: list[str], deploy: pathlib.Path) -> Rendered:
    """What `kubectl apply -k` would send of a folder, by kind and name."""

    def render(folder: str) -> dict[tuple[str, str], dict]:
        done = _told(*kustomize, str(deploy / folder))
        assert done.returncode == 0, done.stderr
        assert not done.stderr  # warnings of fields that are going
        return {(each["kind"], each["metadata"]["name"]): each for each in yaml.safe_load_all(done.stdout)}

    return render


def _told(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False)


def unknown(value: Any, kind: str) -> list[str]:
    """The fields in `value` that the Kubernetes type `kind`, as its client describes it, does not have."""
    if inner := re.match(r"(list\[|dict\(str, )(.*)[\])]$", kind):
        values = value if inner[1] == "list[" else value.values()
        return [wrong for each in values for wrong in unknown(each, inner[2])]
    model = getattr(kubernetes.client, kind, None)
    if not hasattr(model, "attribute_map"):
        return []
    types = {field: model.openapi_types[name] for name, field in model.attribute_map.items()}
    wrong = [f"{kind}.{field}" for field in value if field not in types]
    return wrong + [name for field in value if field in types for name in unknown(value[field], types[field])]


def containers(resource: dict) -> list[dict]:
    return resource.get("spec", {}).get("template", {}).get("spec", {}).get("containers", [])


@pytest.mark.parametrize("folder", [*(f"overlays/{name}" for name in OVERLAYS), "base/serving", "base/flink"])
def test_it_renders_to_what_kubernetes_knows_with_pinned_images(folder: str, rendered: Rendered) -> None:
    resources = rendered(folder)
    assert resources
    for resource in resources.values():
        assert (resource["apiVersion"], resource["kind"]) in KINDS
        assert not unknown(resource, f"V1{resource['kind']}")
        if resource["kind"] != "PersistentVolume":
            assert resource["metadata"]["namespace"] == "kubeflow"
        for container in containers(resource):
            assert re.fullmatch(r"[a-z/]+:\d+\.\d+(\.\d+)?(-java17)?", container["image"]), container["image"]
            assert "memory" in container["resources"]["limits"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            volumes = resource["spec"]["template"]["spec"].get("volumes", [])
            templates = resource["spec"].get("volumeClaimTemplates", [])
            assert mounted <= {each["name"] for each in volumes} | {each["metadata"]["name"] for each in templates}


def test_a_field_that_kubernetes_does_not_have_is_seen() -> None:
    container = {"name": "a", "image": "b", "env": [{"nmae": "c"}]}
    assert unknown({"kind": "Job", "spec": {"template": {"spec": {"containers": [container]}}}}, "V1Job") == [
        "V1EnvVar.nmae"
    ]


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_database_is_the_one_that_a_config_names(name: str, rendered: Rendered) -> None:
    resources = rendered(f"overlays/{name}")
    scheme = "postgresql" if "postgresql" in name else "mysql"
    store = urllib.parse.urlsplit(c.Kubeflow().store)
    service = resources["Service", store.hostname]
    database = resources["StatefulSet", store.hostname]
    assert [port["port"] for port in service["spec"]["ports"]] == [PORTS[scheme]]
    assert service["spec"]["selector"].items() <= database["spec"]["template"]["metadata"]["labels"].items()
    (container,) = containers(database)
    assert {port["name"]: port["containerPort"] for port in container["ports"]} == {
        service["spec"]["ports"][0]["targetPort"]: PORTS[scheme]
    }
    values = {each["name"].partition("_")[2]: each.get("value") for each in container["env"]}
    assert values["USER"] == store.username
    assert values.get("DATABASE", values.get("DB")) == store.path[1:]
    data = resources["Secret", c.Kubeflow().password.name]["data"]
    assert {key: base64.b64decode(value) for key, value in data.items()} == {c.Kubeflow().password.key: b"s3cret"}
    (secret,) = [each["valueFrom"]["secretKeyRef"] for each in container["env"] if "valueFrom" in each]
    assert secret == {"name": c.Kubeflow().password.name, "key": c.Kubeflow().password.key}
    if scheme == "mysql":
        assert store.port == PORTS[scheme]


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_volume_is_the_one_that_a_config_mounts(name: str, rendered: Rendered) -> None:
    resources = rendered(f"overlays/{name}")
    (volume,) = c.Kubeflow().volumes
    claim = resources["PersistentVolumeClaim", volume.claim]["spec"]
    assert claim["accessModes"] == ["ReadWriteMany"]
    if "volumeName" in claim:
        bound = resources["PersistentVolume", claim["volumeName"]]["spec"]
        assert bound["storageClassName"] == claim["storageClassName"] == ""
        assert bound["capacity"] == claim["resources"]["requests"]
    job = resources["Job", "millrace-volume"]["spec"]["template"]["spec"]
    assert job["volumes"][0]["persistentVolumeClaim"]["claimName"] == volume.claim
    assert job["containers"][0]["volumeMounts"][0]["mountPath"] == volume.path
    user = re.search(r"^USER (\S+)$", (CHECKOUT / "requirements/Dockerfile").read_text(), re.MULTILINE)[1]
    assert f"chown {user} {volume.path} " in job["containers"][0]["command"][-1]


@pytest.mark.parametrize("name", OVERLAYS)
def test_pods_may_report_to_argo(rendered: Rendered, name: str) -> None:
    """As Argo's manifests/quick-start/base/executor/emissary/executor-role.yaml asks, and KFP's manifests do not."""
    resources = rendered(f"overlays/{name}")
    binding = resources["RoleBinding", "millrace-task-results"]
    (rule,) = resources[binding["roleRef"]["kind"], binding["roleRef"]["name"]]["rules"]
    assert rule == {"apiGroups": ["argoproj.io"], "resources": ["workflowtaskresults"], "verbs": ["create", "patch"]}
    (subject,) = binding["subjects"]
    assert (subject["kind"], subject["name"], subject["namespace"]) == ("ServiceAccount", "pipeline-runner", "kubeflow")


def test_serving_reads_what_runs_push(rendered: Rendered) -> None:
    deployment = rendered("base/serving")["Deployment", "millrace-taxi"]
    (container,) = containers(deployment)
    (volume,) = c.Kubeflow().volumes
    assert f"--model_base_path={c.Kubeflow().root}/serving/taxi" in container["args"]
    assert container["volumeMounts"][0]["mountPath"] == volume.path
    assert deployment["spec"]["template"]["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] == volume.claim


def test_flink_shares_the_volume_with_its_workers_and_has_what_a_config_names(rendered: Rendered) -> None:
    resources = rendered("base/flink")
    flink, (volume,) = c.Flink(), c.Kubeflow().volumes
    managers = {
        name: containers(resources["Deployment", f"millrace-flink-{name}"]) for name in ("jobmanager", "taskmanager")
    }
    manager, jobs = managers["jobmanager"]
    taskmanager, pool = managers["taskmanager"]
    assert pool["image"] == c.Kubeflow().image
    assert f"--address={flink.worker_address}" in pool["command"]
    asked = int(flink.worker_address.rpartition(":")[2]) + 1
    assert f"--asked-at=0.0.0.0:{asked}" in pool["command"]
    assert [port["containerPort"] for port in pool["ports"]] == [asked]
    for each in (jobs, taskmanager, pool):
        assert volume.path in [mount["mountPath"] for mount in each["volumeMounts"]]
    for each in (manager, taskmanager):
        assert f"/opt/flink/lib/{packages.LIB}" in [mount["mountPath"] for mount in each["volumeMounts"]]
    assert f"--artifacts-dir={Layout(c.Kubeflow().root).beam}" in jobs["args"]
    ports = {port["name"]: port["containerPort"] for each in (manager, jobs) for port in each["ports"]}
    service = resources["Service", "millrace-flink"]["spec"]
    assert {port["targetPort"]: port["port"] for port in service["ports"]} == ports
    labels = resources["Deployment", "millrace-flink-jobmanager"]["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()


def test_only_pipelines_reach_flink_and_only_where_they_ask_it(rendered: Rendered) -> None:
    resources = rendered("base/flink")
    policy = resources["NetworkPolicy", "millrace-flink"]["spec"]
    for name in ("jobmanager", "taskmanager"):
        labels = resources["Deployment", f"millrace-flink-{name}"]["spec"]["template"]["metadata"]["labels"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    among, of_pipelines = policy["ingress"]
    assert among == {"from": [{"podSelector": policy["podSelector"]}]}
    (pods,) = of_pipelines["from"]
    (expression,) = pods["podSelector"]["matchExpressions"]
    assert expression == {"key": "workflows.argoproj.io/workflow", "operator": "Exists"}
    flink = c.Flink(job_server="millrace-flink:8099")
    named = (flink.master, flink.job_server, flink.artifact_server, flink.worker_address)
    *ports, pool = (int(each.rpartition(":")[2]) for each in named if each)
    assert [port["port"] for port in of_pipelines["ports"]] == [*ports, pool + 1]
