"""The border: every public function and method answers a bad argument in one sentence that names it.

For each public function a set of good arguments stands here, and for each public class an object
with good arguments of its methods; one at a time is then replaced by None, NaN, a wrong shape, a
string and a foreign object. What comes back must be a `ValueError` or a `TypeError` whose sentence
names the argument. What is allowed after all is listed with its reason.
"""

from __future__ import annotations

import atexit
import functools
import inspect
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docstrings
import gymnasium
import numpy as np
import pytest
from matplotlib.figure import Figure

import pgcompanion as pg
from pgcompanion import (
    demos,
    estimators,
    exact,
    experiments,
    grading,
    language,
    lqr,
    notebook,
    objectives,
    policies,
    steps,
    style,
    training,
    trajectories,
)
from pgcompanion.demos import bernoulli as bernoulli_demo
from pgcompanion.estimators import baselines, importance

ROOT = Path(__file__).resolve().parents[1]
FOREIGN = object()


@functools.cache
def world() -> dict[str, Any]:
    """Good arguments, by the names that the package gives them."""
    rng = np.random.default_rng(0)
    S, A, H, N = 3, 2, 4, 5
    mdp = pg.MDP(rng.dirichlet(np.ones(S), (S, A)), rng.normal(size=(S, A)), np.ones(S) / S, H)
    policy = pg.TabularSoftmax(S, A)
    theta = rng.normal(size=policy.p)
    pi = policy.table(theta)
    tau = pg.sample(mdp, pi, N, rng)
    v = exact.evaluate(mdp, pi)
    p, q = rng.dirichlet(np.ones(4), 2)
    return {
        "S": S, "A": A, "H": H, "N": N, "K": 2, "gamma": 0.9, "lam": 0.5, "eps": 0.2, "eta": 0.1,
        "delta": 0.1, "damping": 0.0, "mdp": mdp, "policy": policy, "theta": theta, "theta_k": theta,
        "pi": pi, "pi_new": pi, "pi_old": pi, "tau": tau, "rng": rng,
        "batch": pg.Exact(mdp)(policy, theta), "source": pg.Exact(mdp), "psi": rng.normal(size=(N, H)),
        "r": rng.normal(size=(N, H)), "V": rng.normal(size=(N, H + 1)), "terminated": np.zeros(N, bool),
        "scores": rng.normal(size=(N, H, 7)), "p": p, "q": q, "f": rng.normal(size=4),
        "g": rng.normal(size=4), "F": np.eye(4), "v": theta, "values": v,
        "logp_new": np.log(rng.random((N, H))), "logp_old": np.log(rng.random((N, H))),
        "P": mdp.P, "mu0": mdp.mu0, "mdp_r": mdp.r,
    }  # fmt: skip


@dataclass
class Case:
    """A public function with good arguments, and what it may accept although it looks bad."""

    f: Callable[..., Any]
    given: dict[str, Any]
    allowed: dict[tuple[str, str], str] = field(default_factory=dict)


def case(f: Callable[..., Any], names: str = "", /, *, allow: str = "", **given: Any) -> Case:
    """Good arguments by their names in `world`; ``allow`` is "argument kind: reason; …"."""
    taken = {name: world()[name] for name in names.split()}
    allowed = {}
    for rule in filter(None, (rule.strip() for rule in allow.split(";"))):
        what, reason = rule.split(": ", 1)
        argument, *kinds = what.split()
        for kind in kinds or ["None", "NaN", "shape", "string", "object"]:
            allowed[argument, kind] = reason
    return Case(f, taken | given, allowed)


ELEMENTWISE = "shape: it works on every shape"


def language_cases() -> dict[str, Case]:
    """The room of language models."""
    rng = np.random.default_rng(0)
    mdp = language.world(3, 2, lambda x, y: float(len(y)), [0.5, 0.5])
    task = language.reverse(digits=2, n=2)
    policy, tau = language.table(mdp), language.every_response(mdp)
    theta, R = rng.normal(size=policy.p), 5
    p = rng.dirichlet(np.ones(R))
    log_p, log_ref, r = np.log(p), np.log(np.full(R, 1 / R)), rng.normal(size=R)
    mask, tokens = np.arange(4) < np.array([[2], [4], [1]]), np.log(rng.random((2, 3, 4)))
    ratios = {"logp_new": tokens[0], "logp_old": tokens[1], "A": rng.normal(size=3), "mask": mask}
    two = {"log_prob": log_p, "log_prob_ref": log_ref}
    apart, short = "shape: it broadcasts", language.Setting(K=1)

    def fits(*names: str) -> str:
        return "; ".join(f"{name} {apart}" for name in names)

    return {
        "language.responses": case(language.responses, vocabulary=3, length=2),
        "language.world": case(
            language.world, vocabulary=3, length=2, reward=lambda x, y: 0.0, mu=np.ones(1)
        ),
        "language.every_response": case(language.every_response, mdp=mdp),
        "language.first_states": case(language.first_states, mdp=mdp),
        "language.table": case(language.table, mdp=mdp),
        "language.sequence_log_prob": case(
            language.sequence_log_prob, policy=policy, theta=theta, tau=tau
        ),
        "language.token_log_prob": case(
            language.token_log_prob, policy=policy, theta=theta, tau=tau
        ),
        "language.leave_one_out": case(language.leave_one_out, r=r, allow=f"r {ELEMENTWISE}"),
        "language.group_advantage": case(
            language.group_advantage, r=r, std=True, ddof=1, allow=f"r {ELEMENTWISE}"
        ),
        "language.group_weight": case(
            language.group_weight, p=p, G=4, ddof=0, allow=f"p {ELEMENTWISE}"
        ),
        "language.pass_at_k_weight": case(
            language.pass_at_k_weight, p=p, k=3, allow=f"p {ELEMENTWISE}"
        ),
        "language.mean_coefficients": case(
            language.mean_coefficients, p=p, r=r, G=2, advantage=language.leave_one_out
        ),
        "language.kl_estimates": case(
            language.kl_estimates, **two, allow=fits("log_prob", "log_prob_ref")
        ),
        "language.kl_loss_coefficients": case(
            language.kl_loss_coefficients, **two, allow=fits("log_prob", "log_prob_ref")
        ),
        "language.kl_gradient": case(
            language.kl_gradient, scores=rng.normal(size=(R, 3)), **two
        ),
        "language.kl_gradient_parts": case(
            language.kl_gradient_parts, mdp=mdp, policy=policy, theta=theta,
            pi_ref=np.full((mdp.S, mdp.A), 1 / mdp.A),
        ),
        "language.regularised_reward": case(
            language.regularised_reward, **two, r=r, beta=0.5,
            allow=fits("log_prob", "log_prob_ref", "r"),
        ),
        "language.regularised_objective": case(
            language.regularised_objective, **two, r=r, beta=0.5,
            allow=fits("log_prob_ref", "r"),
        ),
        "language.gibbs": case(
            language.gibbs, log_prob_ref=log_ref, r=r, beta=0.5, allow=fits("log_prob_ref", "r")
        ),
        "language.whole": case(language.whole, mask=mask),
        "language.per_response": case(language.per_response, mask=mask),
        "language.per_token": case(language.per_token, mask=mask),
        "language.token_ratio_surrogate": case(language.token_ratio_surrogate, **ratios),
        "language.sequence_ratio_surrogate": case(
            language.sequence_ratio_surrogate, **ratios, per_length=True
        ),
        "language.preference_probability": case(
            language.preference_probability, r=r, r_other=r, allow=fits("r", "r_other")
        ),
        "language.dpo_loss": case(
            language.dpo_loss, log_ratio_chosen=r, log_ratio_rejected=r, beta=0.1,
            allow=fits("log_ratio_chosen", "log_ratio_rejected"),
        ),
        "language.best_of_n": case(language.best_of_n, p_ref=p, r=r, n=2),
        "language.frontier": case(
            language.frontier, log_prob_ref=log_ref, r_hat=r, r=r, betas=np.ones(2)
        ),
        "language.SequenceSoftmax": case(
            language.SequenceSoftmax, vocabulary=3, places=2, length=2, hidden=(4,)
        ),
        "language.Task": case(
            language.Task, vocabulary=3, prompts=np.ones((2, 2), int), length=2,
            reward=task.reward,
        ),
        "language.reverse": case(language.reverse, digits=2, n=2),
        "language.sort": case(language.sort, digits=2, n=2),
        "language.add": case(language.add, base=2, n=1),
        "language.brackets": case(language.brackets, n=2),
        "language.speak": case(
            language.speak, policy=policy, theta=theta, s=np.array([0, 1]),
            after=lambda s, a: s, length=2, rng=rng,
            allow="s shape: states may be rows",
        ),
        "language.Finite": case(language.Finite, mdp=mdp),
        "language.Groups": case(
            language.Groups, source=task, prompts=2, G=2, rng=rng,
            advantage=language.leave_one_out, weight=language.whole, paid=lambda policy, theta, tau: tau.r,
        ),
        "language.learning_curve": case(
            language.learning_curve, task=task, recipe="exact", eta=0.1, seed=1, setting=short
        ),
        "language.curves": case(
            language.curves, task=task, recipe="group mean", eta=0.1, seeds=[1], setting=short
        ),
        "language.tuned": case(
            language.tuned, task=task, recipe="deviation", etas=[0.1], seeds=[1], setting=short
        ),
        "language.penalised": case(language.penalised, theta_ref=theta, beta=0.1),
    }  # fmt: skip


