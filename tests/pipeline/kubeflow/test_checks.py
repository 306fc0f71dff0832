"""What Kubernetes would refuse in every pod is refused when a pipeline is compiled, by the name of the field."""

from __future__ import annotations

import pathlib
import re
from typing import Any

import pytest

import pipeline.config as c
from components.errors import ConfigError
from pipeline.kubeflow.checks import check
from tests.pipeline.kubeflow import gpu_config

VOLUME = c.Volume(claim="millrace", path="/mnt/millrace")


def _check(**fields: Any) -> None:
    check(gpu_config.config(kubeflow=c.Kubeflow(**fields)))


def test_the_defaults_and_a_whole_cluster_pass() -> None:
    _check()
    check(gpu_config.config())


@pytest.mark.parametrize(
    "image",
    [
        "millrace",
        "localhost:5000/millrace:1",
        "ghcr.io/team/sub/mill_race:1.0-gpu",
        "Registry.example/a/b@sha256:" + 64 * "a",
        "millrace:1@sha256:" + 64 * "0",
    ],
)
def test_names_of_images_pass(image: str) -> None:
    _check(image=image)


@pytest.mark.parametrize(
    ("trainer", "message"),
    [
        ({"distribute": False}, "Trainer asks for 4 GPUs, and trainer.distribute=False trains on one: ask for gpus=1"),
        ({"xla": True}, "trainer.xla works on one GPU, and there are 4"),
        ({"batch_size": 3}, "trainer.batch_size=3 cannot be shared by 4 GPUs"),
    ],
)
def test_what_several_gpus_cannot_share_is_refused_before_they_are_asked_for(
    trainer: dict[str, Any], message: str
) -> None:
    check(gpu_config.config(trainer=c.Trainer(**trainer), resources={}))
    with pytest.raises(ConfigError, match=re.escape(message)):
        check(gpu_config.config(trainer=c.Trainer(**trainer)))


@pytest.mark.parametrize("path", ["mnt", "/mnt/{{$}}", "/mnt:ro", "/mnt/a b"])
def test_paths_of_mounts_are_what_kubernetes_takes(path: str) -> None:
    with pytest.raises(ConfigError, match="Volume.path: "):
        c.Volume(claim="millrace", path=path)


