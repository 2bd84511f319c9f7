"""How a network is trained: everything that decides what comes out, besides data and architecture."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """SGD with Nesterov momentum, a linear warm-up of `warmup` epochs, then a cosine down to zero.

    `decay` is the weight decay of kernels, `shift` the largest random shift in pixels, `flip` mirrors half of the
    images, `clip` limits the norm of the gradient (0: no limit), `device` is PyTorch's name for where it runs.
    """

    epochs: int = 10
    batch: int = 64
    rate: float = 0.05
    momentum: float = 0.9
    decay: float = 5e-4
    shift: int = 2
    flip: bool = False
    warmup: int = 1
    clip: float = 0.0
    seed: int = 1
    threads: int = 2
    device: str = "cpu"


@dataclass(frozen=True)
class Epoch:
    """One line of the log; accuracies are shares, that of the training images as augmented, while learning."""

    number: int
    loss: float
    train_accuracy: float
    test_accuracy: float
