"""Networks: the architectures whose weights come in bundles. They know tensors and nothing else."""