def _pool(**fields: Any) -> dict[str, Any]:
    return {"pools": (c.NodePool(name="p", **fields),)}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"volumes": ()}, "root must lie in one of kubeflow.volumes (there are none)"),
        ({"root": "/mnt/millrace2"}, "kubeflow.volumes (/mnt/millrace), or no step would see what another wrote"),
        ({"root": "runs"}, "Received: 'runs'"),
        ({"root": "/mnt/millrace/../x"}, "must lie in one of kubeflow.volumes"),
        ({"root": "gs://bucket/millrace"}, "A bucket can be one: GCS FUSE and S3 CSI mount it"),
        ({"volumes": (VOLUME, c.Volume(claim="millrace", path="/data"))}, "'millrace' stands there more than once"),
        ({"volumes": (VOLUME, c.Volume(claim="other", path="/mnt/millrace/"))}, "mount path '/mnt/millrace' stands"),
        ({"volumes": (VOLUME, c.Volume(claim="a.b", path="/data"))}, "'a.b' is mounted as the volume of that name"),
        ({"volumes": (VOLUME, c.Volume(claim="s3-scratch", path="/data"))}, "the name of another volume in each pod"),
        ({"volumes": (VOLUME, c.Volume(claim="x", path="/gcs/x"))}, "nothing can be mounted at /gcs/x"),
        ({"secret_mounts": (c.Mount(name="x", path="/dev/shm"),)}, "nothing can be mounted at /dev/shm"),
        ({"secret_mounts": (c.Mount(name="shared-memory", path="/x"),)}, "'shared-memory' is the name of another"),
        (
            {
                "secret_mounts": (c.Mount(name="x", path="/x"),),
                "config_map_mounts": (c.Mount(name="x", path="/y"),),
            },
            "what is mounted is a volume of its name, but 'x' stands there more than once",
        ),
        ({"image": "millrace 0.1.0"}, "kubeflow.image must be an image, like registry/name:tag, its name in lower"),
        ({"gpu_image": ""}, "kubeflow.gpu_image must be an image"),
        ({"image": "team/Millrace"}, "its name in lower case. Received: 'team/Millrace'"),
        ({"image": "millrace:"}, "kubeflow.image must be an image"),
        ({"image": "Team/millrace:1"}, "kubeflow.image must be an image"),
        ({"root": "/mnt/millrace/{{$}}"}, "kubeflow.root: what stands in {{ }} is replaced by Argo and by KFP's"),
        ({"secrets": (c.Key(name="My_Secret", key="k", env="A"),)}, "no Secret or ConfigMap can be called 'My_Secret'"),
        ({"pull_secrets": ("",)}, "no Secret or ConfigMap can be called ''"),
        ({"secrets": (c.Key(name="s", key="k", env="MILLRACE_STORE"),)}, "the compiler sets it to kubeflow.store"),
        (
            {"secrets": (c.Key(name="s", key="k", env="A"),), "config_maps": (c.Key(name="m", key="k", env="A"),)},
            "the environment variable 'A' stands there more than once",
        ),
        ({"store": "sqlite:///x"}, "kubeflow.store: write mysql:// or postgresql://USER@HOST:PORT/DATABASE"),
        ({"store": "mysql://me:secret@host/db"}, "Received: mysql://…@host/db"),
        ({"password": c.Key(name="s", key="k", env="PW")}, "kubeflow.password.env must be MILLRACE_STORE_PASSWORD"),
        ({"pools": (c.NodePool(name="p"), c.NodePool(name="p"))}, "kubeflow.pools: the name 'p' stands there more"),
        (_pool(labels={"a b": "c"}), "kubeflow.pools: p: 'a b' is no key of a label or a taint"),
        (_pool(labels={"a": "b/c"}), "a has a value of at most 63 letters, digits, dots, dashes and underscores"),
        (_pool(taints=(c.Taint(key="-x"),)), "'-x' is no key"),
        (_pool(expressions=(c.Expression(key="a b", values=("c",)),)), "p: 'a b' is no key of a label or a taint"),
        (_pool(expressions=(c.Expression(key="z"),)), "p: In on z takes values. Received: []"),
        (_pool(expressions=(c.Expression(key="z", operator="Exists", values=("a",)),)), "Exists on z takes no values"),
        (_pool(expressions=(c.Expression(key="z", operator="Gt", values=("a",)),)), "Gt on z takes one whole number"),
    ],
)
def test_what_could_not_run_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        _check(**fields)


@pytest.mark.parametrize("path", ["serving", "/somewhere/serving", "/elsewhere", "gs://bucket/serving"])
def test_models_are_pushed_into_a_volume(path: str) -> None:
    check(gpu_config.config(pusher=c.Pusher(path="/mnt/millrace/serving")))
    with pytest.raises(ConfigError, match=r"pusher\.path must lie in one of kubeflow\.volumes \(/mnt/millrace\)"):
        check(gpu_config.config(pusher=c.Pusher(path=path)))


HOOK = c.Key(name="hooks", key="slack", env="HOOK")


def test_a_webhook_comes_from_a_secret() -> None:
    """Arguments of pods, and so KFP's UI, show the whole config."""
    with pytest.raises(ConfigError, match=r'hook="env:MILLRACE_HOOK" and kubeflow\.secrets=\(c\.Key\(') as refused:
        check(gpu_config.config(drift=c.Drift(hook="https://hooks.example.com/s3cret")))
    assert "s3cret" not in str(refused.value)
    named = c.Drift(hook="env:HOOK")
    with pytest.raises(ConfigError, match=r"drift\.hook is env:HOOK, and nothing in kubeflow\.secrets .* sets HOOK"):
        check(gpu_config.config(drift=named))
    check(gpu_config.config(drift=named, kubeflow=c.Kubeflow(secrets=(HOOK,))))
    check(gpu_config.config(drift=named, kubeflow=c.Kubeflow(config_maps=(HOOK,))))


def test_a_command_must_not_name_this_machines_folders() -> None:
    check(gpu_config.config(drift=c.Drift(hook="/proj/notify.sh"), project="/proj"))
    with pytest.raises(ConfigError, match=r"drift\.hook .* relative to the project.*sh notify\.sh"):
        check(gpu_config.config(drift=c.Drift(hook="sh /proj/notify.sh"), project="/proj"))