@functools.cache
def temporary() -> Path:
    """A folder that lasts as long as the tests do."""
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    return Path(folder.name)


def environment_cases() -> dict[str, Case]:
    """What takes Gymnasium's vector environments, and what is made of them."""
    folder = temporary()
    rng, theta = world()["rng"], np.zeros(pg.NeuralSoftmax(4, 2, (3,)).p)
    envs = gymnasium.make_vec("CartPole-v1", num_envs=2)
    policy, critic = pg.NeuralSoftmax(4, 2, (3,)), pg.critic_for(envs, rng, hidden=(3,))
    run, short = pg.Run(policy, theta), pg.Settings(updates=1, steps=4)
    training.save(folder / "run.npz", run)
    grid = gymnasium.make(
        "pgcompanion.gridworld.env:pgcompanion/GridWorld-v0", map="S.G", render_mode="rgb_array"
    )
    walk = pg.Run(pg.TabularSoftmax(3, 4), np.zeros(12))
    learner = {"envs": envs, "settings": short, "rng": rng, "policy": policy, "critic": critic}
    return {
        "batches.Rollouts": case(
            pg.Rollouts, "gamma lam", envs=envs, steps=3, rng=rng, critic=critic, normalise=True
        ),
        "batches.Episodes": case(
            pg.Episodes, envs=envs, steps=3, rng=rng, psi=lambda tau: tau.r
        ),
        "batches.rollout": case(
            pg.rollout, envs=envs, policy=policy, theta=theta, steps=3, rng=rng
        ),
        "training.policy_for": case(pg.policy_for, envs=envs, hidden=(3,)),
        "training.critic_for": case(
            pg.critic_for, envs=envs, rng=rng, hidden=(3,), eta=0.1, epochs=1, minibatch=3
        ),
        "training.train": case(pg.train, **learner, progress=False),
        "training.training_iterates": case(training.training_iterates, **learner),
        "training.evaluate": case(pg.evaluate, envs=envs, run=run, rng=rng, episodes=2, steps=3),
        "training.render": case(
            pg.render, path=folder / "walk.gif", env=grid, run=walk, rng=rng, steps=2,
            allow="path string: it is a path",
        ),
        "training.save": case(
            pg.save, path=folder / "again.npz", run=run, allow="path string: it is a path"
        ),
        "training.load": case(
            pg.load, path=folder / "run.npz", policy=policy, allow="path string: no such file"
        ),
        "training.Run": case(
            pg.Run, policy=policy, theta=theta, steps=np.arange(2), J=np.zeros(2), settings=short,
            moments=training.RunningMoments(4),
            allow="J NaN: before the first episode has ended",
        ),
        "training.RunningMoments": case(training.RunningMoments, d=4),
        "training.NormalisedObservations": case(
            training.NormalisedObservations, envs=envs, moments=training.RunningMoments(4), learning=True
        ),
        "training.Settings": case(
            pg.Settings, method="ppo", updates=1, steps=2, gamma=0.9, lam=0.9, eps=0.2, eta=0.1, epochs=1,
            minibatch=3, anneal=True, anneal_eps=False, bonus=0.0, max_norm=1.0, stop_kl=1.0, keep_adam=False,
            adam_eps=1e-8, normalise_advantages=True, normalise_observations=False, value_eta=0.1,
            value_epochs=1, value_minibatch=3, value_anneal=False, delta=0.1, damping=0.0, weight_decay=0.0,
            hidden=(3,),
        ),
        "training.Task": case(
            pg.Task, id="CartPole-v1", goal=475.0, longest=500, settings=short, num_envs=2, make={},
            rescale=False, action_repeat=1, allow="id string: it is asked for when it is made",
        ),
    }  # fmt: skip


def gridworld_cases() -> dict[str, Case]:
    """Maps and their pictures."""
    grid, drawing = pg.GridWorld("S.G"), pg.gridworld.drawing
    v, pi, ax = np.zeros(grid.S), np.full((grid.S, grid.A), 0.25), Figure().add_subplot()
    return {
        "gridworld.GridWorld": case(
            pg.GridWorld, map="S.G", slip=0.1, step_reward=-0.1, rewards={"G": 2.0}
        ),
        "gridworld.drawing.show": case(drawing.show, grid=grid, V=v, pi=pi, ax=ax),
        "gridworld.drawing.draw_map": case(drawing.draw_map, ax=ax, grid=grid),
        "gridworld.drawing.draw_values": case(
            drawing.draw_values, ax=ax, grid=grid, v=v, vmin=0.0, vmax=1.0
        ),
        "gridworld.drawing.draw_numbers": case(
            drawing.draw_numbers, ax=ax, grid=grid, v=v, digits=1, corner=True
        ),
        "gridworld.drawing.draw_policy": case(drawing.draw_policy, ax=ax, grid=grid, pi=pi),
        "gridworld.drawing.draw_agent": case(drawing.draw_agent, ax=ax, grid=grid, s=0),
    }


def experiment_cases() -> dict[str, Case]:
    """Many runs, and what their spread says."""
    rng, scores = world()["rng"], world()["rng"].normal(size=(5, 3))

    def task(x, rng):
        return x + rng.normal()

    spaces = {"task": {"x": experiments.LogUniform(0.1, 1.0)}}
    tuned = experiments.tune(task, spaces, problems={"one": {}}, trials=2, seeds=2, n_jobs=1)
    searched = {"task": task, "problems": {"one": {}}, "seeds": 2, "root": 3, "n_jobs": 1}
    return {
        "experiments.interval": case(
            experiments.interval, curves=scores, rng=rng, level=0.9, resamples=5,
            allow="curves shape: a run may be an array of any shape",
        ),
        "experiments.stratified_interval": case(
            experiments.stratified_interval, statistic=experiments.interquartile_mean, scores=scores, rng=rng,
            level=0.9, resamples=5,
        ),
        "experiments.interquartile_mean": case(experiments.interquartile_mean, scores=scores),
        "experiments.probability_of_improvement": case(
            experiments.probability_of_improvement, one=scores, other=scores
        ),
        "experiments.performance_profile": case(
            experiments.performance_profile, scores=scores, levels=np.zeros(2)
        ),
        "experiments.sweep": case(
            experiments.sweep, task=task, seeds=2, settings={"one": {"x": 1.0}}, root=0, n_jobs=1, progress=False
        ),
        "experiments.tune": case(experiments.tune, **searched, spaces=spaces, trials=2),
        "experiments.run_off": case(experiments.run_off, **searched, tuned=tuned, finalists=1),
    }  # fmt: skip


