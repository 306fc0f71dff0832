"""The driver: lets a push be done again when what it had made is not served any more.

The launcher's cache knows artifacts, not the serving directory. So earlier pushes of the same model that do not stand
are told as an execution property: while there are none, or as many as before, a push may come out of the cache.
"""

import os

from tfx.dsl.components.base import base_driver
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable import base_driver as portable_driver
from tfx.orchestration.portable import data_types
from tfx.proto.orchestration import driver_output_pb2
from tfx.types import artifact_utils

from components.pusher import versions

MODEL, DESTINATION, VERSION = "model_uri", "pushed_destination", "pushed_version"
"""Custom properties of a PushedModel; the last two are TFX's."""
NO_LONGER_SERVED = "no_longer_served"


class Driver(base_driver.BaseDriver, portable_driver.BaseDriver):
    """Adds the versions that held this model and were removed by hand, or followed by another model's.

    TFX's components want a driver of the first class, its launcher calls the second.
    """

    def __init__(self, connection: Metadata) -> None:
        portable_driver.BaseDriver.__init__(self, connection)

    def run(self, execution_info: data_types.ExecutionInfo) -> driver_output_pb2.DriverOutput:
        """See TFX's driver."""
        model = artifact_utils.get_single_instance(execution_info.input_dict["model"])
        serving_dir = execution_info.exec_properties["serving_dir"]
        pushed = self._pushed(model.uri, serving_dir)
        lost = sorted(version for version in pushed if not versions.stands(serving_dir, version))
        result = driver_output_pb2.DriverOutput()
        result.exec_properties[NO_LONGER_SERVED].string_value = ",".join(map(str, lost))
        return result

    def _pushed(self, model_uri: str, serving_dir: str) -> set[int]:
        """The versions that were made of a model."""
        with self._mlmd_connection as metadata:
            known = {kind.name for kind in metadata.store.get_artifact_types()}
            found = metadata.store.get_artifacts_by_type("PushedModel") if "PushedModel" in known else []
        pushes = [push.custom_properties for push in found]
        return {
            int(push[VERSION].string_value)
            for push in pushes
            if push[MODEL].string_value == model_uri and push[DESTINATION].string_value.startswith(serving_dir + os.sep)
        }
