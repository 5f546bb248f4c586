"""The book's comparison: six gridworlds, nine learners, and the search that sets their hyperparameters.

All of it is run twice, the second time with other settings to choose from, other seeds, and fewer runs.
``python -m pgcompanion.experiments.gridworlds`` runs both and writes ``gridworlds.json`` and
``gridworlds_again.json``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pgcompanion import algorithms, checks, estimators, exact
from pgcompanion.batches import Psi, Sampled, advantage_estimate
from pgcompanion.experiments.border import Setting
from pgcompanion.experiments.sweeps import sweep
from pgcompanion.experiments.tuning import LogUniform, OneOf, Tuned, run_off, tune
from pgcompanion.gridworld import MAPS, GridWorld
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax
from pgcompanion.steps import Adam

H, SLIP = 40, 0.1  # of every world
N, K = 32, 25  # trajectories of an iteration, and iterations
TRIALS = 32  # settings of the search for every learner
NO_CLIP = 1e9


class Round(NamedTuple):
    """How many runs a setting gets, and what their seeds are spawned from."""

    runs: int
    root: int


class Protocol(NamedTuple):
    """The search, its second round among the best settings of each learner, and the evaluation of the winners."""

    search: Round
    second: Round
    report: Round
    finalists: int


#: Of the study and of its repetition: no two rounds see the same seeds.
PROTOCOLS = (
    Protocol(Round(2, 1), Round(10, 2), Round(20, 3), finalists=5),
    Protocol(Round(1, 5), Round(5, 6), Round(10, 7), finalists=3),
)

#: The worlds by their names, as problems of `tune`.
PROBLEMS = {name: {"world": name} for name in MAPS}

_PASSES = {"eta": LogUniform(0.003, 3), "epochs": OneOf((1, 3, 10, 30))}
_REGION = {"delta": LogUniform(0.01, 10), "damping": LogUniform(1e-4, 1)}

#: What the learners are, and between which ends their hyperparameters are searched. The last seven see
#: the same advantages, so that they differ in their step alone.
LEARNERS: dict[str, dict[str, Any]] = {
    "REINFORCE": {"algorithm": "reinforce", "psi": "return", "eta": LogUniform(0.1, 1000)},
    "fitted baseline": {"algorithm": "reinforce", "psi": "fitted", "eta": LogUniform(0.1, 1000)},
    "gradient": {"algorithm": "reinforce", "eta": LogUniform(0.1, 1000)},
    "Adam": {"algorithm": "reinforce", "adam": LogUniform(0.003, 30)},
    "NPG": {"algorithm": "npg", **_REGION},
    "TRPO": {"algorithm": "trpo", **_REGION},
    "PPO penalty": {"algorithm": "ppo", "lam": LogUniform(0.001, 10), **_PASSES},
    "PPO clip": {"algorithm": "ppo", "eps": LogUniform(0.02, 2), **_PASSES},
    "no clip": {"algorithm": "ppo", "eps": NO_CLIP, **_PASSES},
}


@cache
def problem(world: str) -> tuple[MDP, float, float]:
    """The MDP of a named map, and the returns that count as 0 and 1: the uniform policy's and the optimum.

    Example:
        >>> abs(problem("corridor")[1]) < 1e-9, abs(problem("corridor")[2] - 1) < 1e-9
        (True, True)
    """
    mdp = GridWorld.named(world, slip=SLIP).mdp(H=H)
    uniform = exact.evaluate(mdp, np.full((mdp.S, mdp.A), 1 / mdp.A)).J
    return mdp, float(uniform), float(exact.optimal(mdp)[1].J)


def learn(
    rng: np.random.Generator,
    *,
    world: str,
    algorithm: str,
    psi: str = "others",
    adam: float | None = None,
    N: int = N,
    K: int = K,
    **options: Any,
) -> np.ndarray:
    """One run from the uniform policy: the exact objective of every iterate, 0 for uniform and 1 for optimal, ``(K+1,)``.

    Args:
        rng: draws the trajectories.
        world: the name of a map.
        algorithm: ``reinforce``, ``npg``, ``trpo`` or ``ppo``.
        psi: the gradient coefficients: the ``return``; a reward-to-go less the mean over the ``others``;
            or less a baseline that is ``fitted`` to half of the trajectories.
        adam: the step size of `Adam` in the place of ``eta``.
        N, K: trajectories of an iteration, and iterations.
        options: of the algorithm.

    Example:
        >>> J = learn(np.random.default_rng(0), world="corridor", algorithm="npg", delta=0.3)
        >>> J.shape, float(J[0]), bool(J[-1] > 0.9)
        ((26,), 0.0, True)
    """
    mdp, zero, one = problem(checks.choice("world", world, tuple(MAPS)))
    run = getattr(algorithms, checks.choice("algorithm", algorithm, ALGORITHMS))
    policy = TabularSoftmax(mdp.S, mdp.A)
    if adam is not None:
        options["eta"] = Adam(policy.p, adam)
    source = Sampled(mdp, N // 2 if psi == "fitted" else N, rng, _coefficients(psi, mdp, N, rng))
    iterates = run(source, policy, np.zeros(policy.p), K=K, **options)
    J = [exact.evaluate(mdp, policy.table(it.theta)).J for it in iterates]
    return (np.array(J) - zero) / (one - zero)


ALGORITHMS = ("reinforce", "npg", "trpo", "ppo")


def _coefficients(psi: str, mdp: MDP, N: int, rng: np.random.Generator) -> Psi:
    match checks.choice("psi", psi, ("others", "return", "fitted")):
        case "return":
            return lambda tau: estimators.total_return(tau.r)
        case "fitted":
            return estimators.fitted_baseline(mdp, N // 2, rng)
    return advantage_estimate


class Study(NamedTuple):
    """The search for every learner, its second round, and what the winner of that earns from new seeds.

    ``mean`` and ``last`` map a learner to scores ``(runs, 6)``, seeds as rows and worlds as columns:
    the mean over the iterates of a run, and the last of them.
    """

    tuned: dict[str, Tuned]
    second: dict[str, Tuned]
    mean: dict[str, np.ndarray]
    last: dict[str, np.ndarray]


def study(
    learners: Mapping[str, Setting] = LEARNERS,
    protocol: Protocol = PROTOCOLS[0],
    *,
    trials: int = TRIALS,
    n_jobs: int | None = None,
) -> Study:
    """The whole protocol: `tune` for every learner with the same budget, a `run_off` among its best settings on
    new seeds, and the winners `evaluated` on seeds that are new once more."""
    (seeds, search), (again, second), report, finalists = protocol
    world: dict[str, Any] = {"problems": PROBLEMS, "n_jobs": n_jobs}
    tuned = tune(learn, learners, trials=trials, seeds=seeds, root=search, **world)
    best = run_off(learn, tuned, finalists=finalists, seeds=again, root=second, **world)
    winners = {name: x.best for name, x in best.items()}
    return Study(tuned, best, *evaluated(winners, *report, n_jobs=n_jobs))


def evaluated(
    settings: Mapping[str, Setting], runs: int, root: int, n_jobs: int | None = None
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Scores ``(runs, 6)`` of settings on the six worlds: the mean over the iterates, and the last."""
    jobs = {
        f"{name}, {world}": dict(setting) | problem
        for name, setting in settings.items()
        for world, problem in PROBLEMS.items()
    }
    curves = sweep(learn, runs, jobs, root=root, n_jobs=n_jobs).curves
    stacked = {
        name: np.stack([curves[f"{name}, {world}"] for world in PROBLEMS], axis=1)
        for name in settings
    }
    return (
        {name: x.mean(axis=2) for name, x in stacked.items()},
        {name: x[..., -1] for name, x in stacked.items()},
    )