def other_cases() -> dict[str, Case]:
    """What shows, marks and tells."""
    panel, draws = demos.Panel(), world()["rng"]
    return {
        "demos.Control": case(
            demos.Control, label="step size", values=(0.1, 1.0), default=0.1, time=False, whole=False,
            log=True, more=False, allow="label string: it is words",
        ),
        "demos.Panel": case(
            demos.Panel, title="J", xlabel="k", xlim=(0.0, 1.0), ylim=(0.0, 1.0), xticks=(0.0,),
            yticks=(0.0,), xscale="linear", yscale="log", numbers="xy", width=1.0, ylabel="", lines=0,
            allow="title string: it is words; xlabel string: as title; ylabel string: as title; "
            "numbers string: it is the letters of two axes",
        ),
        "demos.panels": case(demos.panels, rows=((panel,),), height=2.0, heights=(1.0,)),
        "demos.show": case(demos.show, demo=bernoulli_demo),
        "notebook.source": case(notebook.source, functions=pg.sample),
        "style.words": case(style.words, colour="black", allow="colour string: any colour has a name"),
        "grading.Assignment": case(
            grading.Assignment, ids=("gae",), seed="maple", points={"gae": 2.0}, partial=False,
            pack=Path("pack"),
            allow="seed string: it is a word; pack string: it is a path",
        ),
        "grading.Submission": case(
            grading.Submission, student="ada", files=[], allow="student string: it is a name"
        ),
        "grading.collect": case(grading.collect, paths=[]),
        "grading.grade": case(
            grading.grade, submissions=[], assignment=grading.Assignment(("gae",)), jobs=1,
            journal=None, tick=print, allow="journal string: it is a path",
        ),
        "experiments.LogUniform": case(
            lambda low, high: experiments.LogUniform(low, high).draw(draws), low=1.0, high=2.0
        ),
        "experiments.OneOf": case(lambda values: experiments.OneOf(values).draw(draws), values=(1, 2)),
        "language.Setting": case(
            lambda prompts, G, K, every, hidden: language.learning_curve(
                language.reverse(2, 2), "exact", 0.1, 1,
                language.Setting(prompts, G, K, every, hidden),
            ),
            prompts=2, G=2, K=1, every=1, hidden=2,
        ),
    }  # fmt: skip


@dataclass
class Subject:
    """An object of a public class, and good arguments of its methods by their names.

    ``method.argument`` is that of one method alone; so it is in ``allow``, which is otherwise as in `case`.
    """

    of: Any
    given: dict[str, Any]
    allow: str = ""


class Scaled(pg.Softmax):
    """Given by its logits alone."""

    p, A, S = 1, 2, 3

    def logits(self, theta: np.ndarray, s: np.ndarray) -> np.ndarray:
        return np.exp(theta[0]) * np.arange(6.0).reshape(3, 2)[s]


class Exponential(pg.Density):
    """Given by its log-density alone."""

    p = 1

    def log_prob(self, theta: np.ndarray, s: np.ndarray, a: np.ndarray) -> np.ndarray:
        return theta[0] - np.exp(theta[0]) * a


ROW = "row.s: whatever the policy's states are"
NO_ROOM = f"{ROW}; room NaN shape string object: it has none, and ignores it"
INNER = "NaN: the inner loop, which looks at shapes alone"


def policy_subjects() -> dict[str, Subject]:
    """Policies, and the functions of the state that they are made of."""
    w = world()
    rng, S, A, H = w["rng"], w["S"], w["A"], w["H"]
    s, n = np.array([0, 2, 1]), 3
    x = rng.normal(size=(n, 2))

    def over_states(policy: Any) -> Subject:
        theta = rng.normal(size=policy.p)
        batch = pg.Batch(s, s % A, np.ones(n), np.ones(n), np.zeros(n))
        return Subject(
            policy,
            {
                "theta": theta, "theta_old": theta, "theta_new": theta, "theta_k": theta, "rng": rng, "n": n, "room": None,
                "h": np.array([0, 1, 1]), "s": s, "a": s % A, "weights": np.ones(n), "v": theta, "w": np.ones((n, A)),
                "W": np.ones((n, A)), "batch": batch, "g": theta, "damping": 0.0, "lam": 0.5,
            },
        )  # fmt: skip

    def over_vectors(policy: Any, a: np.ndarray) -> Subject:
        subject = over_states(policy)
        subject.given |= {"s": x, "a": a, "w": np.ones((n, a.shape[-1]))}
        subject.allow = NO_ROOM
        return subject

    def of_state(f: Any) -> Subject:
        theta, small = rng.normal(size=f.p), pg.MLP(2, 1, (3,))
        room = small.room(n, float)
        trace = small.forward(small.init(rng), x, room)
        return Subject(
            f,
            {
                "theta": theta, "rng": rng, "n": n, "s": x, "v": theta, "w": np.ones((n, 1)), "room": None,
                "gain": 0.5, "dtype": float, "forward.x": x, "forward.room": room,
                "backward.w": np.ones((1, n)), "backward.trace": trace,
            },
        )  # fmt: skip

    tabular, linear = (
        over_states(pg.TabularSoftmax(S, A, H=H)),
        over_states(pg.LinearSoftmax(rng.normal(size=(S, A, 5)))),
    )
    features = rng.normal(size=(S, 2))
    indexed, net = over_states(pg.NeuralSoftmax(features, A, (3,))), of_state(pg.MLP(2, 1, (3,)))
    tabular.allow = linear.allow = NO_ROOM
    indexed.allow = ROW
    scaled, exponential = over_states(Scaled()), over_vectors(Exponential(), np.ones(n))
    scaled.allow = f"{NO_ROOM}; s: its own logits know their states; logits.theta: as s"
    exponential.allow = (
        f"{NO_ROOM}; s: its own density knows its states; a: and its actions; log_prob.theta: as s"
    )
    net.allow = "; ".join(
        [
            f"{x} {INNER}"
            for x in (
                "batch.s",
                "forward.theta",
                "forward.x",
                "layers.theta",
                "backward.theta",
                "backward.w",
            )
        ]
        + ["backward.trace: it is what forward gave"]
    )
    map_, base = (of_state(policies.LinearMap(2, 1)) for _ in range(2))
    map_.allow = base.allow = f"batch.s {INNER}; vjp.room NaN shape string object: it has none"
    return {
        "policies.TabularSoftmax": tabular,
        "policies.LinearSoftmax": linear,
        "policies.NeuralSoftmax": indexed,
        "policies.Softmax": scaled,
        "policies.Density": exponential,
        "policies.Gaussian": over_vectors(
            policies.Gaussian(policies.LinearMap(2, 1), None), np.ones((n, 1))
        ),
        "policies.LinearGaussian": over_vectors(pg.LinearGaussian(2, 1), np.ones((n, 1))),
        "policies.NeuralGaussian": over_vectors(pg.NeuralGaussian(2, 1, (3,)), np.ones((n, 1))),
        "policies.StateFunction": base,
        "policies.LinearMap": map_,
        "policies.MLP": net,
    }


