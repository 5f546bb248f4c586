"""The border: every public function answers a bad argument in one sentence that names it.

For each public function of the mathematics a set of good arguments stands here; one at a time is then
replaced by None, NaN, a wrong shape, a string and a foreign object. What comes back must be a
`ValueError` or a `TypeError` whose sentence names the argument. What is allowed after all is listed
with its reason.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docstrings
import numpy as np
import pytest

import pgcompanion as pg
from pgcompanion import estimators, exact, objectives, policies, steps, trajectories
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


def cases() -> dict[str, Case]:
    w = world()
    N, H, S, A = w["N"], w["H"], w["S"], w["A"]
    rng, v = w["rng"], w["values"]
    ones = np.ones((N, H))

    def log_p(t):
        return np.log([np.exp(t[0]), 1.0]) - np.log(np.exp(t[0]) + 1)

    net = policies.MLP(2, 1, (3,))
    x = rng.normal(size=(6, 2))
    return {
        "mdp.MDP": case(pg.MDP, "P mu0 H", r=w["mdp_r"]),
        "trajectories.Trajectories": case(
            pg.Trajectories, s=np.zeros((N, H), int), a=np.zeros((N, H), int), r=ones,
            allow="s NaN: a state may be any array; a NaN: an action may be any array; "
            "s object string: its shape is what is checked; a object string: as s; "
            "s shape: vectors are states; a shape: vectors are actions",
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
        "exact.fisher": case(exact.fisher, "mdp policy theta"),
        "exact.trajectory_kl": case(exact.trajectory_kl, "mdp pi pi_new"),
        "exact.surrogate": case(exact.surrogate, "mdp policy theta_k theta"),
        "exact.performance_difference": case(exact.performance_difference, "mdp pi_new pi_old"),
        "exact.expected_advantage": case(
            exact.expected_advantage, d_new=v.d, pi_new=np.ones((H, S, A)) / A, A_old=v.A
        ),
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
        "policies.penalised_tilt": case(
            policies.penalised_tilt, "lam", log_pi=np.log(np.ones((S, A)) / A), A=np.ones((S, A))
        ),
        "batches.Batch": case(
            pg.Batch, s=np.zeros(3, int), a=np.zeros(3, int), w=np.ones(3), A=np.ones(3),
            log_prob=np.zeros(3),
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
            objectives.surrogate_gradient, "policy theta batch"
        ),
        "objectives.clip": case(objectives.clip, "policy theta batch eps"),
        "objectives.clip_gradient": case(objectives.clip_gradient, "policy theta batch eps"),
        "objectives.penalty": case(objectives.penalty, "policy theta_k theta batch lam"),
        "objectives.penalty_gradient": case(
            objectives.penalty_gradient, "policy theta_k theta batch lam"
        ),
        "objectives.kl": case(objectives.kl, "policy theta_k theta batch"),
        "objectives.kl_gradient": case(objectives.kl_gradient, "policy theta_k theta batch"),
        "objectives.entropy": case(objectives.entropy, "policy theta batch"),
        "objectives.entropy_gradient": case(objectives.entropy_gradient, "policy theta batch"),
        "objectives.fisher": case(objectives.fisher, "policy theta batch"),
        "objectives.fisher_product": case(objectives.fisher_product, "policy theta batch v"),
        "steps.Adam": case(steps.Adam, p=3, eta=0.1, beta1=0.9, beta2=0.999, eps=1e-8),
        "steps.conjugate_gradient": case(
            steps.conjugate_gradient, product=lambda v: v, b=np.ones(3), tolerance=1e-9, steps=5
        ),
        "steps.minimum_norm_solution": case(steps.minimum_norm_solution, "F g"),
        "steps.constant": case(steps.constant, "eta"),
        "steps.inverse_sqrt": case(steps.inverse_sqrt, c=1.0),
        "steps.gradient_step": case(steps.gradient_step, "eta", k=1, g=np.ones(2)),
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
        "steps.ppo_step": case(
            steps.ppo_step, "policy theta batch lam eta", epochs=1, bonus=0.0, max_norm=1.0,
            stop_kl=1.0,
        ),
        "steps.penalty_argmax": case(steps.penalty_argmax, "policy theta batch lam"),
        "steps.adapted": case(steps.adapted, "lam", kl=0.1, target=0.1),
        "steps.trpo_step": case(
            steps.trpo_step, "policy theta batch delta damping", backtrack=0.5
        ),
        "steps.trpo_argmax": case(steps.trpo_argmax, "policy theta batch delta"),
        "algorithms.iterate": case(
            pg.algorithms.iterate, "source policy theta K",
            update=lambda it: (it.theta, None),
        ),
        "algorithms.reinforce": case(pg.reinforce, "source policy theta eta K"),
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


# Public, but no function of arguments that a user gives: records that functions return, bases.
RECORDS = {
    "algorithms.Iterate", "algorithms.PolicyIterate", "exact.Values", "policies.Density",
    "policies.Softmax", "policies.StateFunction", "policies.LinearMap", "policies.Gaussian",
}  # fmt: skip
# Tested where their environments are: tests/batches, tests/training.
WITH_ENVIRONMENTS = re.compile(r"(training\.|batches\.(Rollouts|Episodes|rollout)$)")


def public_names() -> set[str]:
    """The public functions and classes of the mathematics."""
    return {
        f.name
        for f in docstrings.functions(ROOT)
        if f.mathematics and not f.is_method and not WITH_ENVIRONMENTS.match(f.name)
    }


def bad(kind: str, good: Any) -> Any:
    """A bad value in the place of a good one."""
    array = np.asarray(good) if isinstance(good, np.ndarray | float | int) else None
    if kind == "NaN":
        return np.nan if array is None or array.ndim == 0 else np.full(array.shape, np.nan)
    if kind == "shape":
        return np.zeros((2, 1, 3, 1, 2)) if array is None else np.zeros((2, 1, *array.shape, 5))
    return {"None": None, "string": "a word", "object": FOREIGN}[kind]


def consume(result: Any) -> None:
    """A generator checks its arguments when it is made, not at its first value."""
    assert not inspect.isgenerator(result) or result.gi_frame is not None


def fault(case: Case, argument: str, kind: str) -> str | None:
    """What is wrong with the answer to one bad argument; None if it is right or allowed."""
    default = inspect.signature(case.f).parameters[argument].default
    if (argument, kind) in case.allowed or (kind == "None" and default is None):
        return None
    try:
        case.f(**case.given | {argument: bad(kind, case.given[argument])})
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


@pytest.mark.parametrize("name", sorted(cases()))
def test_every_bad_argument_is_answered_in_one_sentence_that_names_it(name):
    case = cases()[name]
    kinds = ("None", "NaN", "shape", "string", "object")
    with np.errstate(all="ignore"):
        case.f(**case.given)  # the good arguments are good
        found = [fault(case, argument, kind) for argument in case.given for kind in kinds]
    assert "\n".join(x for x in found if x) == ""


def test_every_public_function_is_in_the_table():
    assert public_names() - RECORDS == set(cases())


def test_the_table_notices_a_function_that_answers_nothing():
    def silent(x):
        return x

    assert fault(case(silent, x=1.0), "x", "NaN") == "x=NaN: no answer"
    assert fault(case(lambda x: x + 1, x=1.0), "x", "None").startswith("x=None: does not name it")
