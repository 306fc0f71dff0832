"""`millrace image build`: the container image of a pipeline's steps, through Docker or Podman."""