def subjects() -> dict[str, Subject]:
    """An object of every public class whose methods take arguments."""
    w = world()
    rng, mdp = w["rng"], w["mdp"]
    both = {"policy": w["policy"], "theta": w["theta"]}
    envs = gymnasium.make_vec("CartPole-v1", num_envs=2)
    net = pg.NeuralSoftmax(4, 2, (3,))
    on_envs = {"policy": net, "theta": np.zeros(net.p)}
    critic = pg.critic_for(envs, rng, hidden=(3,))
    moments = training.RunningMoments(4)
    linear, gain = (
        lqr.LQR.named("double integrator", H=3),
        {"policy": pg.LinearGaussian(2, 1), "theta": np.ones(2)},
    )
    task = language.reverse(2, 2)
    speaker = task.policy(3)
    speech = {
        "policy": speaker,
        "theta": np.zeros(speaker.p),
        "x": np.array([0, 1]),
        "n": 2,
        "rng": rng,
    }
    finite = language.Finite(language.world(3, 2, lambda x, y: 0.0, [0.5, 0.5]))
    table = language.table(finite.mdp)
    run = pg.Run(net, np.zeros(net.p))
    return policy_subjects() | {
        "mdp.MDP": Subject(pg.MDP, {"env": gymnasium.make("FrozenLake-v1"), "H": 3}),
        "batches.Batch": Subject(
            pg.Batch(np.zeros(3, int), np.zeros(3, int), np.ones(3), np.ones(3), np.zeros(3)),
            {"size": 2, "rng": rng},
        ),
        "batches.Exact": Subject(pg.Exact(mdp), both),
        "batches.Sampled": Subject(pg.Sampled(mdp, 5, rng), both),
        "batches.Rollouts": Subject(pg.Rollouts(envs, steps=3, rng=rng, critic=critic), on_envs),
        "batches.Episodes": Subject(pg.Episodes(envs, steps=3, rng=rng), on_envs),
        "estimators.Critic": Subject(critic, {"s": np.zeros((3, 4)), "target": np.zeros(3)}),
        "steps.Adam": Subject(
            steps.Adam(3), {"g": np.ones(3)}, allow="g NaN: the next batch refuses what it makes"
        ),
        "gridworld.GridWorld": Subject(
            pg.GridWorld("S.G"),
            {"name": "corridor", "H": 3, "render_mode": "ansi", "max_episode_steps": 5, "V": np.zeros(3),
             "pi": np.full((3, 4), 0.25), "ax": Figure().add_subplot()},
        ),
        "lqr.LQR": Subject(linear, {"name": "pendulum"}),
        "lqr.Sampled": Subject(lqr.Sampled(linear, 5, rng), gain),
        "lqr.Exact": Subject(lqr.Exact(linear, 3), gain),
        "language.Task": Subject(task, {**speech, "hidden": 3}),
        "language.Finite": Subject(
            finite, {**speech, "policy": table, "theta": np.zeros(table.p)}
        ),
        "language.Groups": Subject(language.Groups(task, prompts=2, G=2, rng=rng), speech),
        "language.SequenceSoftmax": Subject(
            speaker,
            policy_subjects()["policies.NeuralSoftmax"].given | {
                "theta": np.zeros(speaker.p), "s": task.start(np.array([0, 1, 2])), "a": np.zeros(3, int), "W": np.ones((3, 3)),
                "w": np.ones((3, 3)), "v": np.ones(speaker.p), "theta_old": np.zeros(speaker.p), "theta_new": np.zeros(speaker.p),
            },
            allow=f"{ROW}; sample.room NaN shape string object: it draws without one",
        ),
        "training.Run": Subject(run, {"s": np.zeros((2, 4)), "rng": rng, "envs": envs}),
        "training.Task": Subject(
            pg.Task("CartPole-v1", 475.0, 5, pg.Settings(updates=1, steps=4, hidden=(3,)), num_envs=2),
            {"n": 2, "rng": rng, "progress": False, "run": run, "episodes": 2},
        ),
        "training.RunningMoments": Subject(moments, {"s": np.zeros((3, 4))}),
        "training.NormalisedObservations": Subject(
            training.NormalisedObservations(envs, moments, learning=False),
            {"options": {}, "a": np.zeros(2, int)},
            allow="step.a: Gymnasium's environment judges its own actions",
        ),
        "experiments.LogUniform": Subject(experiments.LogUniform(1.0, 2.0), {"rng": rng}),
        "experiments.OneOf": Subject(experiments.OneOf((1, 2)), {"rng": rng}),
        "grading.Assignment": Subject(
            grading.Assignment(("gae",)), {"id": "gae"}, allow="id string: of any other exercise it is 1"
        ),
    }  # fmt: skip


