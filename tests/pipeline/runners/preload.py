"""What the test processes have imported before they fork: all that is slow, and nothing that is under test."""

import apache_beam  # noqa: F401
import tfx.components  # noqa: F401
import tfx.dsl.compiler.compiler  # noqa: F401
import tfx.orchestration.portable.launcher  # noqa: F401
