"""What libraries print goes to a log file, what the command prints does not."""

import os
import subprocess
import sys

NOISE = """
import os, sys
from pipeline.cli.console import quiet
with quiet() as output:
    os.write(2, b"early noise\\n")
    print("said by a library")
    output.log_to(sys.argv[1])
    os.system("echo late noise >&2")
    print("for the user", file=output.stream)
print("afterwards")
"""


def test_noise_goes_to_the_log_and_output_to_the_terminal(tmp_path):
    log = tmp_path / "runner.log"
    answer = subprocess.run([sys.executable, "-c", NOISE, str(log)], capture_output=True, text=True, check=True)
    assert (answer.stdout, answer.stderr) == ("for the user\nafterwards\n", "")
    assert log.read_text() == "early noise\nsaid by a library\nlate noise\n"


def test_a_library_that_fails_leaves_the_process_its_output():
    code = "from pipeline.cli.console import quiet\ntry:\n  with quiet(): 1/0\nexcept ZeroDivisionError: print('here')"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert answer.stdout == "here\n"