def formula_cases() -> dict[str, Case]:
    """Worlds, exact values, estimators, objectives, steps, algorithms."""
    w = world()
    N, H, S, A = w["N"], w["H"], w["S"], w["A"]
    rng, v = w["rng"], w["values"]
    ones = np.ones((N, H))

    def log_p(t):
        return np.log([np.exp(t[0]), 1.0]) - np.log(np.exp(t[0]) + 1)

    net = policies.MLP(2, 1, (3,))
    x = rng.normal(size=(6, 2))
    linear = lqr.LQR.named("double integrator", H=H)
    matrices = {x: getattr(linear, x) for x in ("A", "B", "Q", "R", "W", "M0")}
    gain = {"Theta": np.array([[-1.0, -1.0]]), "sigma": 0.3}
    new_gain = {"Theta_new": np.array([[-2.0, -2.0]])}
    P = np.ones((H + 1, 2, 2))
    no_room = "room: a table has none, and ignores it"
    return {
        "lqr.LQR": case(lqr.LQR, "H", **matrices),
        "lqr.lqr_values": case(
            lqr.lqr_values, "H", Theta=gain["Theta"], **{x: matrices[x] for x in "ABQR"}
        ),
        "lqr.second_moments": case(lqr.second_moments, world=linear, **gain),
        "lqr.evaluate": case(lqr.evaluate, world=linear, **gain),
        "lqr.landscape": case(
            lqr.landscape, world=linear, **gain, allow="Theta shape: many gains at once"
        ),
        "lqr.advantage_form": case(lqr.advantage_form, world=linear, Theta=gain["Theta"]),
        "lqr.value": case(lqr.value, world=linear, s=np.ones((N, H, 2)), **gain),
        "lqr.advantage": case(
            lqr.advantage, world=linear, s=np.ones((N, H, 2)), a=np.ones((N, H, 1)), **gain
        ),
        "lqr.lqr_gradient": case(
            lqr.lqr_gradient, Theta=gain["Theta"], P=P, M=P[1:], **{x: matrices[x] for x in "ABR"}
        ),
        "lqr.gradient": case(lqr.gradient, world=linear, **gain),
        "lqr.log_sigma_gradient": case(lqr.log_sigma_gradient, world=linear, **gain),
        "lqr.gaussian_fisher": case(lqr.gaussian_fisher, M=P, sigma=0.3, m=1),
        "lqr.fisher": case(lqr.fisher, world=linear, **gain),
        "lqr.natural_gradient": case(lqr.natural_gradient, world=linear, **gain),
        "lqr.deterministic_gradient": case(
            lqr.deterministic_gradient, dQ=np.ones((N, H, 1)), s=np.ones((N, H, 2))
        ),
        "lqr.trajectory_kl": case(lqr.trajectory_kl, world=linear, **gain, **new_gain),
        "lqr.surrogate": case(
            lqr.surrogate, world=linear, Theta_k=new_gain["Theta_new"], **gain
        ),
        "lqr.performance_difference": case(
            lqr.performance_difference, world=linear, **gain, **new_gain
        ),
        "lqr.penalty_argmax": case(lqr.penalty_argmax, "lam", world=linear, **gain),
        "lqr.multiplier": case(lqr.multiplier, "delta", world=linear, **gain),
        "lqr.trust_region_argmax": case(lqr.trust_region_argmax, "delta", world=linear, **gain),
        "lqr.policy_iteration": case(lqr.policy_iteration, world=linear, **gain),
        "lqr.optimal": case(lqr.optimal, world=linear),
        "lqr.best_single_gain": case(
            lqr.best_single_gain, "K", world=linear, **gain, allow="Theta None: the default"
        ),
        "lqr.sample": case(
            lqr.sample, "N rng", world=linear, policy=pg.LinearGaussian(2, 1, 0.3), theta=np.ones(2)
        ),
        "lqr.Sampled": case(lqr.Sampled, "N rng", world=linear, psi=lambda tau: tau.r),
        "lqr.Model": case(lqr.Model, step=lambda s, a: s, reward=lambda s, a: s[..., 0]),
        "lqr.ilqr": case(
            lqr.ilqr, "K", model=lqr.pendulum(), s0=np.zeros((N, 2)), a=np.zeros((N, H, 1))
        ),
        "lqr.pendulum": case(lqr.pendulum),
        "lqr.Exact": case(lqr.Exact, world=linear, points=3),
        "mdp.MDP": case(pg.MDP, "P mu0 H", r=w["mdp_r"]),
        "trajectories.Trajectories": case(
            pg.Trajectories, s=np.zeros((N, H), int), a=np.zeros((N, H), int), r=ones,
            mask=ones > 0, terminated=np.ones(N, bool), last=np.zeros(N), pi=w["pi"],
            allow="s NaN: a state may be any array; a NaN: an action may be any array; "
            "s object string: its shape is what is checked; a object string: as s; "
            "s shape: vectors are states; a shape: vectors are actions; "
            "last NaN shape: as s",
        ),
        "trajectories.sample": case(pg.sample, "mdp pi N rng"),
        "trajectories.sample_plain": case(trajectories.sample_plain, "mdp pi N rng"),
        "trajectories.draw": case(trajectories.draw, "rng", p=w["pi"]),
        "exact.state_values": case(exact.state_values, "mdp pi gamma"),
        "exact.occupancies": case(exact.occupancies, "mdp pi"),
        "exact.evaluate": case(exact.evaluate, "mdp pi gamma"),
        "exact.optimal": case(exact.optimal, "mdp"),
        "exact.expected_visits": case(exact.expected_visits, "mdp pi"),
        "exact.visits_and_advantages": case(exact.visits_and_advantages, "mdp pi gamma"),
        "exact.gradient": case(exact.gradient, "mdp policy theta gamma"),
        "exact.infinite_horizon_gradient": case(
            exact.infinite_horizon_gradient, "mdp policy theta gamma"
        ),
        "exact.return_variance": case(exact.return_variance, "mdp pi"),
        "exact.value_gradients": case(exact.value_gradients, "mdp policy theta"),
        "exact.fisher": case(exact.fisher, "mdp policy theta"),
        "exact.trajectory_kl": case(exact.trajectory_kl, "mdp pi pi_new"),
        "exact.surrogate": case(exact.surrogate, "mdp policy theta_k theta"),
        "exact.performance_difference": case(exact.performance_difference, "mdp pi_new pi_old"),
        "exact.expected_advantage": case(
            exact.expected_advantage, d_new=v.d, pi_new=np.ones((H, S, A)) / A, A_old=v.A
        ),
        "exact.step_kl": case(exact.step_kl, "mdp pi pi_new"),
        "exact.mean_advantages": case(exact.mean_advantages, "mdp pi pi_new"),
        "exact.wrong_table_bound": case(exact.wrong_table_bound, Q=v.Q, Q_hat=v.Q),
        "exact.conservative_bound": case(exact.conservative_bound, "mdp pi pi_new", alpha=0.5),
        "exact.conservative_step": case(exact.conservative_step, "mdp pi pi_new"),
        "exact.surrogate_bound": case(exact.surrogate_bound, "mdp pi pi_new"),
        "exact.improvement_price": case(exact.improvement_price, "mdp pi"),
        "exact.worst_advantage": case(exact.worst_advantage, "mdp pi pi_new"),
        "exact.degradation_bound": case(exact.degradation_bound, "mdp pi pi_new"),
        "exact.penalty_constant": case(exact.penalty_constant, "mdp policy theta_k"),
        "exact.penalty_objective": case(exact.penalty_objective, "mdp policy theta_k theta lam"),
        "exact.count_trajectories": case(exact.count_trajectories, "mdp"),
        "exact.trajectories": case(exact.trajectories, "mdp"),
        "exact.trajectory_log_likelihood": case(
            exact.trajectory_log_likelihood, "mu0 P pi", s=np.zeros((N, H), int),
            a=np.zeros((N, H), int),
        ),
        "exact.log_likelihood": case(exact.log_likelihood, "mdp pi tau"),
        "divergences.kl_divergence": case(pg.divergences.kl_divergence, "p q"),
        "divergences.total_variation": case(pg.divergences.total_variation, "p q"),
        "divergences.chi_squared": case(pg.divergences.chi_squared, "p q"),
        "divergences.gaussian_kl": case(
            pg.divergences.gaussian_kl, mu_p=np.zeros(2), sigma_p=1.0, mu_q=np.ones(2), sigma_q=2.0,
            allow=f"sigma_p {ELEMENTWISE}; sigma_q {ELEMENTWISE}",
        ),
        "divergences.gaussian_mean_kl": case(
            pg.divergences.gaussian_mean_kl, mu_p=np.zeros(2), mu_q=np.ones(2), sigma=1.0,
        ),
        "divergences.score_covariance": case(
            pg.divergences.score_covariance, log_p=log_p, theta=np.zeros(1)
        ),
        "divergences.negative_hessian_mean": case(
            pg.divergences.negative_hessian_mean, log_p=log_p, theta=np.zeros(1)
        ),
        "divergences.kl_hessian": case(pg.divergences.kl_hessian, log_p=log_p, theta=np.zeros(1)),
        "derivatives.complex_step": case(
            pg.complex_step, f=lambda x: x**2, x=np.ones(2), allow=f"x {ELEMENTWISE}"
        ),
        "derivatives.jvp": case(
            pg.derivatives.jvp, f=lambda x: x**2, x=np.ones(2), v=np.ones(2),
        ),
        "derivatives.vjp": case(
            pg.derivatives.vjp, f=lambda x: x**2, x=np.ones(2), w=np.ones(2)
        ),
        "derivatives.central_difference": case(
            pg.derivatives.central_difference, f=lambda x: x**2, x=np.ones(2),
            allow=f"x {ELEMENTWISE}",
        ),
        "estimators.total_return": case(estimators.total_return, "r gamma"),
        "estimators.reward_to_go": case(estimators.reward_to_go, "r gamma"),
        "estimators.discounted": case(estimators.discounted, "psi gamma"),
        "estimators.at_states": case(estimators.at_states, "tau", b=v.V),
        "estimators.at_pairs": case(estimators.at_pairs, "tau", Q=v.Q),
        "estimators.gae": case(estimators.gae, "r V gamma lam terminated"),
        "estimators.gae_steps": case(
            estimators.gae_steps, "gamma lam", r=ones, V=ones, V_next=ones, done=ones > 2
        ),
        "estimators.gae_of": case(
            estimators.gae_of, "tau gamma lam", V=ones, V_last=np.zeros(N)
        ),
        "estimators.normalised": case(estimators.normalised, A=np.arange(3.0)),
        "estimators.policy_gradient": case(estimators.policy_gradient, "policy theta tau psi"),
        "estimators.per_trajectory_gradients": case(
            estimators.per_trajectory_gradients, "policy theta tau psi"
        ),
        "estimators.moments": case(
            estimators.moments, "mdp policy theta", psi=lambda tau: tau.r
        ),
        "estimators.reinforce_gradient": case(estimators.reinforce_gradient, "scores r"),
        "estimators.baseline_gradient": case(estimators.baseline_gradient, "scores r", b=ones),
        "estimators.discounted_gradient": case(
            estimators.discounted_gradient, "scores gamma", Q=ones
        ),
        "estimators.fisher_matrix": case(estimators.fisher_matrix, "scores"),
        "estimators.mean_reward_to_go": case(estimators.mean_reward_to_go, "tau gamma"),
        "estimators.leave_one_out": case(estimators.leave_one_out, "tau gamma"),
        "estimators.fitted_baseline": case(
            estimators.fitted_baseline, "mdp N rng", fit=baselines.tabular
        ),
        "estimators.previous_baseline": case(
            estimators.previous_baseline, "S", fit=baselines.tabular
        ),
        "estimators.fit_value": case(
            estimators.fit_value, "rng", net=net, w=net.init(rng), s=x, target=np.ones(6), eta=0.1,
            epochs=1, minibatch=3,
        ),
        "estimators.Critic": case(
            estimators.Critic, "rng", net=net, eta=0.1, epochs=1, minibatch=3
        ),
        "estimators.baselines.constant": case(baselines.constant, "r gamma"),
        "estimators.baselines.tabular": case(baselines.tabular, "tau S gamma"),
        "estimators.baselines.linear": case(
            baselines.linear, "tau gamma", features=np.eye(S)
        ),
        "estimators.baselines.optimal": case(baselines.optimal, "mdp policy theta"),
        "estimators.baselines.same_batch_factor": case(
            baselines.same_batch_factor, d=np.array([0.2, 1.0]), M=3, allow=f"d {ELEMENTWISE}"
        ),
        "estimators.baselines.second_moment_parts": case(
            baselines.second_moment_parts, "mdp policy theta", b=v.V[:-1]
        ),
        "estimators.importance.importance_weights": case(importance.importance_weights, "p q"),
        "estimators.importance.importance_sampling_mean": case(
            importance.importance_sampling_mean, "f p q"
        ),
        "estimators.importance.standard_error": case(importance.standard_error, "f p q"),
        "estimators.importance.self_normalised_mean": case(
            importance.self_normalised_mean, "f p q"
        ),
        "estimators.importance.self_normalised_error": case(
            importance.self_normalised_error, "f p q"
        ),
        "estimators.importance.effective_sample_size": case(
            importance.effective_sample_size, w=np.ones(3)
        ),
        "estimators.importance.variance": case(importance.variance, "f p q"),
        "estimators.importance.optimal_proposal": case(importance.optimal_proposal, "f p"),
        "estimators.importance.defensive_mixture": case(
            importance.defensive_mixture, "p q", alpha=0.5, allow=f"p {ELEMENTWISE}"
        ),
        "estimators.importance.gaussian_weight_moment": case(
            importance.gaussian_weight_moment, m=0.5, s=0.5,
            allow=f"m {ELEMENTWISE}; s {ELEMENTWISE}",
        ),
        "estimators.importance.gaussian_mean_moment": case(
            importance.gaussian_mean_moment, m=0.5, s=0.5,
            allow=f"m {ELEMENTWISE}; s {ELEMENTWISE}",
        ),
        "estimators.importance.per_step_ratios": case(
            importance.per_step_ratios, "pi pi_old tau"
        ),
        "estimators.importance.trajectory_ratio": case(
            importance.trajectory_ratio, "pi pi_old tau"
        ),
        "estimators.importance.off_policy_gradient": case(
            importance.off_policy_gradient, "policy theta pi_old tau"
        ),
        "estimators.importance.per_decision_returns": case(
            importance.per_decision_returns, "pi pi_old tau"
        ),
        "estimators.importance.trajectory_variance": case(
            importance.trajectory_variance, "mdp pi pi_old"
        ),
        "estimators.importance.per_decision_variance": case(
            importance.per_decision_variance, "mdp pi pi_old"
        ),
        "estimators.importance.trajectory_second_moment": case(
            importance.trajectory_second_moment, "mdp pi pi_old"
        ),
        "estimators.importance.per_step_second_moment": case(
            importance.per_step_second_moment, "mdp pi pi_old"
        ),
        "policies.TabularSoftmax": case(pg.TabularSoftmax, "S A", H=None),
        "policies.LinearSoftmax": case(pg.LinearSoftmax, features=np.ones((S, A, 2))),
        "policies.NeuralSoftmax": case(
            pg.NeuralSoftmax, "A", inputs=2, hidden=(3,),
            allow="inputs shape: an array is a table of features",
        ),
        "policies.LinearGaussian": case(
            pg.LinearGaussian, features=2, n=1, sigma=1.0,
            allow="features shape: an array is a table of features; sigma None: it is then learned",
        ),
        "policies.NeuralGaussian": case(
            pg.NeuralGaussian, inputs=2, n=1, hidden=(3,), sigma=1.0,
            allow="inputs shape: an array is a table of features; sigma None: it is then learned",
        ),
        "policies.Gaussian": case(
            policies.Gaussian, mu=policies.LinearMap(2, 1), sigma=1.0, allow="sigma None: it is then learned"
        ),
        "policies.LinearMap": case(
            policies.LinearMap, inputs=2, m=1, allow="inputs shape: a table of features"
        ),
        "policies.MLP": case(
            pg.MLP, inputs=2, m=1, hidden=(3,), allow="inputs shape: a table of features"
        ),
        "policies.softmax_policy": case(
            policies.softmax_policy, theta=np.zeros((S, A)), allow=f"theta {ELEMENTWISE}"
        ),
        "policies.softmax_score": case(policies.softmax_score, theta=np.zeros((S, A)), s=0, a=1),
        "policies.linear_score": case(
            policies.linear_score, phi=np.ones((A, 3)), pi=np.ones(A) / A, a=1
        ),
        "policies.gaussian_score": case(
            policies.gaussian_score, Theta=np.ones((2, 3)), psi=np.ones(3), a=np.ones(2), sigma=1.0
        ),
        "policies.squashed_gaussian_log_prob": case(
            policies.squashed_gaussian_log_prob, u=np.ones(2), mu=np.ones(2), sigma=1.0,
            allow="u shape: mu must have it, too",
        ),
        "policies.penalised_tilt": case(
            policies.penalised_tilt, "lam", log_pi=np.log(np.ones((S, A)) / A), A=np.ones((S, A))
        ),
        "batches.Batch": case(
            pg.Batch, s=np.zeros(3, int), a=np.zeros(3, int), w=np.ones(3), A=np.ones(3),
            log_prob=np.zeros(3), J=1.0, aggregated=False,
            allow="s shape NaN string object: the policy knows its states; "
            "a shape NaN string object: the policy knows its actions",
        ),
        "batches.Exact": case(pg.Exact, "mdp"),
        "batches.Sampled": case(pg.Sampled, "mdp N rng", psi=lambda tau: tau.r, aggregate=True,
                                allow="aggregate: it is asked for its truth"),
        "batches.advantage_estimate": case(pg.batches.advantage_estimate, "tau"),
        "batches.trajectory_batch": case(pg.batches.trajectory_batch, "policy theta tau psi"),
        "batches.aggregated_batch": case(pg.batches.aggregated_batch, "policy theta tau psi"),
        "objectives.ratio": case(
            objectives.ratio, "logp_new logp_old",
            allow="logp_new shape NaN: entry by entry; logp_old shape NaN: entry by entry",
        ),
        "objectives.clipped": case(
            objectives.clipped, "eps", u=np.ones(3), A=np.ones(3),
            allow="u shape NaN: entry by entry; A shape NaN: entry by entry",
        ),
        "objectives.trpo_surrogate": case(objectives.trpo_surrogate, "logp_new logp_old", A=ones),
        "objectives.ppo_clip_objective": case(
            objectives.ppo_clip_objective, "logp_new logp_old eps", A=ones
        ),
        "objectives.ppo_penalty_objective": case(
            objectives.ppo_penalty_objective, "logp_new logp_old lam", A=ones
        ),
        "objectives.gradient": case(objectives.gradient, "policy theta batch"),
        "objectives.surrogate": case(objectives.surrogate, "policy theta batch"),
        "objectives.surrogate_gradient": case(
            objectives.surrogate_gradient, "policy theta batch", room=None, allow=no_room
        ),
        "objectives.clip": case(objectives.clip, "policy theta batch eps"),
        "objectives.clip_gradient": case(
            objectives.clip_gradient, "policy theta batch eps", room=None, allow=no_room
        ),
        "objectives.penalty": case(objectives.penalty, "policy theta_k theta batch lam"),
        "objectives.penalty_gradient": case(
            objectives.penalty_gradient, "policy theta_k theta batch lam", room=None, allow=no_room
        ),
        "objectives.kl": case(objectives.kl, "policy theta_k theta batch"),
        "objectives.kl_gradient": case(objectives.kl_gradient, "policy theta_k theta batch"),
        "objectives.entropy": case(objectives.entropy, "policy theta batch"),
        "objectives.entropy_gradient": case(objectives.entropy_gradient, "policy theta batch"),
        "objectives.fisher": case(objectives.fisher, "policy theta batch"),
        "objectives.fisher_product": case(objectives.fisher_product, "policy theta batch v"),
        "steps.Adam": case(steps.Adam, p=3, eta=0.1, beta1=0.9, beta2=0.999, eps=1e-8, dtype=float),
        "steps.conjugate_gradient": case(
            steps.conjugate_gradient, product=lambda v: v, b=np.ones(3), tolerance=1e-9, steps=5
        ),
        "steps.minimum_norm_solution": case(steps.minimum_norm_solution, "F g"),
        "steps.constant": case(steps.constant, "eta"),
        "steps.inverse_sqrt": case(steps.inverse_sqrt, c=1.0),
        "steps.gradient_step": case(steps.gradient_step, "eta", k=1, g=np.ones(2)),
        "steps.softmax_smoothness": case(steps.softmax_smoothness, "mdp"),
        "steps.plateau_steps": case(steps.plateau_steps, "H eta", J0=0.1, J=0.5),
        "steps.ascent": case(
            steps.ascent, "K", theta=np.ones(2), gradient=lambda t: -t, eta=steps.constant(0.1),
            allow=f"theta {ELEMENTWISE}",
        ),
        "steps.sgd": case(
            steps.sgd, "K rng", theta=np.ones(2), estimate=lambda t, rng: -t,
            eta=steps.constant(0.1), allow=f"theta {ELEMENTWISE}",
        ),
        "steps.minibatch_gradient": case(steps.minibatch_gradient, g=np.ones((2, 3)), n=4),
        "steps.sgd_bound": case(
            steps.sgd_bound, beta=1.0, Delta=1.0, sigma2=1.0, eta=np.full(3, 0.5)
        ),
        "steps.constant_step": case(steps.constant_step, "K", beta=1.0, Delta=1.0, sigma2=1.0),
        "steps.npg_step": case(steps.npg_step, "g F delta"),
        "steps.npg_bound": case(steps.npg_bound, "H A eta K"),
        "steps.step_size": case(steps.step_size, "g delta", x=w["g"]),
        "steps.natural_gradient": case(
            steps.natural_gradient, "policy theta batch damping", cg_steps=5
        ),
        "steps.natural_step": case(
            steps.natural_step, "policy theta batch delta damping", cg_steps=5
        ),
        "steps.tabular_npg_update": case(
            steps.tabular_npg_update, "pi eta", A_bar=np.ones((S, A))
        ),
        "steps.compatible_regression": case(
            steps.compatible_regression, score=np.ones((4, 2)), psi=np.ones(4), weights=np.ones(4)
        ),
        "steps.greedy": case(steps.greedy, Q=v.Q),
        "steps.ppo_step (eps)": case(
            steps.ppo_step, "policy theta eps eta rng", minibatch=2,
            batch=pg.Sampled(w["mdp"], 5, rng, aggregate=False)(w["policy"], w["theta"]),
        ),
        "steps.natural_step (eta)": case(steps.natural_step, "policy theta batch eta"),
        "steps.ppo_step": case(
            steps.ppo_step, "policy theta batch lam eta", epochs=1, bonus=0.0, max_norm=1.0,
            stop_kl=1.0,
        ),
        "steps.penalty_argmax": case(steps.penalty_argmax, "policy theta batch lam", start=w["theta"]),
        "steps.adapted": case(steps.adapted, "lam", kl=0.1, target=0.1),
        "steps.trpo_step": case(
            steps.trpo_step, "policy theta batch delta damping", backtrack=0.5
        ),
        "steps.trpo_argmax": case(steps.trpo_argmax, "policy theta batch delta"),
        "algorithms.iterate": case(
            pg.algorithms.iterate, "source policy theta K lam",
            update=lambda it: (it.theta, None),
        ),
        "algorithms.reinforce": case(pg.reinforce, "source policy theta eta K"),
        "algorithms.npg (delta)": case(pg.npg, "source policy theta delta damping K"),
        "algorithms.ppo (eps)": case(
            pg.ppo, "policy theta eps eta K rng", minibatch=2,
            source=pg.Sampled(w["mdp"], 5, rng, aggregate=False),
        ),
        "algorithms.npg": case(pg.npg, "source policy theta eta damping K"),
        "algorithms.trpo": case(
            pg.trpo, "source policy theta delta damping K", solver="line search"
        ),
        "algorithms.ppo": case(
            pg.ppo, "source policy theta lam eta K", solver="adam", epochs=1, target=0.1
        ),
        "algorithms.policy_iteration": case(
            pg.policy_iteration, "mdp pi K", q=lambda pi: exact.evaluate(w["mdp"], pi).Q
        ),
        "bernoulli.probability": case(pg.bernoulli.probability, theta=0.5, allow=f"theta {ELEMENTWISE}"),
        "bernoulli.J": case(pg.bernoulli.J, theta=0.5, r1=2.0, r0=1.0, allow=f"theta {ELEMENTWISE}"),
        "bernoulli.gradient": case(
            pg.bernoulli.gradient, theta=0.5, r1=2.0, r0=1.0, allow=f"theta {ELEMENTWISE}"
        ),
        "bernoulli.fisher": case(pg.bernoulli.fisher, theta=0.5, allow=f"theta {ELEMENTWISE}"),
        "bernoulli.natural_gradient": case(
            pg.bernoulli.natural_gradient, theta=0.5, r1=2.0, r0=1.0, allow=f"theta {ELEMENTWISE}"
        ),
        "bernoulli.path": case(
            pg.bernoulli.path, "eta K", theta0=0.5, natural=True, r1=2.0, r0=1.0
        ),
        "bernoulli.flow": case(
            pg.bernoulli.flow, theta0=0.5, t=np.ones(3), natural=True, r1=2.0, r0=1.0,
            allow=f"t {ELEMENTWISE}; theta0 {ELEMENTWISE}",
        ),
    }  # fmt: skip


