"""Gradient ascent: what a smooth objective guarantees, with and without noise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from pgcompanion import estimators, exact, steps
from pgcompanion.derivatives import central_difference
from pgcompanion.mdp import MDP
from pgcompanion.policies import LinearSoftmax, TabularSoftmax

EXACT = 1e-10


def smoothness(mdp: MDP) -> float:
    """The constant H max |R| of a tabular softmax policy."""
    return mdp.H * np.abs(exact.trajectories(mdp).r.sum(axis=1)).max()


def objective(mdp: MDP, policy, theta: np.ndarray) -> float:
    return exact.evaluate(mdp, policy.table(theta)).J


# Exact gradient ascent


@pytest.mark.statement("gradient_ascent")
def test_iterates_are_counted_from_theta_0_and_each_step_is_taken_once():
    etas = [0.5, 0.25, 0.125]
    path = list(steps.ascent([8.0], lambda theta: -theta, etas.__getitem__, K=3))
    by_hand = 8.0 * np.cumprod([1.0, 0.5, 0.75, 0.875])
    np.testing.assert_allclose(np.concatenate(path), by_hand, atol=EXACT)
    twice = 8.0 * np.cumprod([1.0, 0.5, 0.75, 0.875]) ** 2
    assert np.abs(twice - by_hand).max() > 1


@pytest.mark.statement("gradient_ascent", "sgd_rate")
def test_ascent_with_steps_up_to_one_over_beta_never_lowers_the_objective(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    eta = steps.constant(1 / smoothness(small))
    theta = rng.normal(size=policy.p)

    def gains(gradient):
        path = steps.ascent(theta, gradient, eta, K=100)
        return np.diff([objective(small, policy, theta) for theta in path])

    assert gains(lambda t: exact.gradient(small, policy, t)).min() >= 0
    assert gains(lambda t: -exact.gradient(small, policy, t)).max() < 0


@pytest.mark.statement("sgd_rate")
def test_the_tabular_gradient_is_lipschitz_with_constant_horizon_times_largest_return(small, rng):
    policy = TabularSoftmax(small.S, small.A)
    pairs = 2 * rng.normal(size=(100, 2, policy.p))
    pairs[::2, 1] = pairs[::2, 0] + 1e-3 * rng.normal(size=(50, policy.p))
    quotients = [
        np.linalg.norm(exact.gradient(small, policy, x) - exact.gradient(small, policy, y))
        / np.linalg.norm(x - y)
        for x, y in pairs
    ]
    assert max(quotients) <= smoothness(small)
    assert max(quotients) > 1e-2 * smoothness(small)


@pytest.mark.statement("gradient_ascent")
def test_a_stationary_point_can_be_a_local_minimum():
    """Two states, logits theta - 2 and -theta - 2 of the rewarded action: J has a dip at 0."""
    r = np.array([[1.0, 0.0], [1.0, 0.0]])
    mdp = MDP(np.full((2, 2, 2), 0.5), r, mu0=[0.5, 0.5], H=1)
    features = np.zeros((2, 2, 2))
    features[0, 0], features[1, 0] = (1, -2), (-1, -2)
    policy = LinearSoftmax(features)

    def J(x):
        return objective(mdp, policy, np.array([x, 1.0]))

    def slope(theta):
        return exact.gradient(mdp, policy, np.append(theta, 1.0))[:1]

    def last(theta0):
        return list(steps.ascent([theta0], slope, steps.constant(10.0), K=200))[-1][0]

    assert abs(last(0.0)) < 1e-8
    assert J(0.0) < min(J(-0.5), J(0.5), J(1e-2), J(-1e-2))
    assert last(1e-2) > 1
    assert J(last(1e-2)) > J(0.0) + 0.05


@pytest.mark.statement("sgd_rate")
def test_a_small_gradient_is_not_nearness_to_a_maximum():
    """One state, two actions: the gradient vanishes far out, where J still rises."""
    mdp = MDP(np.ones((1, 2, 1)), r=[[0.0, 1.0]], mu0=[1.0], H=1)
    policy = TabularSoftmax(1, 2)
    far, farther = np.array([0.0, 25.0]), np.array([0.0, 30.0])
    assert np.linalg.norm(exact.gradient(mdp, policy, far)) < 1e-10
    assert objective(mdp, policy, farther) > objective(mdp, policy, far)
    assert np.linalg.norm(exact.gradient(mdp, policy, np.zeros(2))) > 0.1


# How steep, and how flat


def repeated(H: int, pay: float) -> MDP:
    """One state, two actions, of which the second pays ``pay`` at each of ``H`` steps."""
    return MDP(np.ones((1, 2, 1)), r=[[0.0, pay]], mu0=[1.0], H=H)


def curvature(mdp, policy, theta):
    """The largest absolute eigenvalue of the second derivatives of J."""
    second = central_difference(lambda t: exact.gradient(mdp, policy, t), theta)
    return np.abs(np.linalg.eigvalsh((second + second.T) / 2)).max()


def chain(H: int, A: int) -> MDP:
    """``H`` states in a row; action 0 leads on, all others to a dead end; the last step pays 1."""
    P = np.zeros((H + 2, A, H + 2))
    P[:, :, H + 1] = 1
    for s in range(H):
        P[s, 0, H + 1], P[s, 0, s + 1] = 0, 1
    r = np.zeros((H + 2, A))
    r[H - 1, 0] = 1
    return MDP(P, r, np.eye(H + 2)[0], H)


@pytest.mark.statement("softmax_smoothness")
def test_no_curvature_of_a_softmax_table_exceeds_its_smoothness(small, rng):
    """Without the horizon the bound is too small: ten equal steps curve more than one reward."""
    worlds = [small, repeated(10, 1.0), repeated(10, -3.0)]
    worlds += [
        MDP(rng.dirichlet(np.ones(3), (3, 2)), rng.normal(size=(3, 2)), np.ones(3) / 3, H)
        for H in (1, 2, 6)
    ]
    for mdp in worlds:
        policy = TabularSoftmax(mdp.S, mdp.A)
        beta = steps.softmax_smoothness(mdp)
        largest = max(curvature(mdp, policy, theta) for theta in rng.normal(size=(20, policy.p)))
        assert 0 < largest < beta
    ten, policy = repeated(10, 1.0), TabularSoftmax(1, 2)
    logits = np.linspace(-2, 2, 41)
    largest = max(curvature(ten, policy, np.array([x, 0.0])) for x in logits)
    assert largest > 1.5 * np.abs(ten.r).max()


@pytest.mark.statement("softmax_smoothness")
def test_the_largest_return_is_the_largest_over_all_trajectories(small):
    """The largest reward at every step may be out of reach: on a chain only the last one pays.

    So may a state that pays more, where no episode begins and none leads.
    """
    stay = np.eye(2)[:, None]
    apart = MDP(stay, r=[[1.0], [-5.0]], mu0=[1.0, 0.0], H=3)
    for mdp in (small, repeated(4, -3.0), apart, chain(3, 2)):
        returns = exact.trajectories(mdp).r.sum(axis=1)
        beta = steps.softmax_smoothness(mdp)
        assert beta == pytest.approx(mdp.H * np.abs(returns).max())
    assert beta == 3 < 3**2 * np.abs(mdp.r).max()


@pytest.mark.statement("exponential_plateau")
@pytest.mark.parametrize(("H", "A", "eta"), [(1, 2, 0.5), (3, 3, 1.0), (6, 2, 0.25), (4, 4, 2.0)])
def test_gradient_ascent_leaves_a_plateau_no_sooner_than_the_bound(H, A, eta):
    """A bound without the factor 2H, as if every step were one of its own, is broken where H > 1."""
    mdp, policy = chain(H, A), TabularSoftmax(H + 2, A)
    theta = np.zeros(policy.p)
    J0 = objective(mdp, policy, theta)
    assert pytest.approx(A**-H, rel=EXACT) == J0
    values = [J0]
    while values[-1] < 0.5:
        g = exact.gradient(mdp, policy, theta)
        assert np.linalg.norm(g) <= np.sqrt(2 * H) * values[-1] * (1 + EXACT)
        theta = theta + eta * g
        values.append(objective(mdp, policy, theta))
    for k, J in enumerate(values):
        assert k >= steps.plateau_steps(J0, J, H, eta) - EXACT
    taken, promised = len(values) - 1, steps.plateau_steps(J0, 0.5, H, eta)
    assert taken < 2 * H * promised + 1 or H == 1


@pytest.mark.statement("exponential_plateau")
def test_a_saturated_start_is_a_plateau_even_for_one_step():
    """The same bandit from an even start is at one half already."""
    bandit, policy = chain(1, 2), TabularSoftmax(3, 2)
    theta = np.zeros(policy.p)
    theta[0] = -np.log(1e3)
    J0, eta = objective(bandit, policy, theta), 1.0
    path = steps.ascent(
        theta, lambda t: exact.gradient(bandit, policy, t), steps.constant(eta), 800
    )
    values = [objective(bandit, policy, t) for t in path]
    taken = next(k for k, J in enumerate(values) if J >= 0.5)
    promised = steps.plateau_steps(J0, 0.5, 1, eta)
    assert 490 < promised <= taken < 1.2 * promised
    assert steps.plateau_steps(0.5, 0.5, 1, eta) == 0 < taken
    assert taken > 2.4 * steps.plateau_steps(J0, 0.5, 3, eta)  # the wrong number of states


# Stochastic gradient ascent

BETA, SIGMA2, START = 2.0, 3.0, 1.5
DELTA = BETA * START**2 / 2


def squared_norms(eta: np.ndarray) -> np.ndarray:
    r"""Exact :math:`\mathbb E\|\nabla J(\theta^k)\|^2` of SGD on J = -beta theta² / 2, for k = 0..K."""
    second = [START**2]
    for step in eta:
        second.append((1 - step * BETA) ** 2 * second[-1] + step**2 * SIGMA2)
    return BETA**2 * np.array(second)


@pytest.mark.statement("sgd")
def test_sgd_follows_the_exact_recursion_of_its_second_moment(rng):
    n, K = 20_000, 30
    eta = steps.inverse_sqrt(0.4)

    def noisy(sign):
        def estimate(theta, rng):
            return -sign * BETA * theta + np.sqrt(SIGMA2) * rng.normal(size=theta.shape)

        return estimate

    def z_scores(sign):
        path = list(steps.sgd(np.full(n, START), noisy(sign), eta, K, rng))
        norms = BETA**2 * np.square(path)
        stderr = norms.std(axis=1) / np.sqrt(n)
        expected = squared_norms(np.array([eta(k) for k in range(K)]))
        return np.abs(norms.mean(axis=1) - expected)[1:] / stderr[1:]

    assert z_scores(+1).max() < 5
    assert z_scores(-1).max() > 50


@pytest.mark.statement("sgd_rate")
@pytest.mark.parametrize("K", [1, 10, 100, 10_000])
def test_the_bound_holds_with_the_constant_step(K):
    step = steps.constant_step(BETA, DELTA, SIGMA2, K)
    eta = np.full(K, step)
    mean = squared_norms(eta)[:K].mean()
    bound = steps.sgd_bound(BETA, DELTA, SIGMA2, eta)
    assert mean <= bound
    assert K < 100 or mean > bound / 3
    stated = 2 * BETA * DELTA / K + 2 * np.sqrt(2 * BETA * DELTA * SIGMA2 / K)
    assert bound <= stated * (1 + EXACT)


@pytest.mark.statement("sgd_rate")
@pytest.mark.parametrize("K", [10, 1_000, 100_000])
def test_the_bound_holds_with_decaying_steps_and_has_its_logarithm(K):
    """Without the logarithm, the negative control, the closed form is below the bound."""
    c = 1 / BETA
    eta = np.array([steps.inverse_sqrt(c)(k) for k in range(K)])
    bound = steps.sgd_bound(BETA, DELTA, SIGMA2, eta)
    assert squared_norms(eta)[:K].min() <= bound
    steps_sum, noise = 2 * c * (np.sqrt(K + 1) - 1), BETA * SIGMA2 * c**2
    assert bound <= (2 * DELTA + noise * (1 + np.log(K))) / steps_sum
    assert bound > 1.2 * (2 * DELTA + noise) / steps_sum


@pytest.mark.statement("sgd_rate")
def test_the_constant_step_minimises_the_bound():
    for K in (1, 5, 50, 500):
        best = steps.constant_step(BETA, DELTA, SIGMA2, K)
        least = steps.sgd_bound(BETA, DELTA, SIGMA2, np.full(K, best))
        for step in best * np.array([0.5, 0.9, 1.1, 2.0]):
            if step <= 1 / BETA:
                assert steps.sgd_bound(BETA, DELTA, SIGMA2, np.full(K, step)) > least


@pytest.mark.statement("sgd_rate")
def test_without_noise_the_rate_is_one_over_k():
    """With noise, the negative control, the same steps stay at its size."""
    for K in (1, 100, 10_000):
        assert steps.constant_step(BETA, DELTA, 0.0, K) == 1 / BETA
        bound = steps.sgd_bound(BETA, DELTA, 0.0, np.full(K, 1 / BETA))
        assert bound == pytest.approx(2 * BETA * DELTA / K, rel=EXACT)
        assert steps.sgd_bound(BETA, DELTA, SIGMA2, np.full(K, 1 / BETA)) > bound + 0.9 * SIGMA2


@pytest.mark.statement("sgd_rate")
def test_the_rate_is_one_over_root_k_and_not_one_over_k():
    """With steps c / sqrt(k + 1) the claim of a 1/K rate fails: K times the norm grows like sqrt K."""
    K = np.array([1_000, 10_000, 100_000])
    eta = np.array([steps.inverse_sqrt(1 / BETA)(k) for k in range(K[-1])])
    last = squared_norms(eta)[K]
    root_rate, printed_rate = np.sqrt(K) * last, K * last
    assert root_rate.max() / root_rate.min() < 1.1
    np.testing.assert_allclose(printed_rate[1:] / printed_rate[:-1], np.sqrt(10), rtol=0.05)
    assert printed_rate.max() / printed_rate.min() > 9


@pytest.mark.statement("sgd_rate", "reinforce_pg")
def test_the_bound_holds_for_reinforce_on_a_tabular_policy(small, rng):
    """One trajectory a step: smoothness H max|R|, mean square error at most H max|R|²."""
    policy = TabularSoftmax(small.S, small.A)
    tau = exact.trajectories(small)
    largest = np.abs(tau.r.sum(axis=1)).max()
    beta, sigma2 = small.H * largest, small.H * largest**2
    theta0 = policy.init(rng)
    Delta = exact.optimal(small)[1].J - objective(small, policy, theta0)
    K = 300

    def estimate(theta, rng):
        rho = np.exp(exact.log_likelihood(small, policy.table(theta), tau))
        n = rng.choice(tau.N, p=rho / rho.sum())
        score_sum = policy.score_sum(theta, tau.s[n], tau.a[n], np.ones(tau.H))
        return tau.r[n].sum() * score_sum

    step = steps.constant_step(beta, Delta, sigma2, K)
    path = list(steps.sgd(theta0, estimate, steps.constant(step), K, rng))
    norms = [np.sum(exact.gradient(small, policy, theta) ** 2) for theta in path[:K]]
    assert np.mean(norms) <= steps.sgd_bound(beta, Delta, sigma2, np.full(K, step))
    for theta in path[::100]:
        _, cov = estimators.moments(
            small, policy, theta, lambda tau: estimators.total_return(tau.r)
        )
        assert 0 < np.trace(cov) <= sigma2
    assert objective(small, policy, path[-1]) > objective(small, policy, theta0)


@pytest.mark.statement("sgd")
def test_a_minibatch_of_a_sum_is_unbiased_only_with_its_factor(rng):
    n, B = 6, 2
    g = rng.normal(size=(n, 3))
    batches = [g[list(batch)] for batch in combinations(range(n), B)]
    mean = np.mean([steps.minibatch_gradient(batch, n) for batch in batches], axis=0)
    np.testing.assert_allclose(mean, g.sum(axis=0), atol=EXACT)
    unscaled = np.mean([batch.sum(axis=0) for batch in batches], axis=0)
    np.testing.assert_allclose(unscaled, B / n * g.sum(axis=0), atol=EXACT)
    assert np.abs(unscaled - g.sum(axis=0)).max() > 0.1


# The border


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: steps.ascent([np.nan], np.negative, steps.constant(1.0), 3),
            "theta must be fin",
        ),
        (
            lambda: steps.ascent([1.0], np.negative, steps.constant(1.0), 0),
            "K must be a positive",
        ),
        (lambda: steps.sgd_bound(2.0, 1.0, 1.0, [0.1, 0.6]), r"eta must lie in \(0, 1/beta\] = "),
        (
            lambda: steps.sgd_bound(2.0, 1.0, 1.0, []),
            "eta must hold one step size at least, but it is",
        ),
        (lambda: steps.sgd_bound(0.0, 1.0, 1.0, [0.1]), "beta must be positive, but it is 0.0"),
        (lambda: steps.constant_step(1.0, -1.0, 1.0, 3), "Delta must not be negative, but it is"),
        (lambda: steps.minibatch_gradient(np.ones((3, 1)), 2), "n must be at least the size of"),
        (lambda: steps.plateau_steps(1.5, 1.0, 2, 0.1), r"J0 must lie in \(0, 1\], but it is 1.5"),
    ],
)
def test_a_value_that_cannot_be_right_is_refused(call, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        call()


@pytest.mark.parametrize("K", [150, 250])
def test_the_best_constant_step_is_never_longer_than_the_smoothness_allows(K):
    """Of noise 150 the free minimiser, the control, would be too long; of noise 250 it is short enough."""
    beta, Delta, sigma2 = 10.0, 10.0, 1.0
    free = np.sqrt(2 * Delta / (beta * sigma2 * K))
    assert (free > 1 / beta) == (K == 150)
    assert steps.constant_step(beta, Delta, sigma2, K) == pytest.approx(min(free, 1 / beta))