def test_a_name_must_leave_room_for_argos_letters() -> None:
    check(gpu_config.config(name="n" * 57))
    with pytest.raises(ConfigError, match=r"name: Kubernetes takes at most 57 characters\. Received: 58"):
        check(gpu_config.config(name="n" * 58))


@pytest.mark.parametrize(
    ("path", "hidden"),
    [
        ("//", "/gcs"),
        ("/.", "/gcs"),
        ("//gcs", "/gcs"),
        ("/usr", "/usr/bin"),
        ("/usr/local/lib/python3.10/", "/usr/local/lib"),
        ("/opt", "/opt/python"),
        ("/opt/millrace", "/opt/millrace/.venv"),
        ("/opt/millrace/pipeline/configs", "/opt/millrace/pipeline"),
        ("/project", "/project"),
        ("/tmp", "/tmp/kfp_outputs"),
        ("/etc", "/etc"),
        ("/proc/x", "/proc"),
        ("/var/run", "/var/run/argo"),
        ("/var/run/secrets", "/var/run/secrets/kubernetes.io/serviceaccount"),
        ("/mnt/../lib64", "/lib64"),
    ],
)
def test_nothing_is_mounted_over_what_a_step_needs(path: str, hidden: str) -> None:
    mounted = {
        "volumes": (VOLUME, c.Volume(claim="data", path=path)),
        "secret_mounts": (c.Mount(name="data", path=path),),
        "config_map_mounts": (c.Mount(name="data", path=path),),
    }
    for field, value in mounted.items():
        with pytest.raises(
            ConfigError, match=rf"^kubeflow\.{field}: nothing can be mounted at /.*, because of {hidden} \("
        ):
            _check(**{field: value})


@pytest.mark.parametrize(
    "path",
    ["/data", "/project/data", "/etc/ssl/certs", "/opt/millrace/data", "/opt/tools", "/usr/local/nvidia", "/tmp/x"],
)
def test_mounts_beside_and_below_are_free(path: str) -> None:
    _check(volumes=(VOLUME, c.Volume(claim="data", path=path)))


def test_all_that_the_image_brings_is_closed() -> None:
    """The places that the Dockerfile fills, and the variables that it sets."""
    text = (pathlib.Path(__file__).parents[3] / "requirements/Dockerfile").read_text()
    image = text[text.index("AS libraries") :]
    paths = set(re.findall(r"^(?:COPY --from=\S+ \S+|WORKDIR) (/\S+?)/?$", image, re.MULTILINE))
    assert paths >= {"/opt/python", "/opt/millrace/.venv", "/opt/millrace", "/project"}
    for path in paths:
        with pytest.raises(ConfigError, match="nothing can be mounted at"):
            _check(volumes=(VOLUME, c.Volume(claim="data", path=path)))
    settings = re.findall(r"^ENV ((?:.*\\\n)*.*)$", image, re.MULTILINE)
    names = {name for each in settings for name in re.findall(r"(?:^|\s)([A-Z_]+)=", each)}
    harmless = {"LANG", "LOGNAME", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert names > harmless | {"PATH", "PYTHONPATH", "HOME", "LD_LIBRARY_PATH", "NVIDIA_VISIBLE_DEVICES"}
    for name in names - harmless:
        with pytest.raises(ConfigError, match=f"s cannot be the variable {name}: the image sets it"):
            _check(secrets=(c.Key(name="s", key="k", env=name),))


@pytest.mark.parametrize(
    "name", ["PATH", "HOME", "LD_PRELOAD", "LD_LIBRARY_PATH", "PYTHONHOME", "CUDA_VISIBLE_DEVICES", "KFP_POD_NAME"]
)
def test_variables_of_the_image_and_of_kubeflow_are_not_for_secrets(name: str) -> None:
    for field in ("secrets", "config_maps"):
        with pytest.raises(ConfigError, match=rf"^kubeflow\.{field}: s cannot be the variable {name}: .* sets? it"):
            _check(**{field: (c.Key(name="s", key="k", env=name),)})
    _check(secrets=(c.Key(name="s", key="k", env=f"MY_{name}"),))
