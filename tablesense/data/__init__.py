"""Grids for training: dataset, augmentation, batches, the LightningDataModule."""
