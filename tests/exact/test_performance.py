"""How two policies compare, against enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from pgcompanion import exact
from pgcompanion.derivatives import complex_step
from pgcompanion.mdp import MDP
from pgcompanion.policies import TabularSoftmax

EXACT = 1e-10


@pytest.mark.statement("kld", "trajectory_kl")
def test_the_trajectory_kl_is_the_sum_over_all_trajectories(mdp, rng, measure):
    pi, new = rng.dirichlet(np.ones(mdp.A), size=(2, mdp.H, mdp.S))
    tau = exact.trajectories(mdp)
    log_rho = exact.log_likelihood(mdp, pi, tau)
    log_new = exact.log_likelihood(mdp, new, tau)
    brute = np.exp(log_rho) @ (log_rho - log_new)
    assert measure(exact.trajectory_kl(mdp, pi, new) - brute, over=tau.N) < EXACT
    assert abs(exact.trajectory_kl(mdp, new, pi) - brute) > 1e-3
    assert exact.trajectory_kl(mdp, pi, pi) == pytest.approx(0.0, abs=EXACT)


@pytest.mark.statement("trajectory_kl")
def test_each_step_adds_the_divergence_of_its_policies_at_its_states(mdp, rng, measure):
    """Enumerated for each step; at the other policy's states, the negative control, it differs."""
    pi, new = rng.dirichlet(np.ones(mdp.A), size=(2, mdp.H, mdp.S))
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, pi, tau))
    h = np.arange(mdp.H)
    brute = rho @ np.log(pi[h, tau.s, tau.a] / new[h, tau.s, tau.a])
    by_step = exact.step_kl(mdp, pi, new)
    assert measure(by_step - brute, over=tau.N) < EXACT
    elsewhere = (exact.occupancies(mdp, new) * (pi * np.log(pi / new)).sum(axis=-1)).sum(axis=1)
    assert np.abs(elsewhere[1:] - by_step[1:]).max() > 1e-3


@pytest.mark.statement("kld", "trajectory_kl")
def test_the_trajectory_kl_is_infinite_without_support(mdp, rng):
    pi = rng.dirichlet(np.ones(mdp.A), size=mdp.S)
    never = np.tile([0.0, 0.5, 0.5], (mdp.S, 1))
    assert exact.trajectory_kl(mdp, pi, never) == np.inf
    assert np.isfinite(exact.trajectory_kl(mdp, never, pi))
    assert not np.isinf(exact.trajectory_kl(mdp, pi, 0.999 * never + 0.001 * pi))


@pytest.mark.statement("kld", "trajectory_kl")
@pytest.mark.parametrize("tiny", [1e-300, 5e-324])
def test_the_trajectory_kl_of_a_tiny_probability_is_finite(tiny):
    """The logarithms are subtracted: the quotient of the probabilities is beyond the largest
    float."""
    H = 2
    one = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=H)
    pi, new = np.array([[0.0, 1.0]]), np.array([[1.0, tiny]])
    assert exact.trajectory_kl(one, pi, new) == pytest.approx(-H * np.log(tiny), rel=1e-12)
    with np.errstate(over="ignore"):
        assert not np.isfinite(np.log(1e10 / np.array(tiny)))
    assert exact.trajectory_kl(one, pi, np.array([[1.0, 0.0]])) == np.inf
    assert exact.trajectory_kl(one, new, pi) == np.inf


@pytest.mark.statement("ppo_objective")
def test_the_penalised_objective_is_the_surrogate_less_the_divergence_up_to_its_constant(
    mdp, policy, theta, rng, measure
):
    """Enumerated from its definition, and by the identity; with the other sign of the constant it
    fails."""
    lam, new = 0.7, rng.normal(size=policy.p)
    tau = exact.trajectories(mdp)
    rho = np.exp(exact.log_likelihood(mdp, policy.table(theta), tau))
    log_k, log_new = (policy.log_prob(t, tau.s, tau.a) for t in (theta, new))
    A = exact.evaluate(mdp, policy.table(theta)).A[np.arange(mdp.H), tau.s, tau.a]
    brute = rho @ (np.exp(log_new - log_k) * A + lam * log_new).sum(axis=1)
    value = exact.penalty_objective(mdp, policy, theta, new, lam)
    assert measure(value - brute, over=tau.N) < EXACT
    c = exact.penalty_constant(mdp, policy, theta)
    assert measure(c - rho @ log_k.sum(axis=1), over=tau.N) < EXACT
    kl = exact.trajectory_kl(mdp, policy.table(theta), policy.table(new))
    L = exact.surrogate(mdp, policy, theta, new)
    assert value == pytest.approx(L - lam * kl + lam * c, abs=EXACT)
    assert abs(value - (L - lam * kl - lam * c)) > 1e-2