def found(path: Path | None = None) -> Study:
    """What `study` found when it was last run: read from ``gridworlds.json``, or from one of `STORED`.

    Example:
        >>> list(found().tuned) == list(LEARNERS)
        True
    """
    stored = json.loads((path or STORED[0]).read_text(encoding="utf-8"))
    tuned = {name: _tuned(x) for name, x in stored.items()}
    return Study(
        tuned,
        {name: _tuned(x["second"]) for name, x in stored.items()},
        {name: np.array(x["mean"]) for name, x in stored.items()},
        {name: np.array(x["last"]) for name, x in stored.items()},
    )


def _tuned(stored: Mapping[str, Any]) -> Tuned:
    return Tuned(stored["settings"], np.array(stored["scores"]))


def _stored(name: str, result: Study) -> dict[str, Any]:
    """The entry of a learner in the file."""
    tuned, second = (
        {"settings": x.settings, "scores": x.scores.round(4).tolist()}
        for x in (result.tuned[name], result.second[name])
    )
    scores = {key: getattr(result, key)[name].round(4).tolist() for key in ("mean", "last")}
    return tuned | {"second": second} | scores


#: The study and its repetition, as `PROTOCOLS`.
STORED = tuple(
    Path(__file__).with_name(name) for name in ("gridworlds.json", "gridworlds_again.json")
)


if __name__ == "__main__":
    for protocol, path in zip(PROTOCOLS, STORED, strict=True):
        result = study(protocol=protocol)
        lines = ",\n".join(
            f"{json.dumps(name)}: {json.dumps(_stored(name, result))}" for name in result.tuned
        )
        path.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