# They answer with a message whatever they are given: see the test of their own.
ANSWERING = {"exercises.check", "exercises.hint", "exercises.solution"}
# What a log-density alone does not give, and a policy over vectors: they say so whatever they are given.
NOT_GIVEN = {"language.SequenceSoftmax.table"} | {
    f"policies.Density.{name}"
    for name in (
        "sample", "kl", "kl_gradient", "entropy", "entropy_gradient", "fisher", "fisher_product",
    )
}  # fmt: skip


def arguments(f: Callable[..., Any]) -> set[str]:
    """The arguments of a function that have a name."""
    parameters = inspect.signature(f).parameters.values()
    return {x.name for x in parameters if x.kind is not inspect.Parameter.VAR_KEYWORD}


def methods(public: type) -> list[str]:
    """The public methods of a class that take arguments, its own and those that it inherits."""
    found = []
    for name in dir(public):
        f = inspect.getattr_static(public, name)
        function = getattr(f, "__func__", f)
        if (
            (name == "__call__" or not name.startswith("_"))
            and name not in getattr(public, "__dataclass_fields__", {})
            and inspect.isfunction(function)
            and function.__module__.startswith("pgcompanion")
            and len(inspect.signature(function).parameters) > (not isinstance(f, staticmethod))
        ):
            found.append(name)
    return found


