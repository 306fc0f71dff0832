from tfx.dsl.components.base import base_executor
from tfx.orchestration.portable import outputs_utils

from components import trainer


def test_checkpoints_lie_beside_the_artifacts(tmp_path):
    node_dir = outputs_utils.get_node_dir  # the launcher's own layout: PIPELINE_ROOT/NODE
    assert node_dir
    working_dir = tmp_path / "artifacts" / "Trainer" / ".system" / "stateful_working_dir" / "some-uuid"
    context = base_executor.BaseExecutor.Context(stateful_working_dir=str(working_dir), pipeline_run_id="run-7")
    assert trainer.checkpoint_dir(context) == str(tmp_path / "checkpoints" / "run-7" / "Trainer")
