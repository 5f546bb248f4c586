"""PPO as it is used, on CartPole, with one detail changed at a time: what each of them is worth there.

All of it is run twice, the second time with other step sizes to choose from, other seeds, and fewer runs.
``python -m pgcompanion.experiments.ablations`` runs both and writes ``ablations.json`` and
``ablations_again.json``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pgcompanion.batches import Batch, Rollouts
from pgcompanion.estimators import Critic
from pgcompanion.experiments.gridworlds import NO_CLIP, Round
from pgcompanion.experiments.sweeps import sweep
from pgcompanion.experiments.tuning import LogUniform, tune
from pgcompanion.objectives import ratio
from pgcompanion.policies import MLP, NeuralSoftmax
from pgcompanion.steps import Adam, ppo_step

ENVS, STEPS, UPDATES = 16, 64, 40
EPOCHS, PART, EPS = 4, 128, 0.2
TRIALS = 8  # of the search for each variant


class Protocol(NamedTuple):
    """Runs of a step size in the search and in the evaluation, and what their seeds are spawned from."""

    search: Round
    report: Round


#: Of the study and of its repetition: no two see the same seeds.
PROTOCOLS = Protocol(Round(3, 1), Round(20, 0)), Protocol(Round(1, 3), Round(8, 2))

_ETA = {"eta": LogUniform(1e-3, 0.1)}

#: The variants: each is the first with one detail changed, and has its step size searched anew.
VARIANTS: dict[str, dict[str, Any]] = {
    "as in the box": _ETA,
    "no clip": {"eps": NO_CLIP, **_ETA},
    "no minimum": {"minimum": False, **_ETA},
    "not normalised": {"normalise": False, **_ETA},
    "rewards-to-go (λ = 1)": {"lam": 1.0, **_ETA},
    "TD residual (λ = 0)": {"lam": 0.0, **_ETA},
    "clipped critic": {"value_eps": EPS, **_ETA},
    "annealed step size": {"anneal": True, **_ETA},
    "early stop at KL 0.01": {"stop_kl": 0.01, **_ETA},
    "start not orthogonal": {"orthogonal": False, **_ETA},
    "one epoch": {"epochs": 1, **_ETA},
}


def balance(
    rng: np.random.Generator,
    *,
    eta: float,
    eps: float = EPS,
    lam: float = 0.95,
    epochs: int = EPOCHS,
    minimum: bool = True,
    normalise: bool = True,
    anneal: bool = False,
    stop_kl: float = np.inf,
    orthogonal: bool = True,
    value_eps: float = np.inf,
) -> np.ndarray:
    """One run of CartPole: the mean return of the last 100 episodes after every update, ``(UPDATES,)``.

    Args:
        rng: draws everything.
        eta: step size of Adam, of policy and critic.
        eps, lam, epochs, stop_kl: of the objective, the advantages and `ppo_step`.
        minimum: whether the clipped objective has its minimum.
        normalise: whether advantages are normalised.
        anneal: whether ``eta`` falls linearly to 0.
        orthogonal: whether the networks start with orthogonal weights.
        value_eps: how far a value may move from its old one before its error is clipped.
    """
    import gymnasium

    envs = gymnasium.make_vec("CartPole-v1", num_envs=ENVS)
    policy = NeuralSoftmax(inputs=4, A=2, hidden=(32, 32))
    net = MLP(4, 1, (32, 32))
    critic = ClippedCritic(net, rng, value_eps, eta=eta, epochs=epochs, minibatch=PART)
    theta = policy.init(rng)
    if not orthogonal:
        theta = gaussian_start(policy.network, rng)
        critic.w = gaussian_start(net, rng).astype(np.float32)
    source = Rollouts(envs, steps=STEPS, rng=rng, critic=critic, lam=lam, normalise=normalise)
    J = []
    for k in range(UPDATES):
        size = eta * (1 - k / UPDATES) if anneal else eta
        critic.eta, batch = size, source(policy, theta)
        if minimum:
            options: dict[str, Any] = {"eps": eps, "eta": size, "epochs": epochs}
            theta = ppo_step(
                policy, theta, batch, minibatch=PART, rng=rng, stop_kl=stop_kl, **options
            )
        else:
            theta = step_without_minimum(policy, theta, batch, eps, size, epochs, rng)
        J.append(batch.J)
    return np.array(J, dtype=float)


def step_without_minimum(
    policy: NeuralSoftmax,
    theta: np.ndarray,
    batch: Batch,
    eps: float,
    eta: float,
    epochs: int,
    rng: np.random.Generator,
) -> np.ndarray:
    r"""`ppo_step` with :math:`\mathrm{clip}(u)A` alone: a ratio outside the interval gives no gradient, on either side."""
    adam = Adam(policy.p, eta, dtype=theta.dtype)
    for _ in range(epochs):
        for part in batch.minibatches(PART, rng):
            log_prob, pull = policy.log_prob_vjp(theta, part.s, part.a)
            u = ratio(log_prob, part.log_prob)
            theta = theta + adam.step(pull(part.w * part.A * u * (np.abs(u - 1) < eps)))
    return theta


class ClippedCritic(Critic):
    r"""A critic whose loss is :math:`\max\{(V-y)^2,(V_{\rm clip}-y)^2\}`, with the value clipped around its old one."""

    def __init__(
        self, net: MLP, rng: np.random.Generator, value_eps: float, **options: Any
    ) -> None:
        super().__init__(net, rng, **options)
        self.value_eps = value_eps

    def fit(self, s: np.ndarray, target: np.ndarray) -> None:
        """As `Critic.fit`; where the clipped error is the larger, a value has no gradient."""
        if self.value_eps == np.inf:
            return super().fit(s, target)
        old, adam = self.value(s), Adam(self.net.p, self.eta, dtype=np.float32)
        y, x = target.astype(np.float32), np.asarray(s, np.float32)
        for _ in range(self.epochs):
            order = self.rng.permutation(len(y))
            for start in range(0, len(y), self.minibatch):
                i = order[start : start + self.minibatch]
                trace = self.net.forward(self.w, x[i], self.net.room(len(i)))
                V = trace[-1][0]
                clipped = old[i] + np.clip(V - old[i], -self.value_eps, self.value_eps)
                moves = (V - y[i]) ** 2 >= (clipped - y[i]) ** 2
                error = ((y[i] - V) * moves / np.float32(len(i)))[None].astype(np.float32)
                self.w = self.w + adam.step(self.net.backward(self.w, trace, error))
        return None


def gaussian_start(net: MLP, rng: np.random.Generator) -> np.ndarray:
    """Independent normal weights of variance 1 / inputs, biases 0: a start that is not orthogonal."""
    theta = np.zeros(net.p)
    for layer in net.layers(theta):
        layer[:, :-1] = rng.normal(size=(len(layer), layer.shape[1] - 1)) / np.sqrt(layer.shape[1])
    return theta


def run(protocol: Protocol = PROTOCOLS[0], n_jobs: int | None = None) -> dict[str, dict[str, Any]]:
    """For every variant the same search of its step size, and then runs from seeds that are new."""
    (seeds, search), (runs, report) = protocol
    searched: dict[str, Any] = {"trials": TRIALS, "seeds": seeds, "root": search}
    tuned = tune(balance, VARIANTS, problems={"CartPole": {}}, **searched, n_jobs=n_jobs)
    best = {name: x.best for name, x in tuned.items()}
    curves = sweep(balance, runs, best, root=report, n_jobs=n_jobs).curves
    return {
        name: {
            "eta": best[name]["eta"],
            "mean": J.mean(axis=1).round(1).tolist(),
            "last": J[:, -1].round(1).tolist(),
        }
        for name, J in curves.items()
    }


def found(path: Path | None = None) -> dict[str, dict[str, Any]]:
    """What `run` found when it was last run: read from ``ablations.json``, or from one of `STORED`.

    Example:
        >>> list(found()) == list(VARIANTS)
        True
    """
    stored: dict[str, dict[str, Any]] = json.loads((path or STORED[0]).read_text(encoding="utf-8"))
    return stored


#: The study and its repetition, as `PROTOCOLS`.
STORED = tuple(
    Path(__file__).with_name(name) for name in ("ablations.json", "ablations_again.json")
)


if __name__ == "__main__":
    for protocol, path in zip(PROTOCOLS, STORED, strict=True):
        lines = ",\n".join(
            f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(x)}"
            for name, x in run(protocol).items()
        )
        path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
