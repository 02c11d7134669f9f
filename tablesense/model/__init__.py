"""Networks only, no loss: backbone, deformable attention, transformer, boundary head, detector."""
