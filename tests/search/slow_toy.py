"""The smallest training, with a given score; a bad one would not come to an end by itself."""

import torch
from lightning.pytorch.demos.boring_classes import BoringModel
from torch import Tensor


class GivenScore(BoringModel):
    """Its ``val/f1`` is ``score`` in every epoch; below a half it trains for hours."""

    def __init__(self, score: float = 0.5, lr: float = 0.1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.score, self.lr = score, lr

    def on_train_start(self) -> None:
        if self.score < 0.5:
            self.trainer.fit_loop.max_epochs = 100_000

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss = self.loss(self.layer(batch))
        self.log("train/loss", loss, on_step=False, on_epoch=True, logger=False)
        return loss

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.log("val/f1", self.score, logger=False)

    def configure_optimizers(self) -> torch.optim.Optimizer:  # type: ignore[override] # no schedule
        return torch.optim.SGD(self.parameters(), lr=self.lr)
