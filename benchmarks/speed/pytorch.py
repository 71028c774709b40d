"""The original network in PyTorch; run by a Python that has it: trains an epoch for each line that it reads.

It imports nothing of this repository, and writes the loss and the accuracy of an epoch when it is done.
"""

import sys

import numpy as np
import torch
from torch import nn


class Original(nn.Module):  # type: ignore[misc]
    """The network of `models.mean_mfcc_lstm`."""

    def __init__(self, n_emotions: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 256, batch_first=True)
        layers: list[nn.Module] = [nn.Dropout(0.5)]
        for before, units in ((256, 128), (128, 64), (64, 32)):
            layers += [nn.Linear(before, units), nn.ReLU(), nn.Dropout(0.5)]
        self.dense = nn.Sequential(*layers, nn.Linear(32, n_emotions))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits."""
        logits: torch.Tensor = self.dense(self.lstm(x)[0][:, -1])
        return logits


def main(path: str, batch_size: int) -> None:
    """Train on the arrays of a file."""
    arrays = np.load(path)
    X, targets = (torch.from_numpy(arrays[name]) for name in ("X", "targets"))
    torch.manual_seed(0)
    network = Original(int(targets.max()) + 1)
    optimizer = torch.optim.Adam(network.parameters())
    for _ in sys.stdin:
        loss, right = 0.0, 0
        for rows in torch.randperm(len(X)).split(batch_size):
            optimizer.zero_grad()
            logits = network(X[rows])
            error = nn.functional.cross_entropy(logits, targets[rows])
            error.backward()
            optimizer.step()
            loss += error.item() * len(rows)
            right += int((logits.argmax(1) == targets[rows]).sum())
        sys.stdout.write(f"{loss / len(X)} {right / len(X)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