def resolved(name: str) -> Any:
    """What a public name stands for."""
    return functools.reduce(getattr, name.split("."), pg)


@functools.cache
def method_cases() -> dict[str, Case]:
    """A case for each method of each object, as far as its arguments are known."""
    found = {}
    for name, subject in subjects().items():
        for method in methods(resolved(name)):
            f = getattr(subject.of, method)
            given = {
                x: subject.given.get(f"{method}.{x}", subject.given.get(x)) for x in arguments(f)
            }
            rules = [rule.strip() for rule in subject.allow.split(";") if rule.strip()]
            own = [rule.removeprefix(f"{method}.") for rule in rules if f"{method}." in rule]
            rules = [rule for rule in rules if re.match(r"\w+[ :]", rule)] + own
            known = {*subject.given, *(key.removeprefix(f"{method}.") for key in subject.given)}
            if given and given.keys() <= known and f"{name}.{method}" not in NOT_GIVEN:
                found[f"{name}.{method}"] = case(f, allow="; ".join(rules), **given)
    return found


# The table in parts, none of which is computed before a test needs it.
PARTS = {
    "formulas": formula_cases,
    "language": language_cases,
    "environments": environment_cases,
    "gridworlds": gridworld_cases,
    "experiments": experiment_cases,
    "what shows, marks and tells": other_cases,
    "methods": method_cases,
}


