"""What is packaged: the two packages, and nothing that they need.

Beam stages this to remote workers, whose image brings TFX; what gets installed is pinned in requirements/.
"""

from setuptools import find_packages, setup

setup(
    name="millrace",
    version="0.1.0",
    description="A TFX pipeline: CSV or TFRecord in, a validated, evaluated and pushed model out",
    python_requires="==3.10.*",
    packages=find_packages(include=["pipeline", "pipeline.*", "components", "components.*"]),
    package_data={
        "": ["*.j2", "*.css", "*.js", "*.json"],
        "pipeline.kubeflow": ["manifests/**/*.yaml", "manifests/.gitignore"],
        "pipeline.flink": ["pom.xml"],
    },
    entry_points={"console_scripts": ["millrace = pipeline.cli.main:main"]},
)
