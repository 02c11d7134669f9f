"""Matcher, criterion and the LightningModule around the detector."""
