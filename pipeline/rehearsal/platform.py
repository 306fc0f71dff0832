"""Document 2: what pods get on Kubernetes (kubernetes_platform/proto/kubernetes_executor_config.proto at 2.5.0)."""

from __future__ import annotations

from typing import Literal, Union

import pydantic

from pipeline.rehearsal.message import Message
from pipeline.rehearsal.quantities import Quantity
from pipeline.rehearsal.spec import RuntimeValue


class Name(Message):
    """A name as a constant, as later SDKs write it."""

    runtime_value: RuntimeValue


class _OfSecret(Message):
    secret_name: str = ""
    secret_name_parameter: Union[Name, None] = None

    @property
    def name(self) -> str:
        """The Secret."""
        return (
            str(self.secret_name_parameter.runtime_value.constant) if self.secret_name_parameter else self.secret_name
        )


class _OfConfigMap(Message):
    config_map_name: str = ""
    config_map_name_parameter: Union[Name, None] = None

    @property
    def name(self) -> str:
        """The ConfigMap."""
        parameter = self.config_map_name_parameter
        return str(parameter.runtime_value.constant) if parameter else self.config_map_name


class SecretKey(Message):
    """A key of a Secret as an environment variable."""

    secret_key: str
    env_var: str


class SecretAsEnv(_OfSecret):
    """Keys of a Secret as environment variables. At 2.5.0 none is optional: a pod without one does not start."""

    key_to_env: tuple[SecretKey, ...] = ()


class ConfigMapKey(Message):
    """A key of a ConfigMap as an environment variable."""

    config_map_key: str
    env_var: str


class ConfigMapAsEnv(_OfConfigMap):
    """Keys of a ConfigMap as environment variables; none is optional either."""

    key_to_env: tuple[ConfigMapKey, ...] = ()


class SecretAsVolume(_OfSecret):
    """A Secret as files."""

    mount_path: str
    optional: bool = False


class ConfigMapAsVolume(_OfConfigMap):
    """A ConfigMap as files."""

    mount_path: str
    optional: bool = False


class ImagePullSecret(_OfSecret):
    """What a node shows the registry."""


class PvcMount(Message):
    """A PersistentVolumeClaim as a folder."""

    constant: str = ""
    pvc_name_parameter: Union[Name, None] = None
    mount_path: str = pydantic.Field(pattern=r"^/.+")

    @property
    def claim(self) -> str:
        """The PersistentVolumeClaim."""
        return str(self.pvc_name_parameter.runtime_value.constant) if self.pvc_name_parameter else self.constant


class EmptyDirMount(Message):
    """A folder that is as old as the pod; with medium Memory it is shared memory at /dev/shm."""

    volume_name: str
    mount_path: str = pydantic.Field(pattern=r"^/.+")
    medium: Literal["", "Memory"] = ""
    size_limit: Quantity = ""


class NodeSelector(Message):
    """Labels that a node must have."""

    labels: dict[str, str] = {}


class Toleration(Message):
    """A taint that the pod puts up with."""

    key: str = ""
    operator: Literal["", "Equal", "Exists"] = ""
    value: str = ""
    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    toleration_seconds: Union[int, None] = None


class Requirement(Message):
    """A condition on a node's labels."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class NodeAffinity(Message):
    """Conditions on a node's labels; 2.5.0 does not read them."""

    match_expressions: tuple[Requirement, ...] = ()
    weight: Union[int, None] = None


class Pod(Message):
    """What one executor's pod gets."""

    secret_as_env: tuple[SecretAsEnv, ...] = ()
    config_map_as_env: tuple[ConfigMapAsEnv, ...] = ()
    secret_as_volume: tuple[SecretAsVolume, ...] = ()
    config_map_as_volume: tuple[ConfigMapAsVolume, ...] = ()
    pvc_mount: tuple[PvcMount, ...] = ()
    empty_dir_mounts: tuple[EmptyDirMount, ...] = ()
    node_selector: NodeSelector = NodeSelector()
    tolerations: tuple[Toleration, ...] = ()
    node_affinity: tuple[NodeAffinity, ...] = ()
    image_pull_secret: tuple[ImagePullSecret, ...] = ()
    image_pull_policy: Literal["", "Always", "Never", "IfNotPresent"] = ""


class Deployment(Message):
    """The pods' settings by the labels of executors."""

    executors: dict[str, Pod] = {}


class Kubernetes(Message):
    """The platform that the backend reads."""

    deployment_spec: Deployment


class Platforms(Message):
    """All platforms: Kubernetes."""

    kubernetes: Kubernetes


class PlatformSpec(Message):
    """The whole document."""

    platforms: Platforms