@pytest.mark.statement("surrogate", "trpo")
def test_the_surrogate_matches_the_objective_to_first_order(mdp, policy, theta, rng, measure):
    assert exact.surrogate(mdp, policy, theta, theta) == pytest.approx(0.0, abs=EXACT)
    by_step = complex_step(lambda t: exact.surrogate(mdp, policy, theta, t), theta)
    deviation = by_step - exact.gradient(mdp, policy, theta)
    assert measure(deviation, over=policy.p, of="parameters") < EXACT
    d = rng.normal(size=policy.p)
    d /= np.linalg.norm(d)

    def gap(t: float) -> float:
        J = exact.evaluate(mdp, policy.table(theta + t * d)).J
        J_k = exact.evaluate(mdp, policy.table(theta)).J
        return abs(J - J_k - exact.surrogate(mdp, policy, theta, theta + t * d))

    slope = np.log(gap(1e-2) / gap(1e-3)) / np.log(10)
    assert slope == pytest.approx(2.0, abs=0.2)
    assert gap(1e-3) < 0.1 * abs(exact.surrogate(mdp, policy, theta, theta + 1e-3 * d))
    assert gap(1.0) > 1e-3, "a long step breaks the promise"


@pytest.mark.statement("pdl")
@pytest.mark.parametrize("stationary", [True, False])
def test_performance_difference(mdp, rng, stationary, measure):
    shape = (mdp.S,) if stationary else (mdp.H, mdp.S)
    old, new = rng.dirichlet(np.ones(mdp.A), size=(2, *shape))
    rhs = exact.performance_difference(mdp, new, old)
    lhs = exact.evaluate(mdp, new).V[0] - exact.evaluate(mdp, old).V[0]
    assert measure(rhs - lhs, over=mdp.S, of="initial states") < EXACT
    swapped = exact.performance_difference(mdp, old, new)
    assert np.abs(swapped - lhs).max() > 1e-2
    along_the_old = exact.performance_difference(mdp, old, old)
    np.testing.assert_allclose(along_the_old, 0.0, atol=EXACT)
    values, d = exact.evaluate(mdp, old), exact.evaluate(mdp, new).d
    each_step = np.broadcast_to(new, values.A.shape)
    from_arrays = exact.expected_advantage(d, each_step, values.A)
    assert from_arrays == pytest.approx(mdp.mu0 @ rhs, abs=EXACT)
    along_old_states = exact.expected_advantage(values.d, each_step, values.A)
    assert abs(along_old_states - from_arrays) > 1e-3


@pytest.mark.statement("surrogate", "trajectory_kl", "pdl")
def test_a_time_dependent_policy_with_equal_tables_is_the_stationary_one(small, rng):
    """Written out step by step it gives the same numbers; with other tables at later steps it does
    not."""
    flat, timed = TabularSoftmax(small.S, small.A), TabularSoftmax(small.S, small.A, H=small.H)
    theta, new = rng.normal(size=(2, flat.p))
    for f in (
        lambda policy, a, b: exact.trajectory_kl(small, policy.table(a), policy.table(b)),
        lambda policy, a, b: exact.surrogate(small, policy, a, b),
        lambda policy, a, b: exact.performance_difference(small, policy.table(b), policy.table(a)),
        lambda policy, a, b: exact.worst_advantage(small, policy.table(a), policy.table(b)),
        lambda policy, a, b: exact.penalty_constant(small, policy, a),
        lambda policy, a, b: exact.penalty_objective(small, policy, a, b, 0.7),
    ):
        stepwise = np.tile(theta, small.H), np.tile(new, small.H)
        np.testing.assert_allclose(f(timed, *stepwise), f(flat, theta, new), atol=EXACT)
        other = np.append(theta, rng.normal(size=timed.p - flat.p))
        assert np.abs(f(timed, other, stepwise[1]) - f(flat, theta, new)).max() > 1e-3


def test_errors_name_the_argument_that_is_wrong(small):
    good, bad = np.full((3, 2), 0.5), np.full((2, 2), 0.5)
    policy, theta, nan = TabularSoftmax(3, 2), np.zeros(6), np.full(6, np.nan)
    for name, call in [
        ("pi", lambda: exact.trajectory_kl(small, bad, good)),
        ("pi_new", lambda: exact.trajectory_kl(small, good, bad)),
        ("pi_new", lambda: exact.performance_difference(small, bad, good)),
        ("pi_old", lambda: exact.performance_difference(small, good, bad)),
        ("theta_k", lambda: exact.penalty_constant(small, policy, nan)),
        ("theta_k", lambda: exact.penalty_objective(small, policy, nan, theta, 1.0)),
        ("d_new", lambda: exact.expected_advantage(bad, np.ones((3, 3, 2)), np.ones((3, 3, 2)))),
        ("theta_k", lambda: exact.surrogate(small, policy, nan, theta)),
        ("theta", lambda: exact.surrogate(small, policy, theta, nan)),
    ]:
        with pytest.raises(ValueError, match=f"^{name} (has shape|must be finite)"):
            call()
