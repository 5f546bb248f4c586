r"""A softmax network that writes: an embedding of the last tokens and of the position, and a network on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pgcompanion import checks
from pgcompanion.policies import MLP, Softmax
from pgcompanion.policies.base import Pull, Room

NOTHING = -1  # where a context has no token yet


class SequenceSoftmax(Softmax):
    r"""The next token from the last ``places`` tokens and the position in the response.

    Statement: `response_mdp`, `neural_softmax`. A state is a row of integers: the last ``places``
    tokens, with -1 in front where there were fewer, and the number of tokens written. The first layer
    of the network, on `embed`, is a table of embeddings: a vector for each token in each place and one
    for each position, added up. Larger models share the vectors between places; the rest is alike.

    Args:
        vocabulary: number of tokens.
        places: tokens that it looks back at, prompt and response together.
        length: the most tokens of a response.
        hidden: widths of the layers; the first is the size of the embedding.

    Raises:
        ValueError: an argument is not a positive integer; a state is no such row; otherwise as
            `Softmax`.

    Example:
        >>> policy = SequenceSoftmax(vocabulary=3, places=2, length=2, hidden=(8,))
        >>> theta = policy.init(np.random.default_rng(0))
        >>> policy.p, policy.probs(theta, np.array([-1, 2, 0])).round(2)
        (99, array([0.33, 0.33, 0.33]))
    """

    def __init__(
        self, vocabulary: int, places: int, length: int, hidden: Sequence[int] = (64,)
    ) -> None:
        self.A = checks.positive_integer("vocabulary", vocabulary)
        self.places = checks.positive_integer("places", places)
        self.length = checks.positive_integer("length", length)
        self.network = MLP(self.places * self.A + self.length, self.A, hidden)
        self.p = self.network.p

    def init(self, rng: np.random.Generator) -> np.ndarray:
        """Orthogonal weights, as `MLP.init`: the policy starts close to the uniform one."""
        return self.network.init(rng)

    def embed(self, s: np.ndarray) -> np.ndarray:
        """What the network reads: a 1 for each token in its place and for the position, ``(..., d)``."""
        s = checks.array("s", s)
        width = self.places + 1
        if s.dtype.kind not in "iu" or s.shape[-1:] != (width,):
            raise ValueError(
                f"s must hold rows of {width} integers, the last tokens and the "
                f"position, but its shape is {s.shape} and its type {s.dtype}."
            )
        tokens = s[..., :-1, None] == np.arange(self.A)
        position = s[..., -1, None] == np.arange(self.length)
        seen = [tokens.reshape(*s.shape[:-1], -1), position]
        return np.concatenate(seen, axis=-1).astype(float)

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return self.network.value(theta, self.embed(s))

    def logits_jvp(self, theta: np.ndarray, s: np.ndarray, v: np.ndarray) -> np.ndarray:
        return self.network.jvp(theta, self.embed(s), v)

    def logits_vjp(
        self, theta: np.ndarray, s: np.ndarray, room: Room | None = None
    ) -> tuple[np.ndarray, Pull]:
        return self.network.vjp(theta, self.embed(s), room)

    def logits_vjp_each(self, theta: np.ndarray, s: np.ndarray, w: np.ndarray) -> np.ndarray:
        return self.network.vjp_each(theta, self.embed(s), w)

    def __repr__(self) -> str:
        return (
            f"SequenceSoftmax(vocabulary={self.A}, places={self.places}, length={self.length}, "
            f"hidden={self.network.hidden})"
        )