@functools.cache
def cases() -> dict[str, Case]:
    """The cases of all functions."""
    parts = (cases() for part, cases in PARTS.items() if part != "methods")
    return {name: case for part in parts for name, case in part.items()}


# Public, but no function of arguments that a user gives: records that functions return, bases.
RECORDS = {
    "exercises.Feedback", "grading.Row", "notebook.Source", "style.use", "style.within", "exercises.progress",
    "algorithms.Iterate", "algorithms.PolicyIterate", "exact.Values", "policies.Density",
    "lqr.Plan", "lqr.Values", "policies.Softmax", "policies.StateFunction", "exact.ConservativeStep",
    "language.Frontier", "experiments.Failure", "experiments.Interval",
    "experiments.Sweep", "experiments.Tuned",
}  # fmt: skip


def plain(name: str) -> str:
    """The name of a function that has two cases, where not all of its arguments go together."""
    return name.partition(" (")[0]


def public_names() -> set[str]:
    """The public functions and classes."""
    return {
        f.name
        for f in docstrings.functions(ROOT)
        if f.public and not f.is_method and not f.name.startswith("checks.")  # the border itself
    }


def bad(kind: str, good: Any) -> Any:
    """A bad value in the place of a good one."""
    array = np.asarray(good) if isinstance(good, np.ndarray | float | int) else None
    if kind == "NaN":
        return np.nan if array is None or array.ndim == 0 else np.full(array.shape, np.nan)
    if kind == "shape":
        return np.zeros((2, 1, 3, 1, 2)) if array is None else np.zeros((2, 1, *array.shape, 5))
    return {"None": None, "string": "a word", "object": FOREIGN}[kind]


def call(case: Case, given: dict[str, Any]) -> None:
    """Call it by the names of its arguments; a generator answers when it is made, not at its first value."""
    parameters = inspect.signature(case.f).parameters
    starred = [n for n, x in parameters.items() if x.kind is inspect.Parameter.VAR_POSITIONAL]
    first = list(parameters)[: list(parameters).index(starred[0]) + 1] if starred else []
    rest = {name: x for name, x in given.items() if name not in first}
    case.f(*(given[name] for name in first), **rest)


def fault(case: Case, argument: str, kind: str) -> str | None:
    """What is wrong with the answer to one bad argument; None if it is right or allowed."""
    default = inspect.signature(case.f).parameters[argument].default
    if (argument, kind) in case.allowed or (kind == "None" and default is None):
        return None
    try:
        call(case, case.given | {argument: bad(kind, case.given[argument])})
    except (ValueError, TypeError) as error:
        sentence = str(error)
        if not re.search(rf"\b{argument}\b", sentence):
            return f"{argument}={kind}: does not name it: {sentence}"
        if "\n" in sentence or len(sentence) > 250:
            return f"{argument}={kind}: not one short sentence: {sentence}"
        return None
    except Exception as error:
        return f"{argument}={kind}: {type(error).__name__}: {error}"
    return f"{argument}={kind}: no answer"


def faults(name: str, case: Case) -> list[str]:
    """What is wrong with the answers of one function."""
    call(case, case.given)  # the good arguments are good
    kinds = ("None", "NaN", "shape", "string", "object")
    found = [fault(case, argument, kind) for argument in case.given for kind in kinds]
    return [f"{name}: {x}" for x in found if x]


@pytest.mark.parametrize("part", PARTS)
def test_every_bad_argument_is_answered_in_one_sentence_that_names_it(part):
    with np.errstate(all="ignore"):
        found = [x for name, case in PARTS[part]().items() for x in faults(name, case)]
    assert "\n".join(found) == ""


def test_every_public_function_is_in_the_table():
    assert public_names() - RECORDS - ANSWERING == set(map(plain, cases()))


def public_methods() -> set[str]:
    """The public methods with arguments of all public classes."""
    classes = {name: x for name in public_names() if isinstance(x := resolved(name), type)}
    return {f"{name}.{method}" for name, x in classes.items() for method in methods(x)}


def test_every_public_method_is_in_the_table():
    assert public_methods() - NOT_GIVEN == set(method_cases())


def test_a_method_that_nobody_has_entered_is_missed():
    class Public:
        def old(self, x): ...
        def new(self, y): ...
        @classmethod
        def made(cls, z): ...
        def _own(self, x): ...
        @property
        def size(self): ...

    Public.__module__ = Public.old.__module__ = Public.new.__module__ = "pgcompanion.somewhere"
    Public.made.__func__.__module__ = "pgcompanion.somewhere"
    assert methods(Public) == ["made", "new", "old"]


def test_every_argument_is_in_the_table():
    table = cases() | method_cases()
    needed = {f"{plain(name)}: {x}" for name in table for x in arguments(table[name].f)}
    assert needed == {f"{plain(name)}: {x}" for name in table for x in table[name].given}


@pytest.mark.parametrize("name", sorted(ANSWERING))
def test_an_exercise_answers_a_bad_argument_and_raises_nothing(name, capsys):
    for wrong in (None, np.nan, np.zeros((2, 3)), "a word", FOREIGN):
        said = f"{resolved(name)(wrong)}{capsys.readouterr().out}"
        assert "name of the exercise" in said or "There is no exercise called `a word`" in said
    if name == "exercises.check":
        for wrong in (None, np.nan, np.zeros((2, 3)), "a word", FOREIGN):
            said = str(resolved(name)("reward_to_go", wrong))
            assert "The second argument is not a function" in said


def test_the_table_notices_a_function_that_answers_nothing():
    def silent(x):
        return x

    assert fault(case(silent, x=1.0), "x", "NaN") == "x=NaN: no answer"
    assert fault(case(lambda x: x + 1, x=1.0), "x", "None").startswith("x=None: does not name it")
